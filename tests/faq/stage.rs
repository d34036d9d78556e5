//! A mesh created for the tests: its authority, certificates where rendered configurations expect them, and Envoys that
//! run these.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use peerwarden_engine::document::Value;
use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::client::{Caller, ClientRequest, http};
use peerwarden_lab::config::{Port, ServerTls};
use peerwarden_lab::locate;
use peerwarden_render::File;
use peerwarden_render::client::Client;
use peerwarden_render::inbound::Inbound;
use peerwarden_render::ingress::Ingress;
use serde_json::json;
use tempfile::TempDir;

/// A mesh of the trust domain `cluster.local`.
pub(crate) struct Stage {
    pub(crate) authority: Authority,
    directory: TempDir,
}

/// The result of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestResult {
    /// The application answered it.
    Served,
    /// Envoy answered it with 403.
    Forbidden,
    /// There was no answer: no connection, no handshake, or one that was closed.
    Closed,
}

impl Stage {
    /// A mesh, and its server's certificate.
    pub(crate) fn set() -> Result<Self> {
        let authority = Authority::new("cluster.local")?;
        let directory = tempfile::Builder::new().prefix("peerwarden-faq-").tempdir()?;
        let server = Certificate::spiffe("spiffe://cluster.local/ns/shop/sa/orders").dns(ServerTls::NAME);
        let stage = Self { authority, directory };
        stage.identity("certs", server)?;
        Ok(stage)
    }

    /// A folder with a certificate, in Istio's names.
    pub(crate) fn identity(&self, folder: &str, certificate: Certificate) -> Result<PathBuf> {
        let identity = self.authority.issue(certificate)?;
        let folder = self.folder(folder)?;
        std::fs::write(folder.join("cert-chain.pem"), identity.certificate_pem())?;
        std::fs::write(folder.join("key.pem"), identity.key_pem())?;
        std::fs::write(folder.join("root-cert.pem"), self.authority.pem())?;
        Ok(folder)
    }

    /// The folder with the certificate of `spiffe://cluster.local/ns/shop/sa/orders`, with Istio's file names.
    pub(crate) fn certificates(&self) -> PathBuf {
        self.directory.path().join("certs")
    }

    /// The access log of the Envoys, one line for each request or connection that has ended.
    pub(crate) fn access_log(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.access_log_file())?)
    }

    fn access_log_file(&self) -> PathBuf {
        self.directory.path().join("access.log")
    }

    /// A new folder.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.directory.path().join(name);
        std::fs::create_dir(&folder)?;
        Ok(folder)
    }

    /// A caller with a certificate of the mesh.
    pub(crate) fn workload(&self, uri: &str) -> Result<Caller> {
        Caller::workload(&self.authority, &self.authority.issue(Certificate::spiffe(uri))?)
    }

    /// The configuration for a workload, as `peerwarden render inbound` would write it for this description, which
    /// lacks only the machine-specific parts.
    pub(crate) fn inbound(
        &self,
        description: serde_json::Value,
        resources: &[serde_json::Value],
    ) -> Result<Inbound> {
        let description = self.local(description)?;
        Inbound::new(&description, &values(resources)?).map_err(|problems| anyhow::anyhow!("{problems}"))
    }

    /// The configuration of a gateway, as `peerwarden render ingress` would write it, for a description that lacks the same.
    pub(crate) fn ingress(
        &self,
        description: serde_json::Value,
        gateways: &[serde_json::Value],
        resources: &[serde_json::Value],
    ) -> Result<Ingress> {
        let description = self.local(description)?;
        Ingress::new(&description, &values(gateways)?, &values(resources)?)
            .map_err(|problems| anyhow::anyhow!("{problems}"))
    }

    /// A description with the machine-specific parts added.
    fn local(&self, mut description: serde_json::Value) -> Result<Value> {
        description["module"] = json!(locate::module()?);
        // The default, explicit or not.
        let default = json!({"directory": "/etc/certs"});
        if description
            .get("certificates")
            .is_none_or(|said| *said == default)
        {
            description["certificates"] = json!({"directory": self.certificates()});
        }
        description["address"] = "127.0.0.1".into();
        description["admin"] = "127.0.0.1:0".into();
        description["accessLog"] = json!(self.access_log_file());
        // Envoy 1.36 has no rate limit for logs, and all of this must run there too.
        description["refusedPerSecond"] = 0.into();
        value(description)
    }

    /// The configuration of a client's side, as `peerwarden render client` would write it.
    pub(crate) fn outbound(
        &self,
        description: &serde_json::Value,
        rules: &[serde_json::Value],
        policies: &[serde_json::Value],
    ) -> Result<Client> {
        let rendered = Client::new(&value(description.clone())?, &values(rules)?, &values(policies)?);
        rendered.map_err(|problems| anyhow::anyhow!("{problems}"))
    }
}

/// Replaces the files of a folder as `peerwarden render inbound --out` does, each by renaming.
pub(crate) fn deliver(inbound: &Inbound, folder: &Path) -> Result<()> {
    for file in inbound.files(folder.to_str().context("a path in UTF-8")?)? {
        deliver_one(&file, folder)?;
    }
    Ok(())
}

/// Replaces one file by renaming.
pub(crate) fn deliver_one(file: &File, folder: &Path) -> Result<()> {
    let new = folder.join(format!(".{}.new", file.name));
    std::fs::write(&new, &file.text)?;
    std::fs::rename(&new, folder.join(&file.name))?;
    Ok(())
}

/// Asks once, on a new connection.
pub(crate) async fn ask(port: &Port, caller: &Caller) -> RequestResult {
    let address = ([127, 0, 0, 1], port.number()).into();
    outcome(
        http::once(address, caller, http::Version::Http1, ClientRequest::get("/"))
            .await
            .map(|reply| reply.status),
    )
}

/// The outcome of a reply.
pub(crate) fn outcome(status: Result<u16>) -> RequestResult {
    match status {
        Ok(200) => RequestResult::Served,
        Ok(403) => RequestResult::Forbidden,
        Ok(_) | Err(_) => RequestResult::Closed,
    }
}

/// A `PeerAuthentication`.
pub(crate) fn peer_authentication(namespace: &str, name: &str, spec: serde_json::Value) -> serde_json::Value {
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "PeerAuthentication",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    })
}

/// An `AuthorizationPolicy` that allows these principals at a workload of `shop`.
pub(crate) fn admits(principals: &[&str]) -> serde_json::Value {
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": "clients", "namespace": "shop"},
        "spec": {"rules": [{"from": [{"source": {"principals": principals}}]}]},
    })
}

fn value(json: serde_json::Value) -> Result<Value> {
    Ok(serde_json::from_value(json)?)
}

fn values(json: &[serde_json::Value]) -> Result<Vec<Value>> {
    json.iter().cloned().map(value).collect()
}
