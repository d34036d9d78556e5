//! The module's treatment of a field whose attribute is not established, written so that no filter reads the attribute:
//! under ALLOW it never holds, under the other actions it always does.

use serde_json::{Map, Value, json};

/// Rewrites the fields and conditions for which `doubted` is true; returns whether there were any.
pub(super) fn settle(policies: &mut [Value], doubted: fn(&str) -> bool) -> bool {
    let settled = policies.iter_mut().map(|policy| settle_one(policy, doubted));
    settled.fold(false, |before, now| before | now)
}

fn settle_one(policy: &mut Value, doubted: fn(&str) -> bool) -> bool {
    let spec = &mut policy["spec"];
    let holds = spec.get("action").is_some_and(|action| action != "ALLOW");
    let mut changed = false;
    for rule in spec["rules"].as_array_mut().into_iter().flatten() {
        for (list, entry, never, always) in [
            ("from", "source", "ipBlocks", "notIpBlocks"),
            ("to", "operation", "ports", "notPorts"),
        ] {
            let value = if entry == "source" { "255.255.255.255" } else { "1" };
            let parts = rule.get_mut(list).and_then(Value::as_array_mut);
            for part in parts.into_iter().flatten() {
                let Some(fields) = part[entry].as_object_mut() else {
                    continue;
                };
                if !fields.keys().any(|name| doubted(&positive(name))) {
                    continue;
                }
                changed = true;
                if holds {
                    fields.retain(|name, _| !doubted(&positive(name)));
                    if fields.is_empty() {
                        fields.insert(always.to_owned(), json!([value]));
                    }
                } else {
                    *fields = Map::from_iter([(never.to_owned(), json!([value]))]);
                }
            }
        }
        let conditions = rule.get_mut("when").and_then(Value::as_array_mut);
        for condition in conditions.into_iter().flatten() {
            if condition["key"].as_str().is_some_and(doubted) {
                changed = true;
                let side = if holds { "notValues" } else { "values" };
                *condition = json!({"key": "destination.port", side: ["1"]});
            }
        }
    }
    changed
}

/// `principals` of `notPrincipals`.
fn positive(field: &str) -> String {
    let Some(rest) = field.strip_prefix("not") else {
        return field.to_owned();
    };
    let mut rest = rest.to_owned();
    if let Some(first) = rest.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    rest
}
