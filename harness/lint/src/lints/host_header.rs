//! PW037: a host denied by a condition on its header.
//!
//! A condition on a header compares text, so that letter case and port matter.

use peerwarden_documents::diagnostic::Severity;
use peerwarden_engine::resource::Action;

use crate::context::Policy;
use crate::lint::{Finder, Finding, Lint};
use crate::values::{List, lists};

pub(crate) const LINT: Lint = Lint {
    code: "PW037",
    name: "host-header",
    severity: Severity::Warning,
    summary: "a host denied by a condition on a header",
    page: include_str!("../../../../docs/lints/PW037.md"),
    find: Finder::Policy(find),
};

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let action = policy.written.action;
    let lists = lists(&policy.written);
    let shut_out = lists
        .iter()
        .filter(|list| names_the_host(list) && list.shuts_out(action));
    let finding = |list: &List<'_>| {
        let each = list.each().filter(|(_, value)| *value != "*");
        each.map(|(path, value)| Finding::new(path, message(list, value), help(action)))
            .collect::<Vec<_>>()
    };
    shut_out.flat_map(finding).collect()
}

/// Envoy stores `host` as `:authority`.
fn names_the_host(list: &List<'_>) -> bool {
    list.header()
        .is_some_and(|name| matches!(name.as_str(), "host" | ":authority"))
}

fn message(list: &List<'_>, value: &str) -> String {
    format!(
        "`{value}` denies one spelling of the host only: `{}` compares letter case",
        list.field
    )
}

fn help(action: Action) -> &'static str {
    match action {
        Action::Allow => "write `notHosts` in an operation, which ignores letter case",
        Action::Deny | Action::Audit | Action::Custom => {
            "write `hosts` in an operation, which ignores letter case"
        }
    }
}
