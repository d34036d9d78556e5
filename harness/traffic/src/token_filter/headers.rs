//! The headers that the filter writes from tokens, and that no client can set.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD as STANDARD, BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD};
use peerwarden_engine::resource::JwtRule;
use serde_json::{Map, Value};

use crate::traffic::{HeaderLines, Http, Traffic};

/// Whether Envoy treats it as a CORS preflight.
pub(super) fn is_preflight(traffic: &Traffic) -> bool {
    let Some(http) = &traffic.http else { return false };
    let has = |name: &str| {
        http.headers.iter().any(|(known, lines)| {
            known.eq_ignore_ascii_case(name) && lines.iter().any(|line| !line.is_empty())
        })
    };
    http.method.as_deref() == Some("OPTIONS") && has("origin") && has("access-control-request-method")
}

/// Removes the client's own headers of the names that the filter writes, and returns their names.
pub(super) fn remove<'r>(traffic: &mut Traffic, rules: impl Iterator<Item = &'r JwtRule>) -> Vec<String> {
    let written: Vec<&str> = rules
        .flat_map(|rule| {
            let claims = rule.output_claim_to_headers.iter().map(|of| of.header.as_str());
            claims.chain(rule.output_payload_to_header.as_deref())
        })
        .collect();
    let mut removed = Vec::new();
    if let Some(http) = &mut traffic.http {
        http.headers.retain(|name, _| {
            let is_written = written.iter().any(|written| written.eq_ignore_ascii_case(name));
            if is_written {
                removed.push(name.clone());
            }
            !is_written
        });
    }
    removed
}

/// Writes the headers of a token that passed.
pub(super) fn write(traffic: &mut Traffic, rule: &JwtRule, payload: &Map<String, Value>) {
    let mut set = |name: &str, value: String| {
        let http = traffic.http.get_or_insert_with(Http::default);
        http.headers
            .insert(name.to_ascii_lowercase(), HeaderLines::One(value));
    };
    for of in &rule.output_claim_to_headers {
        if let Some(value) = claim(payload, &of.claim).and_then(text) {
            set(&of.header, value);
        }
    }
    if let Some(header) = &rule.output_payload_to_header {
        // A suite does not have the token's own text: its claims are in the order of their names.
        let json = Value::Object(payload.clone()).to_string();
        set(header, URL_SAFE_NO_PAD.encode(json));
    }
}

/// A claim; the names of nested claims are separated by dots.
fn claim<'v>(payload: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    let mut names = path.split('.');
    let first = payload.get(names.next()?)?;
    names.try_fold(first, |value, name| value.get(name))
}

/// The text of a claim, as Envoy writes it; `null` and an empty text have none.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::Bool(value) => value.to_string(),
        Value::String(text) => text.clone(),
        Value::Number(number) => of_number(number.as_f64()?),
        Value::Array(_) | Value::Object(_) => STANDARD.encode(value.to_string()),
    };
    Some(text).filter(|text| !text.is_empty())
}

/// Whole numbers that fit into 64 bits without a sign have no fraction, all others have six digits after the point.
fn of_number(value: f64) -> String {
    const BEYOND: f64 = 18_446_744_073_709_551_616.0;
    if (0.0..BEYOND).contains(&value) && value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.6}")
    }
}
