//! PW026: a principal that contains `spiffe://`.
//!
//! Policies write SPIFFE IDs without the scheme, which is added to each value: with it there is one too many.

use peerwarden_documents::diagnostic::Severity;

use crate::context::Policy;
use crate::lint::{Finder, Finding, Lint};
use crate::values::lists;

pub(crate) const LINT: Lint = Lint {
    code: "PW026",
    name: "spiffe-scheme",
    severity: Severity::Warning,
    summary: "a principal with `spiffe://` matches nobody",
    page: include_str!("../../../../docs/lints/PW026.md"),
    find: Finder::Policy(find),
};

const SCHEME: &str = "spiffe://";

pub(crate) fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for list in lists(&policy.written) {
        if !matches!(list.field, "principals" | "source.principal") {
            continue;
        }
        for (path, value) in list.each().filter(|(_, value)| value.contains(SCHEME)) {
            let bare = value.replacen(SCHEME, "", 1);
            let message = format!("`{value}` matches nobody: the scheme is added in front of each value");
            let finding = Finding::new(path, message, format!("write `{bare}`"));
            findings.push(finding.grave_if(list.shuts_out(policy.written.action)));
        }
    }
    findings
}
