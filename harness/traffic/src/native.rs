//! Converts traffic for the native engine.

use peerwarden_engine::{ExternalAnswer, Lookup, Peer, Traffic as Attributes};
use serde_json::Value;

use crate::traffic::{AuthorizerAnswer, JWT_AUTHN, Protocol, Traffic};

/// The engine's form of a value: values that pass through `google.protobuf.Struct` have only doubles.
pub fn value(value: &Value) -> peerwarden_engine::document::Value {
    use peerwarden_engine::document::Value as Engine;

    match value {
        Value::Null => Engine::Null,
        Value::Bool(value) => Engine::Bool(*value),
        Value::Number(value) => value.as_f64().map_or(Engine::Null, Engine::Number),
        Value::String(value) => Engine::String(value.clone()),
        Value::Array(items) => Engine::List(items.iter().map(self::value).collect()),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.clone(), self::value(value)));
            Engine::Object(fields.collect())
        }
    }
}

impl From<AuthorizerAnswer> for ExternalAnswer {
    fn from(answer: AuthorizerAnswer) -> Self {
        match answer {
            AuthorizerAnswer::Allow => Self::Allow,
            AuthorizerAnswer::Deny => Self::Deny,
            AuthorizerAnswer::Fail => Self::Failed,
        }
    }
}

impl From<&Traffic> for Attributes {
    fn from(traffic: &Traffic) -> Self {
        let bytes = |texts: &[String]| texts.iter().map(|text| text.clone().into_bytes()).collect();
        let peer = traffic
            .tls
            .as_ref()
            .and_then(|tls| tls.peer.as_ref())
            .map(|peer| Peer {
                uri_sans: bytes(&peer.uri_sans),
                dns_sans: bytes(&peer.dns_sans),
                subject: peer.subject.clone().into_bytes(),
            });
        let sni = traffic.tls.as_ref().and_then(|tls| tls.sni.as_ref());
        let headers = (traffic.protocol == Protocol::Http).then(|| {
            let headers = traffic.headers().into_iter();
            headers.map(|(name, value)| (name, value.into_bytes())).collect()
        });
        let mut metadata = Vec::new();
        for (filter, entries) in &traffic.metadata() {
            for (key, entry) in entries.as_object().into_iter().flatten() {
                metadata.push((filter.clone(), key.clone(), value(entry)));
            }
        }
        let jwt = metadata
            .iter()
            .find(|(filter, key, _)| (filter.as_str(), key.as_str()) == JWT_AUTHN);
        let jwt = jwt.map(|(_, _, payload)| payload.clone());
        Self {
            peer: match peer {
                // As in the module, which treats such a certificate as unreadable.
                Some(peer) if peer.names_several_trust_domains() => Lookup::Unavailable,
                peer => Lookup::from_option(peer),
            },
            tls: Lookup::Found(traffic.tls.is_some()),
            source_ip: Lookup::Found(traffic.source().0),
            remote_ip: Lookup::Found(traffic.remote_ip()),
            destination_ip: Lookup::Found(traffic.destination().0),
            destination_port: Lookup::Found(traffic.destination().1),
            sni: Lookup::from_option(sni.map(|sni| sni.clone().into_bytes())),
            headers: Lookup::from_option(headers),
            jwt: Lookup::from_option(jwt),
            metadata: Lookup::Found(metadata),
            authorizers: traffic
                .authorizers
                .iter()
                .map(|(provider, answer)| (provider.clone(), (*answer).into()))
                .collect(),
        }
    }
}
