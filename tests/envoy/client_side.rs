//! The client side as `render client` writes it, with real servers: each mode of a rule × each of the server's, HTTP
//! and TCP.

mod running;

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use peerwarden_engine::document::Value as Document;
use peerwarden_lab::certificates::{Authority, Certificate, Files};
use peerwarden_lab::client::{Caller, ClientRequest, http, tcp};
use peerwarden_lab::config::{Bootstrap, ClientCertificate, Listener, Port, ServerTls, Transport};
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::upstream::{HttpEcho, TcpEcho};
use peerwarden_render::client as render;
use serde_json::{Value, json};

use crate::fixture::{configuration, module, peer_authentication};

const HOST: &str = "orders.shop.svc.cluster.local";
const RULES: [&str; 5] = ["auto", "DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"];
const SERVERS: [&str; 3] = ["STRICT", "PERMISSIVE", "DISABLE"];

fn document(value: &Value) -> Result<Document> {
    Ok(serde_json::from_value(value.clone())?)
}

/// The client's certificate, in a directory with Istio's names.
struct Client {
    directory: tempfile::TempDir,
}

impl Client {
    fn new(mesh: &Authority) -> Result<Self> {
        let identity = mesh.issue(Certificate::spiffe("spiffe://cluster.local/ns/web/sa/frontend"))?;
        let files = Files::write(&identity, &[mesh])?;
        let directory = tempfile::tempdir()?;
        let copies = [
            (files.certificate(), "cert-chain.pem"),
            (files.key(), "key.pem"),
            (files.roots(), "root-cert.pem"),
        ];
        for (from, to) in copies {
            std::fs::copy(from, directory.path().join(to))?;
        }
        Ok(Self { directory })
    }

    fn file(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    /// A rule of this mode for the service; `auto` means no rule.
    fn rule(&self, mode: &str) -> Option<Value> {
        let mut tls = json!({"mode": mode});
        match mode {
            "auto" => return None,
            "SIMPLE" | "MUTUAL" => {
                tls["caCertificates"] = self.file("root-cert.pem").into();
                tls["subjectAltNames"] = json!(["spiffe://cluster.local/ns/shop/sa/orders"]);
            }
            _ => {}
        }
        if mode == "MUTUAL" {
            tls["clientCertificate"] = self.file("cert-chain.pem").into();
            tls["privateKey"] = self.file("key.pem").into();
        }
        Some(json!({
            "apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
            "metadata": {"name": "orders", "namespace": "shop"},
            "spec": {"host": "orders", "trafficPolicy": {"tls": tls}},
        }))
    }

    /// The configuration for one server.
    fn render(&self, server: SocketAddr, way: &CallCase, listen: &Port) -> Result<render::Client> {
        let labels = if way.sidecar {
            json!({"app": "orders", "security.istio.io/tlsMode": "istio"})
        } else {
            json!({"app": "orders"})
        };
        let description = json!({
            "workload": {"namespace": "web", "serviceAccount": "frontend"},
            "certificates": {"directory": self.directory.path()},
            "services": [{
                "host": HOST, "namespace": "shop",
                "ports": [{
                    "port": 80, "targetPort": server.port(), "listen": listen.number(),
                    "protocol": if way.http { "HTTP" } else { "TCP" },
                }],
                "endpoints": [{"address": "127.0.0.1", "serviceAccount": way.account, "labels": labels}],
            }],
        });
        let rules: Vec<Document> = self.rule(way.rule).iter().map(document).collect::<Result<_>>()?;
        let policies = [document(&peer_authentication(way.server))?];
        render::Client::new(&document(&description)?, &rules, &policies)
            .map_err(|problems| anyhow::anyhow!("{problems:?}"))
    }
}

/// One combination of client and server.
struct CallCase {
    rule: &'static str,
    server: &'static str,
    http: bool,
    sidecar: bool,
    account: &'static str,
}

/// Whether the client speaks TLS, by the definition of auto mutual TLS and of each mode.
fn speaks_tls(way: &CallCase) -> bool {
    match way.rule {
        "auto" => way.sidecar && way.server != "DISABLE",
        mode => mode != "DISABLE",
    }
}

/// Whether the server accepts it: STRICT requires a certificate, DISABLE plaintext; SIMPLE has no certificate.
fn is_served(way: &CallCase) -> bool {
    match way.server {
        "STRICT" => speaks_tls(way) && way.rule != "SIMPLE",
        "PERMISSIVE" => true,
        _ => !speaks_tls(way),
    }
}

/// Calls through a client's Envoy that was rendered for it.
async fn works(client: &Client, server: SocketAddr, way: &CallCase) -> Result<bool> {
    let listen = Port::reserve()?;
    let text = client.render(server, way, &listen)?.file()?.text;
    let envoy = Envoy::launch(Launch::yaml(&text))
        .await
        .with_context(|| text.clone())?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, listen.number()));
    let plaintext = Caller::plaintext();
    let works = if way.http {
        http::once(
            address,
            &plaintext,
            http::Version::Http1,
            ClientRequest::get("/orders"),
        )
        .await?
        .status
            == 200
    } else {
        tcp::Connection::open(address, &plaintext)
            .await?
            .echo("hello\n")
            .await?
            .text()
            == "hello\n"
    };
    drop(envoy);
    Ok(works)
}

