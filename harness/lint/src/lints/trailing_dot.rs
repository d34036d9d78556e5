//! PW008: a host or a server name that ends in a dot.
//!
//! `example.com.` is not equal to `example.com`; with Envoy's `strip_trailing_host_dot` no request has it. A server
//! name with the dot is not established.

use peerwarden_documents::diagnostic::Severity;

use crate::context::Policy;
use crate::lint::{Finder, Finding, Lint};
use crate::values::{List, lists};

pub(crate) const LINT: Lint = Lint {
    code: "PW008",
    name: "trailing-dot",
    severity: Severity::Warning,
    summary: "a host or a server name that ends in a dot",
    page: include_str!("../../../../docs/lints/PW008.md"),
    find: Finder::Policy(find),
};

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let lists = lists(&policy.written);
    let find_in = |list: &List<'_>| -> Vec<Finding> {
        let (dotted, what, help): (fn(&str) -> bool, _, _) = match list.field {
            "hosts" => (
                |host| host.ends_with('.') || host.ends_with(".:*"),
                "is a different host from the one without the dot at the end",
                "remove the dot, and set Envoy's `strip_trailing_host_dot: true`",
            ),
            // The dot before a star is inside a name.
            "connection.sni" => (
                |name| name.ends_with('.'),
                "matches nothing: a server name with a dot at the end counts as unknown",
                "remove the dot, as clients do (RFC 6066)",
            ),
            _ => return Vec::new(),
        };
        let dotted = list.each().filter(|(_, value)| dotted(value));
        let finding = |(path, value)| Finding::new(path, format!("`{value}` {what}"), help);
        dotted.map(finding).collect()
    };
    lists.iter().flat_map(find_in).collect()
}
