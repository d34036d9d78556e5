//! The claims `scope` and `permission` are lists of words (RFC 8693, section 4.2). Istio configures Envoy's JWT filter
//! to split them before its RBAC filter runs; the module splits them itself, as it may also come after a JWT filter
//! that does not.

use serde_json::Value;

use super::{Difference, SingleQuestion};

pub(super) const DIFFERENCE: Difference = Difference {
    name: "the claims `scope` and `permission` are split at spaces",
    rewrite,
};

fn rewrite(asked: &mut SingleQuestion) -> bool {
    let token = asked.request.as_mut().and_then(|request| request.token.as_mut());
    let Some(Value::Object(token)) = token else {
        return false;
    };
    let mut changed = false;
    for claim in ["scope", "permission"] {
        let Some(Value::String(words)) = token.get(claim) else {
            continue;
        };
        let words: Value = words.split(' ').collect::<Vec<_>>().into();
        token.insert(claim.to_owned(), words);
        changed = true;
    }
    changed
}
