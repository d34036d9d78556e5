//! Converts traffic from the analysis to the form that people and both engines read.

use std::net::IpAddr;

use peerwarden_engine::{ExternalAnswer, Lookup, Protocol as EngineProtocol, Traffic as Attributes};
use serde_json::{Map, Value};

use crate::traffic::{
    AuthorizerAnswer, DEFAULT_DESTINATION, DEFAULT_SOURCE, HeaderLines, Http, Jwt, Peer, Protocol, Tls,
    Traffic,
};

/// The inverse of `native::value`.
fn value(value: &peerwarden_engine::document::Value) -> Value {
    use peerwarden_engine::document::Value as Engine;

    match value {
        Engine::Null => Value::Null,
        Engine::Bool(value) => Value::Bool(*value),
        Engine::Number(value) => Value::from(*value),
        Engine::String(value) => Value::String(value.clone()),
        Engine::List(items) => items.iter().map(self::value).collect(),
        Engine::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), self::value(value)))
            .collect(),
    }
}

fn found<T: Clone>(lookup: &Lookup<T>) -> Option<T> {
    match lookup {
        Lookup::Found(value) => Some(value.clone()),
        Lookup::Missing | Lookup::Unavailable => None,
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Traffic {
    /// Traffic with these attributes. Values that equal their defaults are left out.
    pub fn from_attributes(attributes: &Attributes, protocol: EngineProtocol) -> Self {
        let is_http = protocol == EngineProtocol::Http;
        let other = |ip: &Lookup<IpAddr>, default: IpAddr| found(ip).filter(|ip| *ip != default);
        let mut traffic = Traffic {
            protocol: if is_http { Protocol::Http } else { Protocol::Tcp },
            remote_ip: found(&attributes.remote_ip).filter(|ip| Some(*ip) != found(&attributes.source_ip)),
            ..Traffic::default()
        };
        traffic.source.ip = other(&attributes.source_ip, DEFAULT_SOURCE.0);
        traffic.destination.ip = other(&attributes.destination_ip, DEFAULT_DESTINATION.0);
        traffic.destination.port =
            found(&attributes.destination_port).filter(|port| *port != DEFAULT_DESTINATION.1);
        if found(&attributes.tls) == Some(true) {
            let texts = |names: &[Vec<u8>]| names.iter().map(|name| text(name)).collect();
            traffic.tls = Some(Tls {
                sni: found(&attributes.sni).map(|sni| text(&sni)),
                peer: found(&attributes.peer).map(|peer| Peer {
                    uri_sans: texts(&peer.uri_sans),
                    dns_sans: texts(&peer.dns_sans),
                    subject: text(&peer.subject),
                }),
            });
        }
        if is_http {
            traffic.http = Some(http(&found(&attributes.headers).unwrap_or_default()));
            traffic.jwt = found(&attributes.jwt).and_then(|payload| match value(&payload) {
                Value::Object(payload) => Some(Jwt::signed(payload)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
            });
        }
        for (filter, key, entry) in found(&attributes.metadata).unwrap_or_default() {
            let entries: &mut Map<String, Value> = traffic.dynamic_metadata.entry(filter).or_default();
            entries.insert(key, value(&entry));
        }
        for (provider, answer) in &attributes.authorizers {
            let answer = match answer {
                ExternalAnswer::Allow => AuthorizerAnswer::Allow,
                ExternalAnswer::Deny => AuthorizerAnswer::Deny,
                ExternalAnswer::Failed | ExternalAnswer::Unaskable => AuthorizerAnswer::Fail,
            };
            traffic.authorizers.insert(provider.clone(), answer);
        }
        traffic
    }
}

fn http(lines: &[(String, Vec<u8>)]) -> Http {
    let mut http = Http::default();
    for (name, line) in lines {
        let line = text(line);
        match name.as_str() {
            ":method" => http.method = Some(line),
            ":path" => http.path = Some(line),
            ":authority" => http.host = Some(line),
            // It follows from the connection.
            ":scheme" => {}
            _ => {
                let lines = match http.headers.remove(name) {
                    None => HeaderLines::One(line),
                    Some(HeaderLines::One(first)) => HeaderLines::Several(vec![first, line]),
                    Some(HeaderLines::Several(mut lines)) => {
                        lines.push(line);
                        HeaderLines::Several(lines)
                    }
                };
                http.headers.insert(name.clone(), lines);
            }
        }
    }
    http
}
