//! PW035: a value of `hosts` that no host can match.
//!
//! An authority that is not a host is not established, so no value matches it, in ALLOW or in DENY.

use peerwarden_documents::diagnostic::Severity;
use peerwarden_engine::document::Step;
use peerwarden_engine::is_host;
use peerwarden_engine::resource::Action;

use crate::context::Policy;
use crate::lint::{Finder, Finding, Lint};
use crate::lints::impossible_value::is_placeholder;
use crate::values::unmatched;

pub(crate) const LINT: Lint = Lint {
    code: "PW035",
    name: "not-a-host",
    severity: Severity::Warning,
    summary: "a value of `hosts` that no host can match",
    page: include_str!("../../../../docs/lints/PW035.md"),
    find: Finder::Policy(find),
};

pub(crate) fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let found = unmatched(&policy.written, ["hosts", "notHosts"], never);
    let shuts_out = match policy.written.action {
        Action::Deny => "hosts",
        Action::Allow => "notHosts",
        Action::Audit | Action::Custom => return found,
    };
    let graded = |finding: Finding| {
        let keeps_nobody_out = matches!(&**finding.path(), [.., Step::Key(field), _] if field == shuts_out);
        finding.grave_if(keeps_nobody_out)
    };
    found.into_iter().map(graded).collect()
}

/// Why no host can have the value, and what to write instead.
fn never(value: &str) -> Option<(String, &'static str)> {
    const HOST: &str = "write a name, an IPv4 address, or an IPv6 address in brackets, with at most one port";
    let fixed = value.strip_prefix('*').unwrap_or(value);
    let fixed = fixed.strip_suffix('*').unwrap_or(fixed);
    // PW027 reports a star inside, PW039 a placeholder.
    if fixed.is_empty() || fixed.contains('*') || is_placeholder(value) {
        return None;
    }
    if fixed.contains("://") {
        return Some((
            "has a scheme, which no host has".to_owned(),
            "write the host alone",
        ));
    }
    if fixed.contains('/') {
        return Some((
            "has a slash, which no host has".to_owned(),
            "write the host alone, and the path in `paths`",
        ));
    }
    if !fixed.is_ascii() {
        return Some((
            "is not ASCII: clients send such names in Punycode".to_owned(),
            "write it in Punycode: `xn--bcher-kva.example` for `bücher.example`",
        ));
    }
    let in_host = |ch: char| ch.is_ascii_alphanumeric() || "-_.:[]".contains(ch);
    // `%` comes before the zone of an IPv6 address.
    let odd = fixed
        .chars()
        .find(|ch| !in_host(*ch) && (*ch != '%' || !fixed.starts_with('[')));
    if let Some(odd) = odd {
        return Some((format!("has {odd:?}, which no host has"), HOST));
    }
    let whole = fixed.len() == value.len();
    (whole && !is_host(value.as_bytes())).then(|| ("is not a host".to_owned(), HOST))
}

#[cfg(test)]
mod tests {
    use super::never;

    #[test]
    fn hosts_and_parts_of_hosts_are_fine() {
        for value in [
            "*",
            "a.example",
            "A_b.example.",
            "a.example:*",
            "*.example:8080",
            "*:8080",
            "10.*",
            "[::1]:8080",
            "[fe80::1%25eth0]",
            "[fe80::1%*",
            "*]:443",
            "xn--bcher-kva.example",
            "a.*.example",
        ] {
            assert_eq!(never(value), None, "{value}");
        }
    }

    #[test]
    fn what_no_host_has_is_found() {
        for (value, said) in [
            ("https://a.example", "scheme"),
            ("a.example/x*", "slash"),
            ("b\u{fc}cher.example", "Punycode"),
            ("*.b\u{fc}cher.example", "Punycode"),
            ("a b.example", "' '"),
            ("*.example ", "' '"),
            ("a.example\t", "'\\t'"),
            ("x@a.example", "'@'"),
            ("a.example, b.example", "','"),
            ("%61.example", "'%'"),
            ("a.example:", "not a host"),
            ("a.example:80:80", "not a host"),
            ("::1", "not a host"),
            (":80", "not a host"),
        ] {
            let (what, _) = never(value).unwrap_or_default();
            assert!(what.contains(said), "{value}: {what}");
        }
    }
}
