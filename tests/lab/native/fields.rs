//! Each field of the API as Envoy's permissions and principals. A field of a source or an operation uses the key of the condition
//! with the same meaning, if there is one.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::{Context, text, trust_domain};
use crate::config::typed;

const JWT: &str = "envoy.filters.http.jwt_authn";

/// The side of an RBAC policy that a constraint belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Permission,
    Principal,
}

impl Side {
    pub(super) fn and(self, parts: &[Value]) -> Value {
        if parts.is_empty() {
            return json!({"any": true});
        }
        match self {
            Self::Permission => json!({"and_rules": {"rules": parts}}),
            Self::Principal => json!({"and_ids": {"ids": parts}}),
        }
    }

    fn or(self, parts: &[Value]) -> Value {
        match self {
            Self::Permission => json!({"or_rules": {"rules": parts}}),
            Self::Principal => json!({"or_ids": {"ids": parts}}),
        }
    }

    pub(super) fn not(self, part: &Value) -> Value {
        match self {
            Self::Permission => json!({ "not_rule": part }),
            Self::Principal => json!({ "not_id": part }),
        }
    }
}

pub(super) fn side(key: &str) -> Side {
    match key {
        "hosts" | "methods" | "paths" | "destination.ip" | "destination.port" | "connection.sni" => {
            Side::Permission
        }
        key if key.starts_with("experimental.envoy.filters.") => Side::Permission,
        _ => Side::Principal,
    }
}

pub(super) fn http_only(key: &str) -> bool {
    matches!(key, "hosts" | "methods" | "paths") || key.starts_with("request.")
}

/// Matches if one of the values does.
pub(super) fn any_of(key: &str, values: &[&str], context: Context<'_>) -> Value {
    match key {
        "request.auth.audiences" => claim(&["aud"], values),
        "request.auth.presenter" => claim(&["azp"], values),
        key if key.starts_with("request.auth.claims[") => claim(&claim_path(key), values),
        key if key.starts_with("experimental.") => filter_metadata(key, values),
        "source.principal" => {
            let bundle = &context.mesh.bundle;
            let all = values
                .iter()
                .flat_map(|value| trust_domain::principals(value, bundle));
            each(key, all, context)
        }
        "source.trustDomain" => each(
            key,
            trust_domain::trust_domains(values, &context.mesh.bundle).into_iter(),
            context,
        ),
        _ => each(key, values.iter().map(|value| (*value).to_owned()), context),
    }
}

fn each(key: &str, values: impl Iterator<Item = String>, context: Context<'_>) -> Value {
    let parts: Vec<Value> = values.map(|value| one(key, &value, context)).collect();
    side(key).or(&parts)
}

/// One value. Unknown keys cannot occur: the generator knows its keys.
fn one(key: &str, value: &str, context: Context<'_>) -> Value {
    match key {
        "hosts" => json!({"header": text::header(":authority", value, true)}),
        "methods" => json!({"header": text::header(":method", value, false)}),
        "paths" => path(value),
        "destination.port" => json!({"destination_port": value.parse::<u16>().expect("a port")}),
        "destination.ip" => json!({"destination_ip": block(value)}),
        "connection.sni" => json!({"requested_server_name": text::string(value)}),
        "source.ip" => json!({"direct_remote_ip": block(value)}),
        "remote.ip" => json!({"remote_ip": block(value)}),
        "source.principal" => authenticated(&principal(value)),
        "source.namespace" => {
            let parts: Vec<String> = value.split('*').map(text::quoted).collect();
            authenticated(&text::regex(&format!(".*/ns/{}/.*", parts.join(".*"))))
        }
        "source.serviceAccount" => {
            let (namespace, name) = value.split_once('/').unwrap_or((context.namespace, value));
            let (namespace, name) = (text::quoted(namespace), text::quoted(name));
            authenticated(&text::regex(&format!(
                "spiffe://.+/ns/{namespace}/(.+/|)sa/{name}(/.+)?"
            )))
        }
        "source.trustDomain" => authenticated(&match value.split_once('*') {
            None => text::prefix(&format!("spiffe://{value}/")),
            Some(("", "")) => text::prefix("spiffe://"),
            Some((start, end)) => text::regex(&format!(
                "spiffe://{}[^/]*{}/.*",
                text::quoted(start),
                text::quoted(end)
            )),
        }),
        "request.auth.principal" => request_principal(value),
        key => {
            let name = key
                .strip_prefix("request.headers[")
                .and_then(|rest| rest.strip_suffix(']'));
            json!({"header": text::header(name.expect("a known key"), value, false)})
        }
    }
}

