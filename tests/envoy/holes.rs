//! Known holes of authorization, over the wire, byte by byte: with the settings that docs/envoy.md recommends, and
//! without any, to show what Envoy must normalise.

mod headers;
mod hosts;
mod names;
mod paths;

use std::fmt;

use anyhow::{Context, Result};
use peerwarden_lab::client::{Caller, ClientRequest, http, tcp};
use peerwarden_lab::config::{Bootstrap, Http, Listener, Protocol, Transport};
use peerwarden_lab::deadline;
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::PlainHttp;
use serde_json::{Value, json};

use crate::fixture::{FRONTEND, Mesh, configuration, module};

/// The result of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RequestResult {
    /// It reached the upstream.
    Passed,
    /// The module denied it.
    Denied,
    /// Envoy answered with this status, and the module was not called.
    Answered(u16),
}

use RequestResult::{Answered, Denied, Passed};

impl fmt::Debug for RequestResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Passed => f.write_str("Passed"),
            Denied => f.write_str("Denied"),
            Answered(status) => write!(f, "Answered({status})"),
        }
    }
}

/// A listener for each setting, with the same policies.
struct HoleLab {
    mesh: Mesh,
    envoy: Envoy,
    upstream: PlainHttp,
}

impl HoleLab {
    async fn start(settings: &[Http], resources: Value) -> Result<Self> {
        Self::start_with(settings, resources, json!({})).await
    }

    /// With further keys of the module's configuration.
    async fn start_with(settings: &[Http], resources: Value, keys: Value) -> Result<Self> {
        let mesh = Mesh::new()?;
        let upstream = PlainHttp::start().await?;
        let mut bootstrap = Bootstrap::new();
        for (n, http) in settings.iter().enumerate() {
            let transport = Transport::mutual(&mesh.server);
            let mut configuration = configuration("http", resources.clone());
            for (key, value) in keys.as_object().into_iter().flatten() {
                configuration[key] = value.clone();
            }
            let listener = Listener::http(&n.to_string(), transport, upstream.address())
                .protocol(Protocol::Http(http.clone()))
                .module(module(configuration)?);
            bootstrap = bootstrap.listener(listener);
        }
        let envoy = Envoy::start(bootstrap).await?;
        Ok(Self {
            mesh,
            envoy,
            upstream,
        })
    }

    /// Sends an HTTP/2 request with these headers.
    async fn ask_by_http2(&self, listener: usize, ask: ClientRequest) -> Result<RequestResult> {
        let reached = self.upstream.targets().len();
        let address = self.envoy.address(&listener.to_string())?;
        let reply = http::once(address, &self.mesh.caller(FRONTEND)?, http::Version::Http2, ask).await?;
        let passed = self.upstream.targets().len() > reached;
        Ok(match reply.status {
            403 if reply.body == "RBAC: access denied" && !passed => Denied,
            200 if passed => Passed,
            status => Answered(status),
        })
    }

    /// Sends an HTTP/1.1 request unchanged, with these header lines after the request line.
    async fn ask(
        &self,
        listener: usize,
        target: &[u8],
        host: &[u8],
        lines: &[&[u8]],
    ) -> Result<RequestResult> {
        self.ask_as(&self.mesh.caller(FRONTEND)?, listener, target, host, lines)
            .await
    }

    async fn ask_as(
        &self,
        caller: &Caller,
        listener: usize,
        target: &[u8],
        host: &[u8],
        lines: &[&[u8]],
    ) -> Result<RequestResult> {
        let mut request = [b"GET ", target, b" HTTP/1.1\r\nhost: ", host, b"\r\n"].concat();
        for line in lines {
            request.extend([*line, b"\r\n"].concat());
        }
        request.extend(b"connection: close\r\n\r\n");
        self.send(caller, listener, &request).await
    }

    /// Sends bytes unchanged.
    async fn send(&self, caller: &Caller, listener: usize, request: &[u8]) -> Result<RequestResult> {
        let reached = self.upstream.targets().len();
        let mut connection =
            tcp::Connection::open(self.envoy.address(&listener.to_string())?, caller).await?;
        connection.send_bytes(request).await?;
        let received = connection.receive(usize::MAX, deadline::EXCHANGE).await?;
        let status = received
            .text()
            .get("HTTP/1.1 ".len()..)
            .and_then(|rest| rest.get(..3)?.parse().ok());
        let status = status.with_context(|| format!("no status: {received:?}"))?;
        let denied = received.text().ends_with("RBAC: access denied");
        let passed = self.upstream.targets().len() > reached;
        assert!(!(denied && passed), "a denied request reached the upstream");
        Ok(match status {
            403 if denied => Denied,
            200 if passed => Passed,
            status => Answered(status),
        })
    }
}

/// The recommendations of docs/envoy.md.
fn recommended() -> Http {
    Http::default().with("path_with_escaped_slashes_action", json!("UNESCAPE_AND_REDIRECT"))
}
