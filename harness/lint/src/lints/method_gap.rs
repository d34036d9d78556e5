//! PW053: a DENY that lists the usual methods, and forgets some.
//!
//! A method that is not listed is not denied. Servers answer `HEAD` as they answer `GET`
//! (<https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2>).

use peerwarden_documents::diagnostic::Severity;
use peerwarden_engine::resource::Action;

use crate::context::Policy;
use crate::lint::{Finder, Finding, Lint};
use crate::values::lists;

pub(crate) const LINT: Lint = Lint {
    code: "PW053",
    name: "method-gap",
    severity: Severity::Warning,
    summary: "a DENY that lists all methods but a few",
    page: include_str!("../../../../docs/lints/PW053.md"),
    find: Finder::Policy(find),
};

/// The methods that people list when they mean all. `OPTIONS` may be left out on purpose: browsers ask with it first.
const USUAL: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// How many of them are taken to mean all.
const ENOUGH: usize = 4;

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    if policy.written.action != Action::Deny {
        return Vec::new();
    }
    let lists = lists(&policy.written);
    let methods = lists
        .iter()
        .filter(|list| list.field == "methods" && !list.negative);
    let finding = |list: &crate::values::List<'_>| {
        let has = |method: &&str| list.values.iter().any(|value| value == method);
        let missing: Vec<String> = USUAL
            .iter()
            .filter(|method| !has(method))
            .map(|method| format!("`{method}`"))
            .collect();
        let is_meant_as_all = has(&"GET") && has(&"POST") && USUAL.len() - missing.len() >= ENOUGH;
        (is_meant_as_all && !missing.is_empty()).then(|| {
            let message = format!("{} and every unusual method are not denied", missing.join(", "));
            let help = "to deny all methods, leave out `methods`; to keep some, name them in `notMethods`";
            Finding::new(list.path.clone(), message, help).on_key()
        })
    };
    methods.filter_map(finding).collect()
}
