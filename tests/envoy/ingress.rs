//! Features of `render ingress` beyond the security FAQ: watched secrets, names of clients, versions of TLS, a server
//! for all names, and policies that change while Envoy runs.

use std::path::Path;

use anyhow::{Context, Result};
use peerwarden_engine::document::Value as Document;
use peerwarden_lab::certificates::{Authority, Certificate, Identity};
use peerwarden_lab::client::{Caller, ClientRequest, http, tcp};
use peerwarden_lab::config::Port;
use peerwarden_lab::deadline;
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::locate;
use peerwarden_lab::upstream::HttpEcho;
use peerwarden_render::ingress::Ingress;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const HOST: &str = "shop.example.com";
const OPERATOR: &str = "spiffe://cluster.local/ns/ops/sa/operator";
const FRONTEND: &str = "spiffe://cluster.local/ns/web/sa/frontend";

/// An authority, its secret `edge` in files for SDS, and an application.
pub(crate) struct Edge {
    pub(crate) authority: Authority,
    pub(crate) directory: TempDir,
    pub(crate) upstream: HttpEcho,
    pub(crate) port: Port,
}

impl Edge {
    pub(crate) async fn set() -> Result<Self> {
        let edge = Self {
            authority: Authority::new("cluster.local")?,
            directory: tempfile::tempdir()?,
            upstream: HttpEcho::start().await?,
            port: Port::reserve()?,
        };
        let identity = edge.authority.issue(Certificate::nameless().dns(HOST))?;
        secrets(edge.directory.path(), &identity, &edge.authority)?;
        Ok(edge)
    }

    pub(crate) fn ingress(&self, host: &str, tls: &Value, policies: &[Value]) -> Result<Ingress> {
        let description = json!({
            "workload": {"namespace": "istio-ingress"},
            "module": locate::module()?,
            "certificates": {"sds": self.directory.path()},
            "address": "127.0.0.1",
            "admin": "127.0.0.1:0",
            "accessLog": self.directory.path().join("access.log"),
            // Envoy 1.36 has no limit for it.
            "refusedPerSecond": if locate::envoy_minor()? >= 37 { 10 } else { 0 },
            "routes": [{"hosts": [host], "upstream": self.upstream.address().to_string()}],
        });
        let gateway = json!({
            "apiVersion": "networking.istio.io/v1",
            "kind": "Gateway",
            "metadata": {"name": "edge", "namespace": "istio-ingress"},
            "spec": {"servers": [{
                "port": {"number": self.port.number(), "name": "https", "protocol": "HTTPS"},
                "hosts": [host],
                "tls": tls,
            }]},
        });
        let policies: Vec<Document> = policies.iter().map(document).collect::<Result<_>>()?;
        Ingress::new(&document(&description)?, &[document(&gateway)?], &policies)
            .map_err(|problems| anyhow::anyhow!("{problems}"))
    }

    fn peer(&self, uri: &str) -> Result<Caller> {
        Caller::workload(&self.authority, &self.authority.issue(Certificate::spiffe(uri))?)
    }

    /// The status of an answer, if there is one.
    async fn ask(&self, caller: Caller) -> Option<u16> {
        let address = ([127, 0, 0, 1], self.port.number()).into();
        let reply = http::once(
            address,
            &caller,
            http::Version::Http2,
            ClientRequest::get("/").host(HOST),
        )
        .await;
        reply.ok().map(|reply| reply.status)
    }
}

fn document(value: &Value) -> Result<Document> {
    Ok(serde_json::from_value(value.clone())?)
}

/// `edge.yaml` with the certificate, `edge-cacert.yaml` with the roots.
fn secrets(folder: &Path, identity: &Identity, authority: &Authority) -> Result<()> {
    let inline = |text: String| json!({"inline_string": text});
    let certificate = json!({
        "certificate_chain": inline(identity.certificate_pem()),
        "private_key": inline(identity.key_pem()),
    });
    for (name, kind, secret) in [
        ("edge", "tls_certificate", certificate),
        (
            "edge-cacert",
            "validation_context",
            json!({"trusted_ca": inline(authority.pem())}),
        ),
    ] {
        let mut resource = json!({
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
            "name": name,
        });
        resource[kind] = secret;
        // JSON is YAML too.
        let text = json!({"resources": [resource]}).to_string();
        std::fs::write(folder.join(format!("{name}.yaml")), text)?;
    }
    Ok(())
}

