//! A workload as `peerwarden render inbound` writes it, on a real Envoy.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use peerwarden_engine::document::Value as Document;
use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::client::http::{self, Version};
use peerwarden_lab::client::{Caller, ClientRequest, Reply};
use peerwarden_lab::config::{Port, ServerTls};
use peerwarden_lab::deadline::{self, until};
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::locate;
use peerwarden_lab::upstream::HttpEcho;
use peerwarden_render::inbound::Inbound;
use serde_json::{Value, json};
use tempfile::TempDir;

/// One port for HTTP of the workload `orders` in the namespace `shop`, STRICT.
pub(crate) struct RenderedWorkload {
    pub(crate) authority: Authority,
    pub(crate) application: HttpEcho,
    port: Port,
    folder: TempDir,
    _envoy: Envoy,
}

impl RenderedWorkload {
    /// Starts it, with these keys of the description in addition to the required ones.
    pub(crate) async fn start(keys: Value, policies: &[Value]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let authority = Authority::new("cluster.local")?;
        let certificate =
            Certificate::spiffe("spiffe://cluster.local/ns/shop/sa/orders").dns(ServerTls::NAME);
        let identity = authority.issue(certificate)?;
        for (name, pem) in [
            ("cert-chain.pem", identity.certificate_pem()),
            ("key.pem", identity.key_pem()),
            ("root-cert.pem", authority.pem()),
        ] {
            std::fs::write(folder.path().join(name), pem)?;
        }
        let (port, application) = (Port::reserve()?, HttpEcho::start().await?);
        let mut description = json!({
            "workload": {"namespace": "shop", "serviceAccount": "orders", "labels": {"app": "orders"}},
            "module": locate::module()?,
            "certificates": {"directory": folder.path()},
            "address": "127.0.0.1",
            "admin": "127.0.0.1:0",
            "accessLog": folder.path().join("access.log"),
            "ports": [{"port": port.number(), "protocol": "HTTP", "upstream": application.address().to_string()}],
        });
        for (name, value) in keys.as_object().into_iter().flatten() {
            description[name] = value.clone();
        }
        let strict = json!({
            "apiVersion": "security.istio.io/v1",
            "kind": "PeerAuthentication",
            "metadata": {"name": "strict", "namespace": "shop"},
            "spec": {"mtls": {"mode": "STRICT"}},
        });
        let documents = policies.iter().cloned().chain([strict]);
        let documents: Vec<Document> = documents.map(serde_json::from_value).collect::<Result<_, _>>()?;
        let inbound = Inbound::new(&serde_json::from_value(description)?, &documents)
            .map_err(|problems| anyhow::anyhow!("{problems}"))?;
        let envoy = Envoy::launch(Launch::yaml(inbound.file()?.text)).await?;
        Ok(Self {
            authority,
            application,
            port,
            folder,
            _envoy: envoy,
        })
    }

    /// A caller with any certificate of any authority; it trusts the workload's authority.
    pub(crate) fn caller(&self, issuer: &Authority, certificate: Certificate) -> Result<Caller> {
        Caller::workload(&self.authority, &issuer.issue(certificate)?)
    }

    /// Its address.
    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port.number()).into()
    }

    /// Asks on a new connection.
    pub(crate) async fn ask(&self, caller: &Caller, version: Version, ask: ClientRequest) -> Result<Reply> {
        http::once(self.address(), caller, version, ask).await
    }

    /// The access log, once it has this many lines.
    pub(crate) async fn log(&self, lines: usize) -> Result<Vec<Value>> {
        self.log_of(lines, |_| true).await
    }

    /// Only the lines of requests, once there are this many: the listener logs connections to the same file.
    pub(crate) async fn requests(&self, lines: usize) -> Result<Vec<Value>> {
        self.log_of(lines, |line| line.get("method").is_some()).await
    }

    async fn log_of(&self, lines: usize, wanted: impl Fn(&Value) -> bool) -> Result<Vec<Value>> {
        let path = self.folder.path().join("access.log");
        until(deadline::EXCHANGE, "the access log", async || {
            let text = std::fs::read_to_string(&path)?;
            let complete = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            let entries: Vec<Value> = complete
                .map(serde_json::from_str)
                .collect::<Result<_, _>>()
                .context("reading the access log")?;
            let entries: Vec<Value> = entries.into_iter().filter(&wanted).collect();
            Ok((entries.len() >= lines).then_some(entries))
        })
        .await
    }
}
