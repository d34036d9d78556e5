//! Values that no identity can have: `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`
//! (<https://istio.io/latest/docs/concepts/security/#istio-identity>).

use super::Impossibility;

const PRINCIPAL: &str = "write `TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`";
const NAMESPACE: &str = "write the name of a namespace: lower-case letters, digits and `-`";
const ACCOUNT: &str = "write `NAMESPACE/NAME`, or `NAME` for one of the policy's own namespace";

/// Istio's default trust domain, in which every identity has a namespace and a service account.
const ISTIO: &str = "cluster.local";

pub(super) fn principal(value: &str) -> Option<Impossibility> {
    // PW026 warns of the scheme, PW027 of a star inside.
    if value.contains("://") || value.trim_matches('*').contains('*') {
        return None;
    }
    if value.contains("/.*") || value.contains(['^', '$', '[', '+', '\\']) {
        return Some(Impossibility::new(
            "looks like a regular expression, and is compared as text",
            "write each principal as a value of its own; `*` may be at the start or at the end",
        ));
    }
    if value.contains([',', '|', ' ', ';']) {
        return Some(Impossibility::new(
            "is not one principal",
            "write each principal as a value of its own",
        ));
    }
    let is_of_subject = |part: &str| ["O=", "OU=", "CN="].iter().any(|name| part.starts_with(name));
    if value.split('/').any(is_of_subject) {
        return Some(Impossibility::new(
            "is the subject of a certificate, and no policy can match its O, OU or CN",
            PRINCIPAL,
        ));
    }
    if value.starts_with("system:serviceaccount:") {
        return Some(Impossibility::new(
            "is a user name of Kubernetes, not a SPIFFE ID",
            PRINCIPAL,
        ));
    }
    if value.ends_with('/') {
        return Some(Impossibility::new(
            "ends with a slash, which no SPIFFE ID does",
            PRINCIPAL,
        ));
    }
    if value.starts_with('/') {
        return Some(Impossibility::new(
            "begins with a slash, where the trust domain should be",
            PRINCIPAL,
        ));
    }
    let parts: Vec<&str> = value.split('/').collect();
    let by_letter = |part: &str, of_kind: fn(char) -> bool, kind: &str| {
        let odd = part.trim_matches('*').chars().find(|letter| !of_kind(*letter))?;
        Some(Impossibility::new(
            format!("has `{odd}`, which the name of a {kind} cannot contain"),
            PRINCIPAL,
        ))
    };
    if let [_, "ns", namespace, rest @ ..] = parts.as_slice() {
        let account = match rest {
            ["sa", account] => by_letter(account, is_of_account, "service account"),
            _ => None,
        };
        if let Some(wrong) = by_letter(namespace, is_of_namespace, "namespace").or(account) {
            return Some(wrong);
        }
    }
    if value.contains('*') {
        return None;
    }
    match parts.as_slice() {
        [domain, "ns", namespace, "sa", account]
            if ![domain, namespace, account].iter().any(|part| part.is_empty()) =>
        {
            None
        }
        // Other issuers have other paths, but none of these.
        [_] => Some(Impossibility::new(
            "has no path, which every workload's SPIFFE ID has",
            PRINCIPAL,
        )),
        ["ns", ..] => Some(Impossibility::new("has no trust domain", PRINCIPAL)),
        [_, _] if !value.contains('.') => Some(Impossibility::new("is not a SPIFFE ID", PRINCIPAL)),
        [ISTIO, ..] | [_, "ns" | "sa", ..] => Some(Impossibility::new("is not a whole SPIFFE ID", PRINCIPAL)),
        _ => None,
    }
}

pub(super) fn namespace(value: &str) -> Option<Impossibility> {
    let fixed = value.trim_matches('*');
    if fixed.contains('*') {
        return None;
    }
    if fixed.contains([',', '|', ' ']) {
        return Some(Impossibility::new(
            "is not one namespace",
            "write each namespace as a value of its own",
        ));
    }
    let odd = fixed.chars().find(|letter| !is_of_namespace(*letter))?;
    Some(Impossibility::new(
        format!("is not a namespace: its name cannot contain `{odd}`"),
        NAMESPACE,
    ))
}

pub(super) fn account(value: &str) -> Option<Impossibility> {
    if value.contains([',', '|', ' ']) {
        return Some(Impossibility::new(
            "is not one service account",
            "write each service account as a value of its own",
        ));
    }
    let (namespace, name) = value.split_once('/').unwrap_or(("", value));
    let odd = namespace.chars().find(|letter| !is_of_namespace(*letter));
    let odd = odd.or_else(|| {
        name.chars()
            .find(|letter| !is_of_account(*letter) && *letter != '/')
    })?;
    Some(Impossibility::new(
        format!("is not a service account: its name cannot contain `{odd}`"),
        ACCOUNT,
    ))
}

/// A label of RFC 1123.
fn is_of_namespace(letter: char) -> bool {
    letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-'
}

/// A subdomain of RFC 1123.
fn is_of_account(letter: char) -> bool {
    is_of_namespace(letter) || letter == '.'
}
