//! Converts a case to the vocabulary of `peerwarden explain` and of the reference evaluator: for the trace of a
//! disagreement, and to find the fields that a verdict depended on. Only Envoy's verdicts count.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context, Result};
use peerwarden_engine::reference::{self, Trace};
use peerwarden_engine::{Config, Lookup, Traffic};
use serde_json::{Map, Value, json};

use super::{Addresses, CAST, Credential, HTTP_METADATA, PolicySet, Request, TCP_METADATA, Visit};

impl PolicySet {
    /// The input of a filter, as JSON; `listener` is the connection's destination.
    pub(crate) fn traffic(&self, visit: &Visit, request: Option<&Request>, listener: SocketAddr) -> Value {
        let proxy = visit.proxy.as_ref();
        let client = proxy.map_or(visit.from, |proxy| proxy.source.ip());
        let destination = proxy.map_or(listener, |proxy| proxy.destination);
        let remote = request.map_or(client, |request| self.addresses.client(client, request));
        let mut traffic = json!({
            "protocol": self.layer.as_str(),
            "source": {"ip": visit.from},
            "remoteIp": remote,
            "destination": {"ip": destination.ip(), "port": destination.port()},
            "tls": visit.tls(),
        });
        if let Some(request) = request {
            traffic["http"] = request.http();
            if let Some(token) = &request.token {
                traffic["jwt"] = json!({ "payload": token });
            }
            if let Some(value) = &request.metadata {
                traffic["dynamicMetadata"] = json!({HTTP_METADATA.0: {HTTP_METADATA.1: value}});
            }
        } else if let Some(value) = proxy.and_then(|proxy| proxy.value.as_ref()) {
            traffic["dynamicMetadata"] = json!({TCP_METADATA.0: {TCP_METADATA.1: value}});
        }
        traffic
    }

    /// The reference evaluator's trace.
    pub(crate) fn trace(
        &self,
        visit: &Visit,
        request: Option<&Request>,
        listener: SocketAddr,
    ) -> Result<Trace> {
        let config = Config::parse(self.configuration().to_string().as_bytes())?;
        let attributes = self.attributes(visit, request, listener)?;
        Ok(reference::explain(&config, &attributes, &attributes))
    }

    /// The input of a filter, byte for byte.
    fn attributes(&self, visit: &Visit, request: Option<&Request>, listener: SocketAddr) -> Result<Traffic> {
        let traffic = self.traffic(visit, request, listener);
        let traffic: peerwarden_traffic::Traffic = serde_json::from_value(traffic).context("the traffic")?;
        let mut attributes = Traffic::from(&traffic);
        // JSON has no bytes.
        if let (Lookup::Found(lines), Some(request)) = (&mut attributes.headers, request) {
            lines.retain(|(name, _)| name.starts_with(':'));
            lines.extend(request.lines());
        }
        Ok(attributes)
    }
}

impl Addresses {
    /// The client's address: <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-for>.
    fn client(self, connection: IpAddr, request: &Request) -> IpAddr {
        let hops = match (self.use_remote_address, self.trusted_hops) {
            (true, 0) => return connection,
            (true, hops) => hops - 1,
            (false, hops) => hops,
        };
        // Envoy joins the lines of this header, except for empty ones.
        let lines: Vec<&str> = request
            .forwarded_for
            .iter()
            .map(String::as_str)
            .filter(|line| !line.is_empty())
            .collect();
        let line = lines.join(",");
        let hop = line.rsplit(',').nth(hops as usize).map(str::trim);
        hop.and_then(|hop| hop.parse().ok()).unwrap_or(connection)
    }
}

impl Visit {
    fn tls(&self) -> Value {
        let member = &CAST[self.member];
        let peer = match member.credential {
            Credential::Plaintext => return Value::Null,
            Credential::Anonymous => Value::Null,
            Credential::Mesh | Credential::Partner => {
                let subject = match member.common_name {
                    "" => String::new(),
                    name => format!("CN={name}"),
                };
                json!({"uriSans": member.uri_sans, "dnsSans": member.dns_sans, "subject": subject})
            }
        };
        json!({"sni": self.server_name, "peer": peer})
    }
}

/// The only generated header that Envoy keeps on one line, joined by commas, as it knows its meaning.
const JOINED: &str = "user-agent";

impl Request {
    /// The header lines as filters receive them.
    pub(crate) fn lines(&self) -> Vec<(String, Vec<u8>)> {
        let (joined, mut lines): (Vec<_>, Vec<_>) =
            self.headers.iter().cloned().partition(|(name, _)| name == JOINED);
        let values: Vec<&[u8]> = joined
            .iter()
            .map(|(_, value)| value.as_slice())
            .filter(|value| !value.is_empty())
            .collect();
        if !joined.is_empty() {
            lines.push((JOINED.to_owned(), values.join(&b',')));
        }
        lines
    }

    fn http(&self) -> Value {
        let mut headers: Map<String, Value> = Map::new();
        for (name, value) in self.lines() {
            let lines = headers.entry(name).or_insert_with(|| json!([]));
            if let Some(lines) = lines.as_array_mut() {
                lines.push(String::from_utf8_lossy(&value).into());
            }
        }
        json!({"method": self.method, "host": self.authority, "path": self.path, "headers": headers})
    }
}
