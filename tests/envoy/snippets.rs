//! The configurations in docs/envoy.md, unchanged: only paths and ports are replaced by those of the laboratory.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use peerwarden_lab::client::{ClientRequest, http, tcp};
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::locate;
use peerwarden_lab::token::Issuer;
use peerwarden_lab::upstream::{HttpEcho, TcpEcho};
use serde_json::json;

use crate::fixture::{BACKEND, FRONTEND, Mesh};
use crate::jwt::claims;

/// Fills in a snippet; a replacement that does not apply is an error.
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

/// The HTTP configuration with the filters of another snippet instead of its own.
fn with_filters(snippet: &str) -> Result<String> {
    let whole = include_str!("snippets/http.yaml");
    let begin = whole
        .find("                http_filters:\n")
        .context("no `http_filters` in the HTTP configuration")?;
    let end = whole
        .find("                route_config:\n")
        .context("no `route_config` in the HTTP configuration")?;
    let (before, rest) = whole.split_at(begin);
    let (_, after) = rest.split_at(end.saturating_sub(begin));
    let indented = snippet.lines().map(|line| format!("{}{line}\n", " ".repeat(16)));
    Ok(format!("{before}{}{after}", indented.collect::<String>()))
}

#[test]
fn the_documentation_shows_these() -> Result<()> {
    let page = std::fs::read_to_string(locate::workspace().join("docs/envoy.md"))?;
    for snippet in [
        include_str!("snippets/http.yaml"),
        include_str!("snippets/tcp.yaml"),
        include_str!("snippets/jwt.yaml"),
    ] {
        ensure!(
            page.contains(&format!("```yaml\n{snippet}```\n")),
            "docs/envoy.md shows another configuration than this:\n{snippet}"
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
        (FRONTEND, ClientRequest::get("/orders/1"), 200),
        (FRONTEND, ClientRequest::post("/orders/1"), 403),
        (BACKEND, ClientRequest::get("/orders/1"), 403),
    ] {
        let described = format!("{uri} {ask:?}");
        let reply = http::once(address, &mesh.caller(uri)?, http::Version::Http2, ask).await?;
        assert_eq!(reply.status, status, "{described}");
    }
    assert_eq!(upstream.paths(), ["/orders/1"]);
    Ok(())
}

#[tokio::test]
async fn verified_tokens_decide_together_with_identity() -> Result<()> {
    let mesh = Mesh::new()?;
    let upstream = HttpEcho::start().await?;
    let issuer = Issuer::new()?;
    let directory = tempfile::tempdir()?;
    let jwks = directory.path().join("jwks.json");
    std::fs::write(&jwks, issuer.jwks().to_string())?;
    let configuration = with_filters(include_str!("snippets/jwt.yaml"))?
        .replace("/etc/envoy/jwks.json", &jwks.display().to_string());
    let envoy = Envoy::launch(fill(&configuration, &mesh, upstream.address())?).await?;
    let address = envoy.address("inbound")?;
    let staff = json!({"org": {"groups": ["staff"]}, "scope": "orders.read orders.write"});
    let guest = json!({"org": {"groups": ["guests"]}, "scope": "orders.write"});
    let reader = json!({"org": {"groups": ["staff"]}, "scope": "orders.read"});
    let stranger = Issuer::new()?;
    for (uri, token, status) in [
        (FRONTEND, Some(issuer.sign(&claims(&staff))?), 200),
        (FRONTEND, Some(issuer.sign(&claims(&guest))?), 403),
        (FRONTEND, Some(issuer.sign(&claims(&reader))?), 403),
        (FRONTEND, Some(stranger.sign(&claims(&staff))?), 401),
        (FRONTEND, None, 403),
        (BACKEND, Some(issuer.sign(&claims(&staff))?), 403),
    ] {
        let mut ask = ClientRequest::post("/orders");
        if let Some(token) = &token {
            ask = ask.header("authorization", &format!("Bearer {token}"));
        }
        let reply = http::once(address, &mesh.caller(uri)?, http::Version::Http2, ask).await?;
        assert_eq!(reply.status, status, "{uri} {token:?}");
    }
    assert_eq!(upstream.paths(), ["/orders"]);
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
