//! README's configurations, as they stand there: only paths and ports are replaced by those of the laboratory.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use peerwarden_lab::client::{Ask, http, tcp};
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::locate;
use peerwarden_lab::upstream::{HttpEcho, TcpEcho};

use crate::fixture::{BACKEND, FRONTEND, Mesh};

/// Fills in a snippet; a replacement that is not in it is a mistake.
fn fill(snippet: &str, mesh: &Mesh, upstream: SocketAddr) -> Result<Launch> {
    let files = mesh.server.files();
    let replacements = [
        (
            "/etc/envoy/peerwarden.wasm",
            locate::module()?.display().to_string(),
        ),
        (
            "/etc/certs/cert-chain.pem",
            files.certificate().display().to_string(),
        ),
        ("/etc/certs/key.pem", files.key().display().to_string()),
        ("/etc/certs/root-cert.pem", files.roots().display().to_string()),
        (
            "0.0.0.0, port_value: 15006",
            "127.0.0.1, port_value: 0".to_owned(),
        ),
        ("port_value: 8080", format!("port_value: {}", upstream.port())),
    ];
    let mut text = snippet.to_owned();
    for (from, to) in replacements {
        ensure!(
            text.matches(from).count() == 1,
            "the snippet must have `{from}` once"
        );
        text = text.replace(from, &to);
    }
    Ok(Launch::yaml(text))
}

#[test]
fn the_readme_shows_these() -> Result<()> {
    let readme = std::fs::read_to_string(locate::workspace().join("README.md"))?;
    for snippet in [
        include_str!("snippets/http.yaml"),
        include_str!("snippets/tcp.yaml"),
    ] {
        ensure!(
            readme.contains(&format!("```yaml\n{snippet}```\n")),
            "README.md shows another configuration than this:\n{snippet}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn http_decides_by_identity() -> Result<()> {
    let mesh = Mesh::new()?;
    let upstream = HttpEcho::start().await?;
    let envoy = Envoy::launch(fill(
        include_str!("snippets/http.yaml"),
        &mesh,
        upstream.address(),
    )?)
    .await?;
    let address = envoy.address("inbound")?;
    for (uri, ask, status) in [
        (FRONTEND, Ask::get("/orders/1"), 200),
        (FRONTEND, Ask::post("/orders/1"), 403),
        (BACKEND, Ask::get("/orders/1"), 403),
    ] {
        let described = format!("{uri} {ask:?}");
        let reply = http::once(address, &mesh.caller(uri)?, http::Version::Http2, ask).await?;
        assert_eq!(reply.status, status, "{described}");
    }
    assert_eq!(upstream.paths(), ["/orders/1"]);
    Ok(())
}

#[tokio::test]
async fn tcp_decides_by_identity() -> Result<()> {
    let mesh = Mesh::new()?;
    let upstream = TcpEcho::greeting("ready\n").await?;
    let envoy = Envoy::launch(fill(
        include_str!("snippets/tcp.yaml"),
        &mesh,
        upstream.address(),
    )?)
    .await?;
    let address = envoy.address("inbound")?;
    let mut backend = tcp::Connection::open(address, &mesh.caller(BACKEND)?).await?;
    assert_eq!(
        backend
            .receive(6, peerwarden_lab::deadline::EXCHANGE)
            .await?
            .text(),
        "ready\n"
    );
    let mut frontend = tcp::Connection::open(address, &mesh.caller(FRONTEND)?).await?;
    let received = frontend.receive(1, peerwarden_lab::deadline::EXCHANGE).await?;
    assert!(received.nothing(), "{received:?}");
    Ok(())
}
