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
    together(texts.flat_map(|list| of_list(policy, list)).collect())
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
        // `/a/*` beside it matches all that is meant.
        let wider = list.values.iter().find(|wider| {
            let literal = wider.strip_suffix('*').filter(|literal| !literal.contains('*'));
            *wider != value && literal.is_some_and(|literal| value.starts_with(literal))
        });
        if wider.is_some() && value.ends_with("**") {
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
        let help = match (&template, wider) {
            (_, Some(wider)) => format!("remove it: `{wider}` in this list matches every depth"),
            (Some(template), None) => format!("write the template `{template}`"),
            (None, None) if list.field == "paths" => {
                "write one star, at the start or at the end; for a segment of a path, write `{*}`".to_owned()
            }
            (None, None) => {
                "write one star, at the start or at the end: no value means \"contains\"".to_owned()
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

/// Findings without a fix in one policy, which say the same of other values: the first names the places of the others.
fn together(findings: Vec<Finding>) -> Vec<Finding> {
    let (fixed, alike): (Vec<Finding>, Vec<Finding>) = findings.into_iter().partition(Finding::has_fix);
    let mut alike = alike.into_iter();
    let first = alike.next().map(|first| {
        alike
            .take(3)
            .fold(first, |first, other| first.also(other.path().clone(), "here too"))
    });
    first.into_iter().chain(fixed).collect()
}

/// The path with its stars as segments, where each is one.
fn as_template(path: &str) -> Option<String> {
    let segments: Vec<&str> = path.split('/').collect();
    let whole = |segment: &&str| **segment == *"*" || !segment.contains('*');
    let within = path.starts_with('/') && !path.ends_with('*') && segments.iter().all(whole);
    let template = segments
        .iter()
        .map(|segment| if *segment == "*" { "{*}" } else { *segment });
    within.then(|| template.collect::<Vec<_>>().join("/"))
}
