//! PW039: a value of a shape that nothing has.
//!
//! Policies take any text. One that no identity, path or method can be is a mistake, and in a DENY rule it denies nothing.

use peerwarden_documents::diagnostic::Severity;
use peerwarden_engine::document::Path;
use peerwarden_engine::resource::Action;

use crate::context::Policy;
use crate::lint::{Find, Finding, Lint};
use crate::values::lists;

pub(crate) const LINT: Lint = Lint {
    code: "PW039",
    name: "impossible-value",
    severity: Severity::Warning,
    summary: "a value of a shape that nothing has",
    page: include_str!("../../../../docs/lints/PW039.md"),
    find: Find::Policy(find),
};

const PRINCIPAL: &str = "write `TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`";
const NAMESPACE: &str = "write the name of a namespace: small letters, digits and `-`";
const PATH: &str = "write a path that begins with `/`, with `*` at its end or `{*}` for one segment";
const ANY: &str = "replace it before the policy is applied, and check the result";

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let metadata = &policy.written.metadata;
    let mut found = Vec::new();
    for (name, value) in [("namespace", &metadata.namespace), ("name", &metadata.name)] {
        if is_placeholder(value) {
            let message = format!("`{value}` is a placeholder that nothing has filled in");
            found.push(Finding::new(Path::keys(["metadata", name]), message, ANY));
        }
    }
    for list in lists(&policy.written) {
        for (path, value) in list.each() {
            let Some((what, help)) = wrong(list.field, value) else {
                continue;
            };
            let so = if list.shuts_out(policy.written.action) && policy.written.action == Action::Deny {
                ", so that nothing is denied by it"
            } else {
                ""
            };
            found.push(Finding::new(path, format!("`{value}` {what}{so}"), help));
        }
    }
    found
}

/// What of the value nothing has, and what to write instead.
fn wrong(field: &str, value: &str) -> Option<(&'static str, &'static str)> {
    if is_placeholder(value) {
        return Some(("is a placeholder that nothing has filled in", ANY));
    }
    if value.contains(['\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}']) {
        return Some((
            "has curly quotes, which are part of the value",
            "write straight quotes around it",
        ));
    }
    match field {
        "principals" | "source.principal" => principal(value),
        "namespaces" | "source.namespace" => namespace(value),
        "paths" => path(value),
        "methods" => method(value),
        _ => None,
    }
}

fn is_placeholder(value: &str) -> bool {
    value.contains("${") || value.contains("{{") || value.contains("}}")
}

fn principal(value: &str) -> Option<(&'static str, &'static str)> {
    // PW026 warns of the scheme, PW027 of a star inside.
    if value.contains("://") || value.trim_matches('*').contains('*') {
        return None;
    }
    if value.contains([',', '|', ' ']) {
        return Some((
            "is not one principal",
            "write each principal as a value of its own",
        ));
    }
    if value.starts_with("system:serviceaccount:") {
        return Some(("is a name of Kubernetes, not a SPIFFE ID", PRINCIPAL));
    }
    if value.ends_with('/') {
        return Some(("ends with a slash, which no SPIFFE ID does", PRINCIPAL));
    }
    if value.contains('*') {
        return None;
    }
    let parts: Vec<&str> = value.split('/').collect();
    match parts.as_slice() {
        [domain, "ns", namespace, "sa", account]
            if ![domain, namespace, account].iter().any(|part| part.is_empty()) =>
        {
            None
        }
        // Other issuers have other paths, but none of these.
        [_] => Some(("has no path, which every workload's SPIFFE ID has", PRINCIPAL)),
        ["ns", ..] => Some(("has no trust domain", PRINCIPAL)),
        [_, _] if !value.contains('.') => Some(("is not a SPIFFE ID", PRINCIPAL)),
        _ => None,
    }
}

fn namespace(value: &str) -> Option<(&'static str, &'static str)> {
    let fixed = value.trim_matches('*');
    if fixed.contains('*') {
        return None;
    }
    if fixed.contains([',', '|', ' ']) {
        return Some((
            "is not one namespace",
            "write each namespace as a value of its own",
        ));
    }
    let is_of_one = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    (!fixed.chars().all(is_of_one))
        .then_some(("is not a namespace: no namespace has such letters", NAMESPACE))
}

fn path(value: &str) -> Option<(&'static str, &'static str)> {
    if value.contains("://") {
        return Some((
            "has a scheme and a host, which no path has",
            "write the path alone, and the host in `hosts`",
        ));
    }
    if value.starts_with('^')
        || value.ends_with('$')
        || value.contains("/.*")
        || value.contains("\\d")
        || value.contains("[^/]")
    {
        return Some(("looks like a regular expression, and is compared as text", PATH));
    }
    if !value.starts_with(['/', '*', '{']) {
        return Some(("does not begin with a slash, as every path does", PATH));
    }
    None
}

fn method(value: &str) -> Option<(&'static str, &'static str)> {
    const LIST: &str = "write each method as a value of its own, such as `methods: [GET, HEAD]`";
    let is_token = |letter: char| letter.is_ascii_alphanumeric() || "-_*!#$%&'+.^`|~".contains(letter);
    if !value.chars().all(is_token) || value.contains('|') {
        return Some(("is not one method", LIST));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::wrong;

    #[test]
    fn what_is_possible_is_fine() {
        for (field, value) in [
            ("principals", "cluster.local/ns/web/sa/frontend"),
            ("principals", "*"),
            ("principals", "cluster.local/ns/web/*"),
            ("principals", "*/sa/frontend"),
            ("principals", "partner.example/batch/nightly"),
            ("source.principal", "cluster.local/ns/web/sa/frontend"),
            ("namespaces", "web-1"),
            ("namespaces", "web*"),
            ("namespaces", "*"),
            ("paths", "/orders*"),
            ("paths", "*.png"),
            ("paths", "/orders/{*}"),
            ("paths", "{**}"),
            ("methods", "GET"),
            ("methods", "VERSION-CONTROL"),
            ("methods", "*"),
            ("request.headers[x]", "a, b | c"),
            ("hosts", "shop.example"),
        ] {
            assert_eq!(wrong(field, value), None, "{field}: {value}");
        }
    }

    #[test]
    fn what_nothing_has_is_found() {
        for (field, value) in [
            ("principals", "web/frontend"),
            ("principals", "frontend"),
            ("principals", "ns/web/sa/frontend"),
            ("principals", "system:serviceaccount:web:frontend"),
            ("principals", "cluster.local/ns/web/sa/frontend/"),
            (
                "principals",
                "cluster.local/ns/web/sa/a, cluster.local/ns/web/sa/b",
            ),
            ("principals", "cluster.local/ns/web/sa/a|b"),
            ("principals", "cluster.local/ns/${NS}/sa/a"),
            ("namespaces", "web.shop"),
            ("namespaces", "Web"),
            ("namespaces", "web,shop"),
            ("paths", "orders"),
            ("paths", "https://shop.example/orders"),
            ("paths", "^/orders/[^/]+$"),
            ("paths", "/orders/.*"),
            ("methods", "GET,POST"),
            ("methods", "GET POST"),
            ("hosts", "\u{201c}shop.example\u{201d}"),
            ("hosts", "{{ .Values.host }}"),
        ] {
            assert!(wrong(field, value).is_some(), "{field}: {value}");
        }
    }
}
