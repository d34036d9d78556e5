//! Traffic, as suites, `eval`, `explain` and `replay` describe it: one vocabulary for all of them.
//!
//! Fields that are left out have the defaults in their descriptions, the same for both engines. Paths are as the filter receives
//! them, after Envoy has normalised them.

mod header_lines;
mod impossible;
mod jwt;

use std::collections::BTreeMap;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub use header_lines::HeaderLines;
pub use impossible::ImpossibleTraffic;
pub use jwt::{Jwt, SignedToken, Token};

/// One request, or one connection.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Traffic {
    /// The kind of filter chain; `http` by default.
    #[serde(deserialize_with = "crate::deserialize::or_default")]
    #[schemars(with = "Option<Protocol>")]
    pub protocol: Protocol,
    /// The direct peer; 192.0.2.1 and port 40000 by default.
    #[serde(deserialize_with = "crate::deserialize::object")]
    #[schemars(with = "Option<Endpoint>")]
    pub source: Endpoint,
    /// The original client, as Envoy derives it from headers or the PROXY protocol; the direct peer by default.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::deserialize::address"
    )]
    pub remote_ip: Option<IpAddr>,
    /// The destination of the connection; 192.0.2.2 and port 8080 by default.
    #[serde(deserialize_with = "crate::deserialize::object")]
    #[schemars(with = "Option<Endpoint>")]
    pub destination: Endpoint,
    /// How the connection is secured; plaintext if `null` or omitted.
    #[serde(deserialize_with = "crate::deserialize::optional_object")]
    pub tls: Option<Tls>,
    /// The request; only for `http`.
    #[serde(
        deserialize_with = "crate::deserialize::optional_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub http: Option<Http>,
    /// The tokens of the request; for `http` only. If a `RequestAuthentication` applies to the workload, its rules decide whether they
    /// pass; otherwise the first signed one counts as verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt: Option<Jwt>,
    /// Other dynamic metadata: filter name, then key.
    #[serde(
        deserialize_with = "crate::deserialize::or_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    #[schemars(with = "Option<BTreeMap<String, Map<String, Value>>>")]
    pub dynamic_metadata: BTreeMap<String, Map<String, Value>>,
    /// The answers of external authorizers, by the names of their providers; an omitted one fails.
    #[serde(
        deserialize_with = "crate::deserialize::or_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    #[schemars(with = "Option<BTreeMap<String, AuthorizerAnswer>>")]
    pub authorizers: BTreeMap<String, AuthorizerAnswer>,
}

/// The answer of an external authorizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuthorizerAnswer {
    /// It allows.
    Allow,
    /// It denies.
    Deny,
    /// No usable answer: it is down, too slow, or answers nonsense.
    Fail,
}

/// The kind of filter chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// HTTP of any version: one decision for each request.
    #[default]
    Http,
    /// Plain TCP: one decision for each connection.
    Tcp,
}

/// An address and a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Endpoint {
    /// An IPv4 or IPv6 address.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::deserialize::address"
    )]
    pub ip: Option<IpAddr>,
    /// A port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// TLS that this proxy terminated.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// The server name that the client requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sni: Option<String>,
    /// The client's certificate; `null` or omitted if it presented none.
    #[serde(deserialize_with = "crate::deserialize::optional_object")]
    pub peer: Option<Peer>,
}

/// The names in the client's verified certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Peer {
    /// URI subject alternative names; a mesh peer has one, its SPIFFE ID.
    #[serde(deserialize_with = "crate::deserialize::or_default")]
    #[schemars(with = "Option<Vec<String>>")]
    pub uri_sans: Vec<String>,
    /// DNS subject alternative names.
    #[serde(
        deserialize_with = "crate::deserialize::or_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Option<Vec<String>>")]
    pub dns_sans: Vec<String>,
    /// The subject in RFC 2253 form.
    #[serde(
        deserialize_with = "crate::deserialize::or_default",
        skip_serializing_if = "String::is_empty"
    )]
    #[schemars(with = "Option<String>")]
    pub subject: String,
}

/// An HTTP request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// `GET` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The authority, with its port if the client sent one; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The path with its query; `/` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The other headers: a string, or a list with one string for each line.
    #[serde(
        deserialize_with = "crate::deserialize::or_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    #[schemars(with = "Option<BTreeMap<String, HeaderLines>>")]
    pub headers: BTreeMap<String, HeaderLines>,
}

impl Traffic {
    /// The direct peer's address and port.
    pub fn source(&self) -> (IpAddr, u16) {
        (
            self.source.ip.unwrap_or(DEFAULT_SOURCE.0),
            self.source.port.unwrap_or(DEFAULT_SOURCE.1),
        )
    }

    /// The destination address and port of the connection.
    pub fn destination(&self) -> (IpAddr, u16) {
        (
            self.destination.ip.unwrap_or(DEFAULT_DESTINATION.0),
            self.destination.port.unwrap_or(DEFAULT_DESTINATION.1),
        )
    }

    /// The original client's address.
    pub fn remote_ip(&self) -> IpAddr {
        self.remote_ip.unwrap_or_else(|| self.source().0)
    }

    /// All dynamic metadata, including the token where Envoy's `jwt_authn` filter stores it.
    pub fn metadata(&self) -> Map<String, Value> {
        let filters = self.dynamic_metadata.iter();
        let mut metadata: Map<String, Value> = filters
            .map(|(filter, entries)| (filter.clone(), Value::Object(entries.clone())))
            .collect();
        if let Some(payload) = self.jwt.as_ref().and_then(Jwt::payload) {
            let entries = metadata.entry(JWT_AUTHN.0).or_insert_with(|| json!({}));
            if let Some(entries) = entries.as_object_mut() {
                entries.insert(JWT_AUTHN.1.to_owned(), Value::Object(payload.clone()));
            }
        }
        metadata
    }

    /// The header lines with lower-case names, pseudo-headers first, as Envoy passes them to a filter.
    pub fn headers(&self) -> Vec<(String, String)> {
        let nothing = Http::default();
        let http = self.http.as_ref().unwrap_or(&nothing);
        let text =
            |value: &Option<String>, default: &str| value.clone().unwrap_or_else(|| default.to_owned());
        let mut headers = vec![
            (":method".to_owned(), text(&http.method, "GET")),
            (":path".to_owned(), text(&http.path, "/")),
            (
                ":scheme".to_owned(),
                if self.tls.is_some() { "https" } else { "http" }.to_owned(),
            ),
        ];
        headers.extend(http.host.clone().map(|host| (":authority".to_owned(), host)));
        for (name, lines) in &http.headers {
            let name = name.to_ascii_lowercase();
            let name = if name == "host" {
                ":authority".to_owned()
            } else {
                name
            };
            headers.extend(lines.iter().map(|line| (name.clone(), line.to_owned())));
        }
        headers
    }
}

impl From<Protocol> for peerwarden_engine::Protocol {
    fn from(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Http => Self::Http,
            Protocol::Tcp => Self::Tcp,
        }
    }
}

/// Addresses for documentation (RFC 5737), which no policy names by chance.
pub(crate) const DEFAULT_SOURCE: (IpAddr, u16) = (IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 40_000);
pub(crate) const DEFAULT_DESTINATION: (IpAddr, u16) =
    (IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)), 8_080);

/// Where Envoy's `jwt_authn` filter stores a token: filter and key.
pub(crate) const JWT_AUTHN: (&str, &str) = ("envoy.filters.http.jwt_authn", "payload");