#[tokio::test]
async fn a_secret_by_sds_and_the_names_of_clients() -> Result<()> {
    let edge = Edge::set().await?;
    let tls = json!({"mode": "MUTUAL", "credentialName": "edge", "subjectAltNames": [OPERATOR]});
    let _envoy = Envoy::launch(Launch::yaml(edge.ingress(HOST, &tls, &[])?.file()?.text)).await?;
    let foreign = Authority::new("cluster.local")?.issue(Certificate::spiffe(OPERATOR))?;
    for (caller, status) in [
        (edge.peer(OPERATOR)?, Some(200)),
        // From the same authority, but with another name.
        (edge.peer(FRONTEND)?, None),
        (Caller::workload(&edge.authority, &foreign)?, None),
        (Caller::anonymous(&edge.authority)?, None),
    ] {
        let described = format!("{caller:?}");
        assert_eq!(edge.ask(caller.server_name(HOST)).await, status, "{described}");
    }
    assert_eq!(edge.upstream.seen().len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_server_of_all_names_takes_who_asks_for_none_but_no_plaintext() -> Result<()> {
    let edge = Edge::set().await?;
    let tls = json!({"mode": "SIMPLE", "credentialName": "edge"});
    let _envoy = Envoy::launch(Launch::yaml(edge.ingress("*", &tls, &[])?.file()?.text)).await?;
    for (caller, status) in [
        (Caller::anonymous(&edge.authority)?.server_name(HOST), Some(200)),
        // The laboratory sends no SNI for an address.
        (
            Caller::anonymous(&edge.authority)?.server_name("127.0.0.1"),
            Some(200),
        ),
        (
            Caller::anonymous_tls12(&edge.authority)?.server_name(HOST),
            Some(200),
        ),
        (Caller::plaintext(), None),
    ] {
        let described = format!("{caller:?}");
        assert_eq!(edge.ask(caller).await, status, "{described}");
    }
    assert_eq!(edge.upstream.seen().len(), 3);
    Ok(())
}

#[tokio::test]
async fn who_says_nothing_is_not_waited_for() -> Result<()> {
    let edge = Edge::set().await?;
    let tls = json!({"mode": "SIMPLE", "credentialName": "edge"});
    let _envoy = Envoy::launch(Launch::yaml(edge.ingress(HOST, &tls, &[])?.file()?.text)).await?;
    let address = ([127, 0, 0, 1], edge.port.number()).into();
    let mut silent = tcp::Connection::open(address, &Caller::plaintext()).await?;
    let received = silent.receive(1, deadline::EXCHANGE).await?;
    assert!(received.nothing(), "{received:?}");
    Ok(())
}

#[tokio::test]
async fn an_older_tls_is_refused_where_a_newer_is_asked_for() -> Result<()> {
    let edge = Edge::set().await?;
    let tls = json!({"mode": "SIMPLE", "credentialName": "edge", "minProtocolVersion": "TLSV1_3"});
    let _envoy = Envoy::launch(Launch::yaml(edge.ingress(HOST, &tls, &[])?.file()?.text)).await?;
    let newer = Caller::anonymous(&edge.authority)?.server_name(HOST);
    let older = Caller::anonymous_tls12(&edge.authority)?.server_name(HOST);
    assert_eq!(edge.ask(newer).await, Some(200));
    assert_eq!(edge.ask(older).await, None);
    assert_eq!(edge.upstream.seen().len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_policy_comes_in_while_envoy_runs() -> Result<()> {
    let edge = Edge::set().await?;
    let folder = edge.directory.path().join("envoy");
    std::fs::create_dir(&folder)?;
    let tls = json!({"mode": "MUTUAL", "credentialName": "edge"});
    let deliver = |policies: &[Value]| -> Result<String> {
        let files = edge
            .ingress(HOST, &tls, policies)?
            .files(folder.to_str().context("a path in UTF-8")?)?;
        for file in &files {
            let new = folder.join("new");
            std::fs::write(&new, &file.text)?;
            std::fs::rename(&new, folder.join(&file.name))?;
        }
        let bootstrap = files.into_iter().find(|file| file.name == "bootstrap.yaml");
        Ok(bootstrap.context("no bootstrap")?.text)
    };
    let _envoy = Envoy::launch(Launch::yaml(deliver(&[])?)).await?;
    let operator = edge.peer(OPERATOR)?.server_name(HOST);
    let status = deadline::until(deadline::START, "the listener", async || {
        Ok(edge.ask(operator.clone()).await)
    });
    assert_eq!(status.await?, 200);
    deliver(&[json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": "frontend", "namespace": "istio-ingress"},
        "spec": {"rules": [{"from": [{"source": {"principals": ["cluster.local/ns/web/sa/frontend"]}}]}]},
    })])?;
    deadline::until(deadline::START, "the new policy", async || {
        Ok(edge.ask(operator.clone()).await.filter(|status| *status == 403))
    })
    .await?;
    let frontend = edge.peer(FRONTEND)?.server_name(HOST);
    assert_eq!(edge.ask(frontend).await, Some(200));
    Ok(())
}

/// Envoy removes one port and one dot. A name that still has one would be another host to policies, and the same one to
/// an application.
#[tokio::test]
async fn a_host_that_is_spelt_twice_reaches_no_application() -> Result<()> {
    const SECRET: &str = "secret.example";
    let edge = Edge::set().await?;
    let tls = json!({"mode": "SIMPLE", "credentialName": "edge"});
    let policy = |name: &str, spec: Value| {
        json!({
            "apiVersion": "security.istio.io/v1",
            "kind": "AuthorizationPolicy",
            "metadata": {"name": name, "namespace": "istio-ingress"},
            "spec": spec,
        })
    };
    let policies = [
        policy("all", json!({"rules": [{}]})),
        policy(
            "no-secret",
            json!({"action": "DENY", "rules": [{"to": [{"operation": {"hosts": [SECRET]}}]}]}),
        ),
    ];
    let _envoy = Envoy::launch(Launch::yaml(edge.ingress("*", &tls, &policies)?.file()?.text)).await?;
    let address = ([127, 0, 0, 1], edge.port.number()).into();
    for (host, status) in [
        ("shop.example", 200),
        ("shop.example:8443", 200),
        ("shop.example.", 200),
        ("[2001:db8::1]:8443", 200),
        (SECRET, 403),
        ("secret.example:443", 403),
        ("secret.example.", 403),
        ("secret.example.:443", 403),
        ("SECRET.example:443", 403),
        ("secret.example:80:80", 400),
        ("secret.example:443:1", 400),
        ("secret.example..", 400),
        ("secret.example..:443", 400),
        ("secret.example.:443:1", 400),
        ("secret.example:", 400),
        // Texts that some applications read as a host anyway.
        ("x@secret.example", 400),
        ("secret.example,shop.example", 400),
        ("[secret.example]", 400),
        ("%73ecret.example", 400),
        ("secret.example;x", 400),
    ] {
        for version in [http::Version::Http1, http::Version::Http2] {
            let caller = Caller::anonymous(&edge.authority)?.server_name(HOST);
            let reply = http::once(address, &caller, version, ClientRequest::get("/").host(host)).await;
            let got = reply.map(|reply| reply.status).ok();
            let is_refused = got.is_none() || got.is_some_and(|got| got >= 400);
            let is_right = if status == 200 {
                got == Some(200)
            } else {
                is_refused
            };
            anyhow::ensure!(is_right, "{host} by {version:?}: {got:?}, and should be {status}");
        }
    }
    let reached = edge.upstream.seen();
    anyhow::ensure!(reached.len() == 8, "{reached:?}");
    Ok(())
}
