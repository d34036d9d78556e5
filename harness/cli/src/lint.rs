//! What is accepted and probably not meant: one file for each rule, each with a stable code.

mod contradiction;
mod plaintext_negation;
mod suffix_principal;

use peerwarden_engine::Config;
use peerwarden_engine::resource::{AuthorizationPolicy, Resource};

use crate::diagnostic::Diagnostic;
use crate::setup::{Protocol, Setup};

/// A finding in one policy: what, the path in the document, and what to write instead.
struct Finding {
    path: String,
    message: String,
    help: &'static str,
}

/// One rule: its code, and what it finds in a policy.
type Lint = (&'static str, fn(&AuthorizationPolicy) -> Vec<Finding>);

const LINTS: [Lint; 3] = [
    ("PW001", plaintext_negation::find),
    ("PW002", suffix_principal::find),
    ("PW003", contradiction::find),
];

/// Every finding in the documents that can be read; the others have their errors.
pub(crate) fn run(setup: &Setup) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for document in &setup.resources {
        let alone = Setup {
            resources: vec![document.clone()],
            ..setup.clone()
        };
        let Ok(config) = Config::parse(alone.to_json(Protocol::Http).as_bytes()) else {
            continue;
        };
        for resource in &config.resources {
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
    diagnostics
}
