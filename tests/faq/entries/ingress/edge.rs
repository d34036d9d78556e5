//! An ingress with two applications behind it: one for everybody, one for those with a certificate.

use anyhow::{Context, Result, ensure};
use peerwarden_lab::certificates::Certificate;
use peerwarden_lab::client::http::{self, Version};
use peerwarden_lab::client::{Caller, ClientRequest, Reply};
use peerwarden_lab::config::Port;
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::upstream::{HttpEcho, ReceivedRequest};
use serde_json::{Value, json};

use crate::entry::Evidence;
use crate::stage::Stage;

/// Both versions of HTTP that clients speak.
pub(super) const VERSIONS: [Version; 2] = [Version::Http1, Version::Http2];

/// The name of the server for everyone.
pub(super) const SHOP: &str = "shop.example.com";
/// The name of the server that requires a certificate. It is covered by the other server's wildcard too.
pub(super) const ADMIN: &str = "admin.example.com";
/// A name of the shop without a policy against clients that bypass the proxy.
pub(super) const UNGUARDED: &str = "unguarded.example.com";
/// A name of no server, which the certificate covers nevertheless: a client would not notice.
pub(super) const STRANGER: &str = "shop.example.org";

/// The operator, whom policies allow at [`ADMIN`].
pub(super) const OPERATOR: &str = "spiffe://cluster.local/ns/ops/sa/operator";
/// One with a certificate of the same authority.
pub(super) const FRONTEND: &str = "spiffe://cluster.local/ns/web/sa/frontend";

pub(super) struct Edge {
    pub(super) stage: Stage,
    pub(super) shop: HttpEcho,
    pub(super) admin: HttpEcho,
    /// The port for TLS.
    pub(super) tls: Port,
    /// The port that redirects plaintext.
    pub(super) plain: Port,
    asked: usize,
    served: usize,
}

/// The expected response to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExpectedResponse {
    /// An application answers.
    Served,
    /// Envoy answers, with this status.
    Status(u16),
    /// There is no answer: no handshake, or a connection that is closed.
    Closed,
}

impl Edge {
    pub(super) async fn set() -> Result<Self> {
        let edge = Self {
            stage: Stage::set()?,
            shop: HttpEcho::start().await?,
            admin: HttpEcho::start().await?,
            tls: Port::reserve()?,
            plain: Port::reserve()?,
            asked: 0,
            served: 0,
        };
        edge.credential("edge")?;
        Ok(edge)
    }

    /// Writes a certificate with all names, as a `credentialName` expects it: a Kubernetes secret as a folder.
    pub(super) fn credential(&self, name: &str) -> Result<()> {
        let mut certificate = Certificate::nameless();
        for name in [SHOP, "*.example.com", STRANGER] {
            certificate = certificate.dns(name);
        }
        let identity = self.stage.authority.issue(certificate)?;
        let folder = self.stage.certificates().join(name);
        std::fs::create_dir(&folder)?;
        std::fs::write(folder.join("tls.crt"), identity.certificate_pem())?;
        std::fs::write(folder.join("tls.key"), identity.key_pem())?;
        std::fs::write(folder.join("ca.crt"), self.stage.authority.pem())?;
        Ok(())
    }

