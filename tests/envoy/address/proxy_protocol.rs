//! The PROXY protocol: its header names a connection's claimed source, not its direct peer.

use anyhow::Result;
use peerwarden_lab::client::{Caller, ClientRequest, http, tcp};
use peerwarden_lab::config::{Bootstrap, Http, Listener, Protocol, ProxyProtocol, Tcp, Transport};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::{HttpEcho, TcpEcho};
use serde_json::{Value, json};

use super::{ELSEWHERE, LOOPBACK, from};
use crate::fixture::{FRONTEND, Mesh, configuration, module, policy};

const HEADER: &[u8] = b"PROXY TCP4 10.1.2.3 127.0.0.1 4711 80\r\n";

/// Policies, whether the filter ahead sets the direct peer, and whether the connection passes.
fn cases() -> Vec<(&'static str, Value, bool, bool)> {
    vec![
        ("DENY", from("ipBlocks", LOOPBACK), true, false),
        ("ALLOW", from("ipBlocks", ELSEWHERE), true, false),
        ("ALLOW", from("ipBlocks", LOOPBACK), true, true),
        ("ALLOW", from("remoteIpBlocks", ELSEWHERE), true, true),
        ("ALLOW", from("remoteIpBlocks", LOOPBACK), true, false),
        // Envoy shows the module no other address, so the header is trusted: hence the filter.
        ("DENY", from("ipBlocks", LOOPBACK), false, true),
        ("ALLOW", from("ipBlocks", ELSEWHERE), false, true),
    ]
}

#[tokio::test]
async fn the_direct_peer_is_another_than_the_header_names() -> Result<()> {
    let mesh = Mesh::new()?;
    let (http_upstream, tcp_upstream) = (HttpEcho::start().await?, TcpEcho::greeting("").await?);
    let mut bootstrap = Bootstrap::new();
    for (n, (action, rules, direct, _)) in cases().into_iter().enumerate() {
        let resources = json!([policy("addresses", action, rules)]);
        let protocol = Http {
            direct_remote_address: direct,
            ..Http::default()
        };
        let transport = || Transport::mutual(&mesh.server);
        let listener = Listener::http(&format!("http {n}"), transport(), http_upstream.address())
            .protocol(Protocol::Http(protocol))
            .module(module(configuration("http", resources.clone()))?);
        bootstrap = bootstrap.listener(listener.proxy_protocol(ProxyProtocol::default()));
        let before = direct.then(Tcp::set_direct_remote_address);
        let protocol = Tcp {
            before: before.into_iter().collect(),
            ..Tcp::default()
        };
        let listener = Listener::tcp(&format!("tcp {n}"), transport(), tcp_upstream.address())
            .protocol(Protocol::Tcp(protocol))
            .module(module(configuration("tcp", resources))?);
        bootstrap = bootstrap.listener(listener.proxy_protocol(ProxyProtocol::default()));
    }
    let envoy = Envoy::start(bootstrap).await?;
    let caller: Caller = mesh.caller(FRONTEND)?.preface(HEADER.to_vec());
    for (n, case) in cases().into_iter().enumerate() {
        let address = envoy.address(&format!("http {n}"))?;
        let reply = http::once(address, &caller, http::Version::Http2, ClientRequest::get("/")).await?;
        assert_eq!(reply.status, if case.3 { 200 } else { 403 }, "{case:?}");
        let mut connection = tcp::Connection::open(envoy.address(&format!("tcp {n}"))?, &caller).await?;
        let received = connection.echo("query").await?;
        assert_eq!(received.text() == "query", case.3, "{case:?} {received:?}");
        assert!(case.3 || received.nothing(), "{case:?} {received:?}");
    }
    Ok(())
}