fn authenticated(name: &Value) -> Value {
    json!({"authenticated": {"principal_name": name}})
}

fn principal(value: &str) -> Value {
    match value.strip_prefix('*') {
        Some("") => text::present(),
        Some(end) => text::regex(&format!("spiffe://.*{}", text::quoted(end))),
        None => text::string(&format!("spiffe://{value}")),
    }
}

fn path(value: &str) -> Value {
    if !value.contains("{*}") && !value.contains("{**}") {
        return json!({"url_path": {"path": text::string(value)}});
    }
    let template = value.replace("{*}", "*").replace("{**}", "**");
    let kind = "envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig";
    let config = typed(kind, json!({"path_template": template}));
    json!({"uri_template": {"name": "envoy.path.match.uri_template.uri_template_matcher", "typed_config": config}})
}

fn block(value: &str) -> Value {
    let (address, length) = match value.split_once('/') {
        Some((address, length)) => (address, length.parse::<u8>().expect("a prefix length")),
        None if value.parse::<IpAddr>().expect("an address").is_ipv4() => (value, 32),
        None => (value, 128),
    };
    json!({"address_prefix": address, "prefix_len": length})
}

fn request_principal(value: &str) -> Value {
    let (issuer, subject) = match value.rsplit_once('/') {
        _ if value == "*" => (text::present(), text::present()),
        Some((issuer, subject)) if value.starts_with('*') => (text::string(issuer), text::exact(subject)),
        Some((issuer, "*")) => (text::exact(issuer), text::present()),
        Some((issuer, subject)) if value.ends_with('*') => (
            text::exact(issuer),
            text::prefix(subject.strip_suffix('*').unwrap_or(subject)),
        ),
        Some((issuer, subject)) => (text::exact(issuer), text::exact(subject)),
        None if value.starts_with('*') => (text::present(), text::string(value)),
        None if value.ends_with('*') => (text::string(value), text::present()),
        None => (text::exact(value), text::exact("")),
    };
    let both = [("iss", issuer), ("sub", subject)]
        .map(|(claim, matcher)| text::metadata(JWT, &["payload", claim], &text::value(&matcher)));
    Side::Principal.and(&both)
}

/// A claim that is one of these texts, or a list that contains one of them.
fn claim(path: &[&str], values: &[&str]) -> Value {
    let values = values
        .iter()
        .map(|value| text::value(&text::string(value)))
        .collect();
    let value = text::any_value_of(values);
    let either = json!({"or_match": {"value_matchers": [text::list_with(&value), value]}});
    let path: Vec<&str> = ["payload"].into_iter().chain(path.iter().copied()).collect();
    text::metadata(JWT, &path, &either)
}

/// `[a][b]` as two names; what is not made of such groups is one name between the outer brackets.
fn claim_path(key: &str) -> Vec<&str> {
    let inner = key
        .strip_prefix("request.auth.claims[")
        .and_then(|rest| rest.strip_suffix(']'))
        .expect("a claim in brackets");
    let names: Vec<&str> = inner.split("][").collect();
    if names.iter().any(|name| name.contains(['[', ']'])) {
        vec![inner]
    } else {
        names
    }
}

fn filter_metadata(key: &str, values: &[&str]) -> Value {
    let inner = key
        .strip_prefix("experimental.")
        .and_then(|rest| rest.strip_suffix(']'));
    let (filter, name) = inner
        .and_then(|inner| inner.split_once('['))
        .expect("a filter and a key");
    let matcher = |value: &&str| {
        if value.starts_with('[') && value.ends_with(']') {
            text::list_with(&text::value(&text::string(value.trim_matches(['[', ']']))))
        } else {
            text::value(&text::string(value))
        }
    };
    text::metadata(
        filter,
        &[name],
        &text::any_value_of(values.iter().map(matcher).collect()),
    )
}
