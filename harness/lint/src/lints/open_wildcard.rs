//! PW036: an identity whose wildcard begins or ends in the middle of a name.
//!
//! `cluster.local*` also allows `cluster.local.evil`, whoever runs it, and `cluster.local/ns/web*` the namespace
//! `web-evil`. A separator before the star, as in `web-*`, shows that several names are meant. A prefix of service
//! accounts is not reported: whoever can create service accounts in a namespace already controls it.

use peerwarden_documents::diagnostic::Severity;
use peerwarden_engine::resource::Action;

use crate::context::Policy;
use crate::lint::{Finder, Finding, Lint};
use crate::values::{List, lists};

pub(crate) const LINT: Lint = Lint {
    code: "PW036",
    name: "open-wildcard",
    severity: Severity::Warning,
    summary: "a wildcard that lets in similar names",
    page: include_str!("../../../../docs/lints/PW036.md"),
    find: Finder::Policy(find),
};

/// What else is allowed, for people, and what to write instead.
struct OpenedAccess {
    others: String,
    instead: String,
}

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let policy = &policy.written;
    let lets_in = |list: &List<'_>| match policy.action {
        Action::Allow => !list.negative,
        Action::Deny => list.negative,
        Action::Audit | Action::Custom => false,
    };
    let mut findings = Vec::new();
    for list in lists(policy).iter().filter(|list| lets_in(list)) {
        for (path, value) in list.each() {
            if let Some(OpenedAccess { others, instead }) = open(list.field, value) {
                let message = format!("`{value}` also lets in {others}");
                findings.push(Finding::new(path, message, instead));
            }
        }
    }
    findings
}

/// The additional access that a value of a field gives beyond its name.
fn open(field: &str, value: &str) -> Option<OpenedAccess> {
    let prefix = value.strip_suffix('*').filter(|prefix| is_name(prefix));
    let suffix = value.strip_prefix('*').filter(|suffix| is_name(suffix));
    match field {
        "principals" | "source.principal" => of_principal(prefix?),
        "namespaces" | "source.namespace" => match (prefix, suffix) {
            (Some(name), _) => of_namespace(name, name, name),
            (None, Some(name)) => (!name.starts_with('-')).then(|| OpenedAccess {
                others: format!("other namespaces, such as `evil-{name}`"),
                instead: format!(
                    "write `{name}`; if you mean several, start their common suffix with a dash: `*-{name}`"
                ),
            }),
            (None, None) => None,
        },
        "trustDomains" | "source.trustDomain" => match (prefix, suffix) {
            (Some(name), _) => Some(of_trust_domain(name, name)),
            (None, Some(name)) => (!name.starts_with('.')).then(|| OpenedAccess {
                others: format!("other trust domains, such as `evil-{name}`"),
                instead: format!(
                    "write `{name}`; if you mean several, start their common suffix with a dot: `*.{name}`"
                ),
            }),
            (None, None) => None,
        },
        _ => None,
    }
}

/// Checks the text before the star.
fn of_principal(prefix: &str) -> Option<OpenedAccess> {
    let parts: Vec<&str> = prefix.split('/').collect();
    match parts.as_slice() {
        [domain] => Some(of_trust_domain(domain, &format!("{domain}/*"))),
        [domain, "ns", name] if is_name(name) => {
            let whole = format!("{domain}/ns/{name}");
            of_namespace(name, &format!("{whole}/*"), &whole)
        }
        _ => None,
    }
}

/// A name continued after a dot is as foreign as one continued after a letter.
fn of_trust_domain(name: &str, instead: &str) -> OpenedAccess {
    let stem = name.trim_end_matches('.');
    let instead = if stem == name {
        format!("write `{instead}`")
    } else {
        "name each trust domain".to_owned()
    };
    OpenedAccess {
        others: format!("other trust domains, such as `{stem}.evil`"),
        instead,
    }
}

fn of_namespace(name: &str, instead: &str, prefix: &str) -> Option<OpenedAccess> {
    (!name.ends_with('-')).then(|| OpenedAccess {
        others: format!("other namespaces, such as `{name}-evil`"),
        instead: format!(
            "write `{instead}`; if you mean several, end their common prefix with a dash: `{prefix}-*`"
        ),
    })
}

/// Whether there is text beside the star, and no other star.
fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains('*')
}

#[cfg(test)]
mod tests {
    use super::open;

    #[test]
    fn a_name_that_does_not_end_where_the_star_begins_is_told() {
        for (field, value, other) in [
            ("principals", "cluster.local*", "`cluster.local.evil`"),
            ("principals", "cluster.*", "`cluster.evil`"),
            ("source.principal", "cluster.local/ns/web*", "`web-evil`"),
            ("namespaces", "web*", "`web-evil`"),
            ("source.namespace", "*web", "`evil-web`"),
            ("trustDomains", "cluster.local*", "`cluster.local.evil`"),
            ("source.trustDomain", "*example", "`evil-example`"),
        ] {
            let open = open(field, value).unwrap_or_else(|| panic!("{field} {value}"));
            assert!(open.others.contains(other), "{field} {value}: {}", open.others);
            assert!(!open.instead.is_empty());
        }
    }

    #[test]
    fn a_name_that_ends_there_is_left_alone() {
        for (field, value) in [
            ("principals", "*"),
            ("principals", "cluster.local/*"),
            ("principals", "cluster.local/ns/*"),
            ("principals", "cluster.local/ns/web/*"),
            ("principals", "cluster.local/ns/team-*"),
            ("principals", "cluster.local/ns/web/sa/front*"),
            ("principals", "cluster.local/ns/web/sa/frontend"),
            ("principals", "*/sa/frontend"),
            ("namespaces", "*"),
            ("namespaces", "web"),
            ("namespaces", "team-*"),
            ("namespaces", "*-prod"),
            ("trustDomains", "cluster.local"),
            ("trustDomains", "*.example"),
            ("paths", "/api*"),
            ("hosts", "web*"),
        ] {
            assert!(open(field, value).is_none(), "{field} {value}");
        }
    }
}