/// The server's Envoy, with the module: a listener for each mode and protocol.
async fn servers(mesh: &Authority, http: SocketAddr, tcp: SocketAddr) -> Result<Envoy> {
    let identity = Certificate::spiffe("spiffe://cluster.local/ns/shop/sa/orders");
    let tls = ServerTls::issue(mesh, identity, &[mesh])?;
    let mut bootstrap = Bootstrap::new();
    for mode in SERVERS {
        let transport = match mode {
            "STRICT" => Transport::mutual(&tls),
            "DISABLE" => Transport::Plaintext,
            _ => Transport::Permissive(tls.clone(), ClientCertificate::Optional),
        };
        let policies = json!([peer_authentication(mode)]);
        let listener = Listener::http(&format!("http {mode}"), transport.clone(), http);
        bootstrap = bootstrap.listener(listener.module(module(configuration("http", policies.clone()))?));
        let listener = Listener::tcp(&format!("tcp {mode}"), transport, tcp);
        bootstrap = bootstrap.listener(listener.module(module(configuration("tcp", policies))?));
    }
    Envoy::start(bootstrap).await
}

#[tokio::test]
async fn every_mode_meets_every_server() -> Result<()> {
    let mesh = Authority::new("cluster.local")?;
    let (http, tcp) = (HttpEcho::start().await?, TcpEcho::start().await?);
    let servers = servers(&mesh, http.address(), tcp.address()).await?;
    let client = Client::new(&mesh)?;
    for server in SERVERS {
        for rule in RULES {
            for http in [true, false] {
                let way = CallCase {
                    rule,
                    server,
                    http,
                    sidecar: true,
                    account: "orders",
                };
                let name = if http {
                    format!("http {server}")
                } else {
                    format!("tcp {server}")
                };
                let seen = works(&client, servers.address(&name)?, &way).await?;
                assert_eq!(seen, is_served(&way), "{rule} to {name}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_server_of_another_identity_is_refused() -> Result<()> {
    let mesh = Authority::new("cluster.local")?;
    let (http, tcp) = (HttpEcho::start().await?, TcpEcho::start().await?);
    let servers = servers(&mesh, http.address(), tcp.address()).await?;
    let client = Client::new(&mesh)?;
    for (account, served) in [("orders", true), ("payments", false)] {
        for rule in ["auto", "ISTIO_MUTUAL"] {
            let way = CallCase {
                rule,
                server: "STRICT",
                http: false,
                sidecar: true,
                account,
            };
            assert_eq!(
                works(&client, servers.address("tcp STRICT")?, &way).await?,
                served,
                "{rule} {account}"
            );
        }
    }
    Ok(())
}

/// The port of a server that Envoy does not see: excluded from it, or without a sidecar.
#[tokio::test]
async fn an_excluded_port_needs_a_rule_and_a_pod_without_sidecar_does_not() -> Result<()> {
    let mesh = Authority::new("cluster.local")?;
    let (http, tcp) = (HttpEcho::start().await?, TcpEcho::start().await?);
    let client = Client::new(&mesh)?;
    for (is_http, address) in [(true, http.address()), (false, tcp.address())] {
        for (rule, sidecar, served) in [
            ("auto", true, false),
            ("DISABLE", true, true),
            ("auto", false, true),
        ] {
            let way = CallCase {
                rule,
                server: "PERMISSIVE",
                http: is_http,
                sidecar,
                account: "orders",
            };
            assert_eq!(
                works(&client, address, &way).await?,
                served,
                "{rule} sidecar: {sidecar} http: {is_http}"
            );
        }
    }
    Ok(())
}
