//! Envoy's administration interface.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::client::{Caller, ClientRequest, http};

/// Counters and gauges by name.
#[derive(Debug, Clone)]
pub struct Stats(BTreeMap<String, u64>);

// === impl Stats ===

impl Stats {
    pub(super) async fn read(admin: SocketAddr) -> Result<Self> {
        let text = get(admin, "/stats").await?;
        let numbers = text.lines().filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            // Texts and histograms are ignored.
            Some((name.to_owned(), value.parse().ok()?))
        });
        Ok(Self(numbers.collect()))
    }

    /// The value under this name; zero if Envoy does not list it.
    pub fn count(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// The names that contain a text, with their values.
    pub fn matching<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (&'a str, u64)> {
        let named = move |name: &str| name.contains(text);
        self.0
            .iter()
            .filter(move |(name, _)| named(name))
            .map(|(name, count)| (name.as_str(), *count))
    }
}

pub(super) async fn get(admin: SocketAddr, path: &str) -> Result<String> {
    ask(admin, ClientRequest::get(path), path).await
}

pub(super) async fn post(admin: SocketAddr, path: &str) -> Result<String> {
    ask(admin, ClientRequest::post(path), path).await
}

async fn ask(admin: SocketAddr, asked: ClientRequest, path: &str) -> Result<String> {
    let mut connection = http::Connection::open(admin, &Caller::plaintext(), http::Version::Http1).await?;
    let reply = connection.send(asked).await?;
    if reply.status != 200 {
        bail!(
            "Envoy's administration answers {} to {path}: {}",
            reply.status,
            reply.body
        );
    }
    Ok(reply.body)
}

pub(super) async fn is_ready(admin: SocketAddr) -> bool {
    get(admin, "/ready").await.is_ok()
}

pub(super) async fn listeners(admin: SocketAddr) -> Result<BTreeMap<String, SocketAddr>> {
    let text = get(admin, "/listeners?format=json").await?;
    let answer: Value = serde_json::from_str(&text).context("reading Envoy's listeners")?;
    let statuses = answer["listener_statuses"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    // An internal listener has no port; only Envoy itself connects to it.
    let outside = |status: &&Value| status["local_address"].get("envoy_internal_address").is_none();
    statuses.iter().filter(outside).map(listener).collect()
}

fn listener(status: &Value) -> Result<(String, SocketAddr)> {
    let address = &status["local_address"]["socket_address"];
    let found = (|| {
        let ip = address["address"].as_str()?.parse().ok()?;
        let port = address["port_value"].as_u64()?.try_into().ok()?;
        Some((status["name"].as_str()?.to_owned(), SocketAddr::new(ip, port)))
    })();
    found.with_context(|| format!("unexpected listener: {status}"))
}
