//! What is accepted and probably not meant: one file for each rule, each with a stable code.

mod contradiction;
mod exact_path;
mod excluded_port;
mod host_port;
mod plaintext_negation;
mod server_first;
mod strict_probe;
mod suffix_principal;
mod trailing_dot;
mod twice;
mod unnormalised_path;
mod workload;

use peerwarden_engine::Config;
use peerwarden_engine::resource::{Action, AuthorizationPolicy, Resource};

use crate::diagnostic::Diagnostic;
use crate::documents::Others;
use crate::setup::{Protocol, Setup};

/// A finding in one policy: what, the path in the document, and what to write instead.
struct Finding {
    path: String,
    message: String,
    help: &'static str,
}

/// One rule: its code, and what it finds in a policy.
type Lint = (&'static str, fn(&AuthorizationPolicy) -> Vec<Finding>);

const LINTS: [Lint; 7] = [
    ("PW001", plaintext_negation::find),
    ("PW002", suffix_principal::find),
    ("PW003", contradiction::find),
    ("PW005", unnormalised_path::find),
    ("PW006", exact_path::find),
    ("PW007", host_port::find),
    ("PW008", trailing_dot::find),
];

/// A rule about documents of several kinds together.
type Together = fn(&Setup, &Others) -> Vec<Diagnostic>;

/// PW009, PW010, PW011.
const TOGETHER: [Together; 3] = [server_first::find, strict_probe::find, excluded_port::find];

/// Every finding in the documents that can be read; those that cannot have their errors. `others` are those that decide
/// nothing.
pub(crate) fn run(setup: &Setup, others: &Others) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let mut seen = twice::Seen::default();
    for document in &setup.resources {
        let alone = Setup {
            resources: vec![document.clone()],
            ..setup.clone()
        };
        let Ok(config) = Config::parse(alone.to_json(Protocol::Http).as_bytes()) else {
            continue;
        };
        for resource in &config.resources {
            diagnostics.extend(seen.add(resource, document));
            let Resource::AuthorizationPolicy(policy) = resource else {
                continue;
            };
            for (code, find) in LINTS {
                diagnostics.extend(find(policy).into_iter().map(|finding| {
                    let place = document.place(&finding.path, false);
                    let title = format!("{}/{}", policy.metadata.namespace, policy.metadata.name);
                    Diagnostic::warning(code, format!("AuthorizationPolicy {title}: {}", finding.message))
                        .at(place)
                        .help(finding.help)
                }));
            }
        }
    }
    diagnostics.extend(TOGETHER.iter().flat_map(|find| find(setup, others)));
    diagnostics
}

/// The values of a field of every operation, with where each stands.
fn values<'p>(policy: &'p AuthorizationPolicy, name: &str) -> Vec<(String, &'p str)> {
    let mut found = Vec::new();
    for (rule_index, rule) in policy.rules.iter().flatten().enumerate() {
        for (index, operation) in rule.to.iter().flatten().enumerate() {
            for field in operation.fields() {
                let both = [(field.name, field.values), (field.not_name, field.not_values)];
                for (_, values) in both.into_iter().filter(|(of, _)| *of == name) {
                    found.extend(values.iter().enumerate().map(|(value_index, value)| {
                        let place =
                            format!("spec.rules[{rule_index}].to[{index}].operation.{name}[{value_index}]");
                        (place, value.as_str())
                    }));
                }
            }
        }
    }
    found
}

/// The values by which a policy shuts requests out: those of a field under DENY, of its `not…` twin under ALLOW. A request
/// that such a value misses gets in.
fn shut_out<'p>(policy: &'p AuthorizationPolicy, name: &str, not_name: &str) -> Vec<(String, &'p str)> {
    match policy.action {
        Action::Deny => values(policy, name),
        Action::Allow => values(policy, not_name),
        Action::Audit | Action::Custom => Vec::new(),
    }
}