    /// Starts the ingress.
    pub(super) async fn open(&self, trusted_proxies: u8, policies: &[Value]) -> Result<Envoy> {
        let description = json!({
            "workload": {"namespace": "istio-ingress", "labels": {"istio": "ingressgateway"}},
            "numTrustedProxies": trusted_proxies,
            "routes": [
                {"hosts": [SHOP, UNGUARDED], "upstream": self.shop.address().to_string()},
                {"hosts": [ADMIN], "upstream": self.admin.address().to_string()},
            ],
        });
        let server = |port: &Port, protocol: &str, host: &str, tls: Value| {
            let port =
                json!({"number": port.number(), "name": protocol.to_lowercase(), "protocol": protocol});
            json!({"port": port, "hosts": [host], "tls": tls})
        };
        let gateway = json!({
            "apiVersion": "networking.istio.io/v1",
            "kind": "Gateway",
            "metadata": {"name": "edge", "namespace": "istio-ingress"},
            "spec": {
                "selector": {"istio": "ingressgateway"},
                "servers": [
                    server(&self.plain, "HTTP", "*.example.com", json!({"httpsRedirect": true})),
                    server(&self.tls, "HTTPS", "*.example.com", json!({"mode": "SIMPLE", "credentialName": "edge"})),
                    server(&self.tls, "HTTPS", ADMIN, json!({"mode": "MUTUAL", "credentialName": "edge"})),
                ],
            },
        });
        let ingress = self.stage.ingress(description, &[gateway], policies)?;
        Envoy::launch(Launch::yaml(ingress.file()?.text)).await
    }

    /// A client without a certificate, with this name in SNI.
    pub(super) fn anybody(&self, name: &str) -> Result<Caller> {
        Ok(Caller::anonymous(&self.stage.authority)?.server_name(name))
    }

    /// A client with a certificate, with this name in SNI.
    pub(super) fn peer(&self, uri: &str, name: &str) -> Result<Caller> {
        Ok(self.stage.workload(uri)?.server_name(name))
    }

    /// Asks the TLS port, on a new connection, and returns the reply if there is one.
    pub(super) async fn ask(
        &mut self,
        what: &str,
        caller: &Caller,
        version: Version,
        ask: ClientRequest,
        wanted: ExpectedResponse,
    ) -> Result<Option<Reply>> {
        let port = self.tls.number();
        self.ask_port(port, what, caller, version, ask, wanted).await
    }

    /// The same on any port.
    pub(super) async fn ask_port(
        &mut self,
        port: u16,
        what: &str,
        caller: &Caller,
        version: Version,
        ask: ClientRequest,
        wanted: ExpectedResponse,
    ) -> Result<Option<Reply>> {
        let before = self.reached();
        let reply = http::once(([127, 0, 0, 1], port).into(), caller, version, ask).await;
        let reached = self.reached() - before;
        self.asked += 1;
        self.served += usize::from(wanted == ExpectedResponse::Served);
        let right = match (&reply, wanted) {
            (Ok(reply), ExpectedResponse::Served) => reply.status == 200 && reached == 1,
            (Ok(reply), ExpectedResponse::Status(status)) => reply.status == status && reached == 0,
            (Err(error), ExpectedResponse::Closed) => {
                !format!("{error:#}").contains("not over within") && reached == 0
            }
            (Ok(_), ExpectedResponse::Closed)
            | (Err(_), ExpectedResponse::Served | ExpectedResponse::Status(_)) => false,
        };
        let got = reply.as_ref().map(|reply| reply.status);
        ensure!(
            right,
            "{what} by {version:?}: wanted {wanted:?}, got {got:?}, {reached} reached an application"
        );
        Ok(reply.ok())
    }

    /// The last request to the shop.
    pub(super) fn last_of_shop(&self) -> Result<ReceivedRequest> {
        self.shop.seen().pop().context("nothing has reached the shop")
    }

    /// The last request to the other application.
    pub(super) fn last_of_admin(&self) -> Result<ReceivedRequest> {
        self.admin
            .seen()
            .pop()
            .context("nothing has reached the application")
    }

    fn reached(&self) -> usize {
        self.shop.seen().len() + self.admin.seen().len()
    }

    pub(super) fn evidence(&self) -> Result<Evidence> {
        let (asked, served, reached) = (self.asked, self.served, self.reached());
        ensure!(
            reached == served,
            "{served} were to be served, {reached} reached an application"
        );
        Ok(format!(
            "{asked} requests by HTTP/1.1 and HTTP/2: {served} served, {} refused or redirected, none of which reached an application",
            asked - served
        ))
    }
}
