//! Attributes that a CUSTOM rule must not use.
//!
//! In Istio external authorizers run before tokens are verified, and rules on identities are refused with them
//! (<https://istio.io/latest/docs/reference/config/security/authorization-policy/#AuthorizationPolicy-Action>).

use super::when_key::Key;
use crate::document::At;
use crate::problem::{Problem, Problems};
use crate::resource::WrittenRule;

const HELP: &str = "let the external authorizer, or ALLOW and DENY policies, decide by peer and user";

/// Refuses fields and keys about identities.
pub(super) fn check(rule: WrittenRule<'_>, at: &At<'_>, problems: &mut Problems) {
    let at_from = at.name("from");
    for (index, source) in rule.from().into_iter().flatten().enumerate() {
        let at_entry = at_from.index(index);
        let at_source = at_entry.name("source");
        source.fields(&mut |field| {
            let is_identity = matches!(
                field.name,
                "principals" | "requestPrincipals" | "namespaces" | "serviceAccounts" | "trustDomains"
            );
            for (name, values) in [(field.name, field.values), (field.not_name, field.not_values)] {
                if is_identity && !values.is_empty() {
                    let message = format!("a CUSTOM policy cannot match on `{name}`");
                    problems.push(Problem::new(&at_source.name(name), message).help(HELP));
                }
            }
        });
    }
    let at_when = at.name("when");
    for (index, condition) in rule.when().enumerate() {
        if Key::parse(condition.key).is_ok_and(|key| key.is_identity()) {
            let at_entry = at_when.index(index);
            let message = format!("a CUSTOM policy cannot match on `{}`", condition.key);
            problems.push(Problem::new(&at_entry.name("key"), message).help(HELP));
        }
    }
}
