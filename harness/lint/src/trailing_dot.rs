//! PW008: a host that ends in a dot.
//!
//! `example.com.` is another text than `example.com`; with Envoy's `strip_trailing_host_dot` no request has it.

use peerwarden_documents::diagnostic::Severity;

use crate::context::Policy;
use crate::lint::{Find, Finding, Lint};
use crate::values::values;

pub(crate) const LINT: Lint = Lint {
    code: "PW008",
    name: "trailing-dot",
    severity: Severity::Warning,
    summary: "a host that ends in a dot",
    page: include_str!("../../../docs/lints/PW008.md"),
    find: Find::Policy(find),
};

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let policy = &policy.written;
    let hosts = ["hosts", "notHosts"]
        .map(|name| values(policy, name))
        .into_iter()
        .flatten();
    let dotted = hosts.filter(|(_, host)| host.ends_with('.') || host.ends_with(".:*"));
    let finding = |(path, host): (String, &str)| {
        Finding::new(
            path,
            format!("`{host}` is another host than the same without its dot at the end"),
            "leave the dot out, and set Envoy's `strip_trailing_host_dot: true`",
        )
    };
    dotted.map(finding).collect()
}
