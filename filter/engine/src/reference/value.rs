//! Whether a value of a clause matches the attribute.

use super::attribute_value::AttributeValue;
use super::glob::{self, string_match};
use super::identity::{namespace, principal, request_principal, service_account, trust_domain};
use super::ip_block::in_block;
use crate::config::Config;
use crate::document::Value;
use crate::resource::AuthorizationPolicy;

pub(super) fn value_matches(
    key: &str,
    value: &str,
    found: &AttributeValue,
    document: &AuthorizationPolicy,
    config: &Config,
) -> bool {
    match found {
        AttributeValue::Peer(names) => names.iter().any(|name| match key {
            "source.principal" => principal(value, name, config),
            "source.namespace" => namespace(value, name),
            "source.serviceAccount" => service_account(value, name, &document.metadata.namespace),
            _ => trust_domain(value, name, config),
        }),
        AttributeValue::Ip(ip) => in_block(value, *ip),
        AttributeValue::Port(port) => value.parse() == Ok(*port),
        AttributeValue::Texts(texts) => texts.iter().any(|text| text_matches(key, value, text)),
        AttributeValue::Principal(issuer, subject) => {
            request_principal(value, issuer.as_bytes(), subject.as_bytes())
        }
        AttributeValue::Metadata(metadata) => metadata_matches(value, metadata),
    }
}

fn text_matches(key: &str, value: &str, text: &[u8]) -> bool {
    match key {
        "hosts" => string_match(&value.to_ascii_lowercase(), &text.to_ascii_lowercase(), true),
        "methods" => string_match(value, text, true),
        "paths" => {
            let end = text
                .iter()
                .position(|byte| *byte == b'?' || *byte == b'#')
                .unwrap_or(text.len());
            let path = text.get(..end).unwrap_or(text);
            if value.contains("{*}") || value.contains("{**}") {
                glob::template(value, path)
            } else {
                string_match(value, path, false)
            }
        }
        _ => string_match(value, text, key.starts_with("request.headers[")),
    }
}

fn metadata_matches(value: &str, metadata: &Value) -> bool {
    let listed = value.starts_with('[') && value.ends_with(']');
    let inner = listed.then(|| value.trim_start_matches(['[', ']']).trim_end_matches(['[', ']']));
    match (metadata, inner) {
        (Value::String(text), None) => string_match(value, text.as_bytes(), false),
        (Value::List(items), Some(inner)) => items
            .iter()
            .filter_map(Value::as_str)
            .any(|text| string_match(inner, text.as_bytes(), false)),
        (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_), _)
        | (Value::String(_), Some(_))
        | (Value::List(_), None) => false,
    }
}
