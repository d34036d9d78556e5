//! PW020: a DENY policy of the whole mesh, or one that denies everything.
//!
//! No ALLOW makes an exception to a DENY.

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::document::Path;
use peerwarden_engine::resource::{Action, Rule};

use crate::context::{Context, Policy};
use crate::lint::{Finder, Finding, Lint};
use crate::public::is_empty;

pub(crate) const LINT: Lint = Lint {
    code: "PW020",
    name: "unscoped-deny",
    severity: Severity::Warning,
    summary: "a DENY for the whole mesh, or for everything",
    page: include_str!("../../../../docs/lints/PW020.md"),
    find: Finder::All(find),
};

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let denying = context
        .policies
        .iter()
        .filter(|policy| policy.written.action == Action::Deny);
    let of_policy =
        |policy| of(policy, &context.mesh.root_namespace).map(|finding| finding.in_policy(&LINT, policy));
    denying.filter_map(of_policy).collect()
}

fn of(policy: &Policy<'_>, root: &str) -> Option<Finding> {
    let written = &policy.written;
    let mut rules = written.rules.iter().flatten();
    let scoped = written
        .selector
        .as_ref()
        .is_some_and(|selector| !selector.match_labels.is_empty())
        || !written.target_refs.is_empty();
    // Who denies everything to one workload means it.
    if let Some(rule) = rules.position(is_empty).filter(|_| !scoped) {
        return Some(Finding::new(
            Rule::path(rule),
            "an empty rule denies everything, and no ALLOW can make an exception to it",
            "to deny by default, write an ALLOW policy without rules, `spec: {}`, and other policies that allow",
        ));
    }
    (written.metadata.namespace == root && !scoped).then(|| {
        Finding::new(
            Path::keys(["metadata", "namespace"]),
            format!(
                "in the root namespace `{root}` and without a `selector`, it denies in every namespace, including at \
                 gateways, and no ALLOW can make an exception to it"
            ),
            "move it to the namespace that you mean, or select workloads; if you mean the whole mesh, suppress this \
             finding",
        )
    })
}
