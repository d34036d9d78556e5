//! PW017: a rule that denies a path in one letter case only, or a method in lower case.
//!
//! Paths and methods are case-sensitive; an application that ignores case answers `/admin` for `/Admin`.

use peerwarden_documents::diagnostic::Severity;
use peerwarden_documents::fix::Change;
use peerwarden_engine::document::Path;

use crate::context::Policy;
use crate::lint::{Finder, Finding, Lint};
use crate::paths::Paths;
use crate::values::{List, lists, shut_out};

pub(crate) const LINT: Lint = Lint {
    code: "PW017",
    name: "letter-case",
    severity: Severity::Warning,
    summary: "a path or a method in one letter case",
    page: include_str!("../../../../docs/lints/PW017.md"),
    find: Finder::Policy(find),
};

/// The methods of RFC 9110 and RFC 5789.
const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
];

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let mut findings = paths(policy);
    for list in lists(&policy.written) {
        if list.field == "methods" || list.header().as_deref() == Some(":method") {
            findings.extend(methods(policy, &list));
        }
    }
    findings
}

fn paths(policy: &Policy<'_>) -> Vec<Finding> {
    let paths = shut_out(&policy.written, "paths", "notPaths");
    let all = Paths::new(paths.iter().map(|(_, path)| *path));
    let has_twin = |path: &str| all.has(&path.to_ascii_lowercase());
    // `/package.Service/Method` is gRPC's, which has no other case.
    let is_grpc = |path: &str| {
        path.split('/')
            .nth(1)
            .is_some_and(|service| service.contains('.'))
    };
    let capital = |path: &str| without_escapes(path).any(|ch| ch.is_ascii_uppercase());
    let odd = paths
        .iter()
        .filter(|(_, path)| capital(path) && !is_grpc(path) && !has_twin(path));
    let finding = |(path, value): &(Path, &str)| {
        Finding::new(
            path.clone(),
            format!(
                "`{value}` denies one letter case only: `{}` is another path",
                value.to_ascii_lowercase()
            ),
            "if the application ignores case, list the open paths in `notPaths` of a DENY rule",
        )
    };
    odd.map(finding).collect()
}

/// The letters of `%2F` have no case.
fn without_escapes(path: &str) -> impl Iterator<Item = char> {
    let mut parts = path.split('%');
    let first = parts.next().unwrap_or_default();
    first
        .chars()
        .chain(parts.flat_map(|part| part.get(2..).unwrap_or_default().chars()))
}

fn methods(policy: &Policy<'_>, list: &List<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, value) in list.each() {
        let capital = value.to_ascii_uppercase();
        if value == capital || !METHODS.contains(&capital.as_str()) || list.values.contains(&capital) {
            continue;
        }
        let message = format!(
            "`{value}` matches nothing: methods are upper case, and every rule on methods denies a method with \
             lower-case letters"
        );
        findings.push(if list.shuts_out(policy.written.action) {
            // In addition: an application that ignores case would answer the other.
            let finding = Finding::new(path.clone(), message, format!("add `{capital}` to the list"));
            finding.fix(Change::beside(path, capital))
        } else {
            Finding::new(path, message, format!("write `{capital}`"))
        });
    }
    findings
}
