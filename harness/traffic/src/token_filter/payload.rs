//! The claims of a token that the filter reads, and how it passes them on.

use peerwarden_engine::resource::JwtRule;
use serde_json::{Map, Value};

pub(super) fn issuer(payload: &Map<String, Value>) -> &str {
    payload.get("iss").and_then(Value::as_str).unwrap_or_default()
}

/// `aud` is a text or a list of texts; Envoy compares both sides without scheme and without a slash at the end.
pub(super) fn has_audience(payload: &Map<String, Value>, audiences: &[String]) -> bool {
    fn bare(audience: &str) -> &str {
        let rest = audience
            .strip_prefix("https://")
            .or_else(|| audience.strip_prefix("http://"))
            .unwrap_or(audience);
        rest.strip_suffix('/').unwrap_or(rest)
    }
    let own: Vec<&str> = match payload.get("aud") {
        Some(Value::String(audience)) => vec![audience],
        Some(Value::Array(audiences)) => audiences.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    own.iter()
        .any(|own| audiences.iter().any(|audience| bare(audience) == bare(own)))
}

/// The payload as the filter writes it: claims that are lists written with spaces become lists.
pub(super) fn normalized(payload: &Map<String, Value>, rule: &JwtRule) -> Map<String, Value> {
    let mut payload = payload.clone();
    for name in &rule.space_delimited_claims {
        if let Some(Value::String(text)) = payload.get(name) {
            let words: Value = text
                .split(' ')
                .filter(|word| !word.is_empty())
                .map(Value::from)
                .collect();
            payload.insert(name.clone(), words);
        }
    }
    payload
}
