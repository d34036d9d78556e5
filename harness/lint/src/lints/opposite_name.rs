//! PW055: a policy whose name says that it denies, and that allows.
//!
//! Without an `action` a policy is ALLOW (<https://istio.io/latest/docs/reference/config/security/authorization-policy/#AuthorizationPolicy>).

use std::collections::BTreeSet;

use peerwarden_documents::diagnostic::Severity;
use peerwarden_engine::document::Path;
use peerwarden_engine::resource::Action;

use crate::context::Policy;
use crate::lint::{Finder, Finding, Lint};
use crate::values::{List, lists};

pub(crate) const LINT: Lint = Lint {
    code: "PW055",
    name: "opposite-name",
    severity: Severity::Warning,
    summary: "a name that says deny, and rules that allow",
    page: include_str!("../../../../docs/lints/PW055.md"),
    find: Finder::Policy(find),
};

/// The first words of a name that says so.
const SAYS: [&str; 6] = ["deny", "block", "reject", "forbid", "disallow", "prohibit"];

/// Words of a name that says what is allowed nevertheless.
const EXCEPT: [&str; 9] = [
    "allow", "except", "unless", "but", "default", "only", "not", "non", "without",
];

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let written = &policy.written;
    let name = &written.metadata.name;
    let mut words = name.split(['-', '.']);
    let says = words.next().filter(|word| SAYS.contains(word));
    let Some(says) = says.filter(|_| words.clone().next().is_some()) else {
        return Vec::new();
    };
    let has_rules = written.rules.iter().flatten().next().is_some();
    // What it is for may have the name: `block-explorer`.
    let labels = written
        .selector
        .iter()
        .flat_map(|selector| &selector.match_labels);
    let of_workload = labels.into_iter().any(|(_, value)| value.starts_with(says));
    // Whoever writes `not…` into each rule means that all others are denied.
    let lists = lists(written);
    let is_negative = |rule: usize| lists.iter().any(|list| list.rule == rule && list.negative);
    let rules = written.rules.iter().flatten().count();
    let is_exception = words.any(|word| EXCEPT.contains(&word)) || (0..rules).all(is_negative);
    let is_guard =
        || names_workload(policy) && written.rules.iter().flatten().all(|rule| rule.from.is_some());
    if written.action != Action::Allow || !has_rules || of_workload || is_exception || is_guard() {
        return Vec::new();
    }
    let message = format!("its name begins with `{says}`, and it allows what it names: its action is ALLOW");
    let help = "write `action: DENY` if it is to deny this; or give it another name";
    vec![Finding::new(Path::keys(["metadata", "name"]), message, help)]
}

/// Whether the name is about the workload, and not about what the rules name: `deny-product-access` for `app: product` denies all but the callers
/// that its rules name.
fn names_workload(policy: &Policy<'_>) -> bool {
    let written = &policy.written;
    let words: BTreeSet<&str> = written.metadata.name.split(['-', '.']).skip(1).collect();
    let has_all = |text: &str| text.split('-').all(|part| words.contains(part));
    let labels = written
        .selector
        .iter()
        .flat_map(|selector| &selector.match_labels);
    let values = lists(written);
    let mut values = values.iter().flat_map(List::each);
    let is_in = |(_, value): (Path, &str)| {
        let mut parts = value.split(|letter: char| !letter.is_ascii_alphanumeric());
        parts.any(|part| words.contains(part.to_ascii_lowercase().as_str()))
    };
    labels.into_iter().any(|(_, value)| has_all(value)) && !values.any(is_in)
}
