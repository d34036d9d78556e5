//! A running Envoy of a client reloads what `render client --out` writes.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use peerwarden_lab::certificates::Authority;
use peerwarden_lab::client::{Caller, ClientRequest, http, tcp};
use peerwarden_lab::config::Port;
use peerwarden_lab::deadline::until;
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::upstream::{HttpEcho, TcpEcho};
use peerwarden_render as render;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Client, HOST, document, servers};
use crate::fixture::peer_authentication;

/// From the moment the files are there, on a slow machine too.
const BOUND: Duration = Duration::from_secs(5);

/// A port of the service: its protocol, its address, and where the client's Envoy listens for it.
type CalledPort<'a> = (&'a str, SocketAddr, &'a Port);

/// Writes the changed files, and returns their names.
fn deliver(client: &Client, rule: &str, ports: &[CalledPort<'_>], folder: &TempDir) -> Result<Vec<String>> {
    let number = |(protocol, server, listen): &CalledPort<'_>| {
        json!({
            "port": server.port(), "listen": listen.number(), "protocol": protocol,
        })
    };
    let description = json!({
        "workload": {"namespace": "web", "serviceAccount": "frontend"},
        "certificates": {"directory": client.directory.path()},
        "services": [{
            "host": HOST, "namespace": "shop",
            "ports": ports.iter().map(number).collect::<Value>(),
            "endpoints": [{
                "address": "127.0.0.1", "serviceAccount": "orders",
                "labels": {"app": "orders", "security.istio.io/tlsMode": "istio"},
            }],
        }],
    });
    let rules = client
        .rule(rule)
        .iter()
        .map(document)
        .collect::<Result<Vec<_>>>()?;
    let policies = [document(&peer_authentication("STRICT"))?];
    let rendered = render::client::Client::new(&document(&description)?, &rules, &policies)
        .map_err(|problems| anyhow::anyhow!("{problems}"))?;
    let mut changed = Vec::new();
    for file in rendered.files(folder.path().to_str().context("a path in UTF-8")?)? {
        let path = folder.path().join(&file.name);
        if std::fs::read_to_string(&path).is_ok_and(|text| text == file.text) {
            continue;
        }
        let new = folder.path().join(".new");
        std::fs::write(&new, &file.text)?;
        std::fs::rename(&new, &path)?;
        changed.push(file.name);
    }
    Ok(changed)
}

fn at(port: &Port) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port.number()).into()
}

async fn until_answered(connection: &mut http::Connection, status: u16) -> Result<()> {
    until(BOUND, &format!("an answer of {status}"), async || {
        let reply = connection.send(ClientRequest::get("/orders")).await?;
        Ok((reply.status == status).then_some(()))
    })
    .await
}

async fn echoes(address: SocketAddr) -> Result<bool> {
    let mut connection = tcp::Connection::open(address, &Caller::plaintext()).await?;
    Ok(connection.echo("hello\n").await?.text() == "hello\n")
}

#[tokio::test]
async fn a_running_client_goes_by_a_changed_rule() -> Result<()> {
    let mesh = Authority::new("cluster.local")?;
    let (http, tcp) = (HttpEcho::start().await?, TcpEcho::start().await?);
    let servers = servers(&mesh, http.address(), tcp.address()).await?;
    let (http, tcp) = (servers.address("http STRICT")?, servers.address("tcp STRICT")?);
    let client = Client::new(&mesh)?;
    let folder = tempfile::tempdir()?;
    let (for_http, for_tcp) = (Port::reserve()?, Port::reserve()?);
    let of_http = ("HTTP", http, &for_http);
    let both = [of_http, ("TCP", tcp, &for_tcp)];

    deliver(&client, "DISABLE", &[of_http], &folder)?;
    let bootstrap = std::fs::read_to_string(folder.path().join("bootstrap.yaml"))?;
    let envoy = Envoy::launch(Launch::yaml(bootstrap)).await?;
    let mut connection =
        http::Connection::open(at(&for_http), &Caller::plaintext(), http::Version::Http1).await?;
    // Plaintext, which a STRICT port closes.
    until_answered(&mut connection, 503).await?;

    // The next request on an open connection follows the new rule, which affects no listener.
    let changed = deliver(&client, "ISTIO_MUTUAL", &[of_http], &folder)?;
    assert_eq!(changed, ["clusters.yaml"]);
    until_answered(&mut connection, 200).await?;

    // A new port.
    let changed = deliver(&client, "ISTIO_MUTUAL", &both, &folder)?;
    assert_eq!(changed, ["clusters.yaml", "listeners.yaml"]);
    until(BOUND, "the new port", async || {
        Ok(echoes(at(&for_tcp)).await.unwrap_or(false).then_some(()))
    })
    .await?;

    // An open TCP connection continues unchanged, and a new one follows the rule.
    let mut open = tcp::Connection::open(at(&for_tcp), &Caller::plaintext()).await?;
    assert_eq!(open.echo("before\n").await?.text(), "before\n");
    assert_eq!(deliver(&client, "DISABLE", &both, &folder)?, ["clusters.yaml"]);
    until_answered(&mut connection, 503).await?;
    until(BOUND, "the rule on a new connection", async || {
        Ok((!echoes(at(&for_tcp)).await?).then_some(()))
    })
    .await?;
    assert_eq!(open.echo("after\n").await?.text(), "after\n");

    let stats = envoy.stats().await?;
    for rejected in [
        "cluster_manager.cds.update_rejected",
        "listener_manager.lds.update_rejected",
    ] {
        ensure!(stats.count(rejected) == 0, "{rejected}: {}", envoy.log());
    }
    Ok(())
}
