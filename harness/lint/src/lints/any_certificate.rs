//! PW033: a policy for a gateway that requires any identity.
//!
//! An identity is a URI SAN. Clients outside the mesh often have certificates with DNS names only: their identity is
//! not established, so `principals: ["*"]` does not allow them, and a DENY of `notPrincipals: ["*"]` denies them.

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::resource::Action;

use crate::context::Context;
use crate::lint::{Finder, Finding, Lint};
use crate::lints::remote_address::at_the_edge;
use crate::values::lists;

pub(crate) const LINT: Lint = Lint {
    code: "PW033",
    name: "any-certificate",
    severity: Severity::Warning,
    summary: "an identity that gateway clients may not have",
    page: include_str!("../../../../docs/lints/PW033.md"),
    find: Finder::All(find),
};

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for policy in context.policies.iter().filter(|policy| at_the_edge(policy)) {
        let asks_for_any = match policy.written.action {
            Action::Allow => false,
            Action::Deny => true,
            Action::Audit | Action::Custom => continue,
        };
        for list in lists(&policy.written) {
            let Some(index) = list.values.iter().position(|value| value == "*") else {
                continue;
            };
            if !list.is_identity() || list.negative != asks_for_any {
                continue;
            }
            let finding = Finding::new(
                list.at(index),
                "a client whose certificate has DNS names but no URI SAN is denied: its identity is unknown",
                "name the identities that you mean, such as `cluster.local/*`; for other clients, write a rule \
                 without identities and rely on the gateway's `MUTUAL` server",
            );
            found.push(finding.in_policy(&LINT, policy));
        }
    }
    found
}
