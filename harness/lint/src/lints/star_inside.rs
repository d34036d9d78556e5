//! PW027: a `*` that is not a wildcard.
//!
//! It is a wildcard only alone, or at the start or the end of a value, and only at one of them: `*abc*` matches what
//! ends in `abc*`.

use peerwarden_documents::diagnostic::Severity;
use peerwarden_documents::fix::Change;

use crate::context::Policy;
use crate::lint::{Finder, Finding, Lint};
use crate::values::{List, lists};

pub(crate) const LINT: Lint = Lint {
    code: "PW027",
    name: "star-inside",
    severity: Severity::Warning,
    summary: "a star that is not a wildcard",
    page: include_str!("../../../../docs/lints/PW027.md"),
    find: Finder::Policy(find),
};

/// Fields whose values are not texts, or have their own wildcards.
const OTHERS: [&str; 14] = [
    "namespaces",
    "source.namespace",
    "serviceAccounts",
    "source.serviceAccount",
    "trustDomains",
    "source.trustDomain",
    "requestPrincipals",
    "request.auth.principal",
    "ipBlocks",
    "remoteIpBlocks",
    "source.ip",
    "remote.ip",
    "ports",
    "destination.port",
];

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let lists = lists(&policy.written);
    let texts = lists
        .iter()
        .filter(|list| !OTHERS.contains(&list.field) && list.field != "destination.ip");
    texts.flat_map(|list| of_list(policy, list)).collect()
}

fn of_list(policy: &Policy<'_>, list: &List<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, value) in list.each() {
        // The text after the first star: in `*abc*` the rest is a literal.
        let rest = match value.strip_prefix('*') {
            Some(rest) => rest,
            None => value.strip_suffix('*').unwrap_or(value),
        };
        if !rest.contains('*') || value.contains("{*}") || value.contains("{**}") {
            continue;
        }
        let message = match value.strip_prefix('*') {
            Some(literal) => {
                format!(
                    "`{value}` does not mean \"contains\": it matches what ends in `{literal}`, with a literal star"
                )
            }
            None => format!("the `*` inside `{value}` is a literal star, not a wildcard"),
        };
        let template = as_template(value).filter(|_| list.field == "paths");
        let help = match &template {
            Some(template) => format!("write the template `{template}`"),
            None => {
                "write one star, at the start or at the end; for a segment of a path, write `{*}`".to_owned()
            }
        };
        let finding = Finding::new(path.clone(), message, help);
        findings.push(match template.filter(|_| list.shuts_out(policy.written.action)) {
            // It matches the star too.
            Some(template) => finding.fix(Change::text(path, template)),
            None => finding,
        });
    }
    findings
}

/// The path with its stars as template segments, if each star is a whole segment.
fn as_template(path: &str) -> Option<String> {
    let segments: Vec<&str> = path.split('/').collect();
    let whole = |segment: &&str| **segment == *"*" || !segment.contains('*');
    let within = path.starts_with('/') && !path.ends_with('*') && segments.iter().all(whole);
    let template = segments
        .iter()
        .map(|segment| if *segment == "*" { "{*}" } else { *segment });
    within.then(|| template.collect::<Vec<_>>().join("/"))
}
