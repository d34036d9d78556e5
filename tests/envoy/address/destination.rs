//! The PROXY protocol: the destination in its header is only the client's claim, unless Envoy lets only certain clients or ports
//! reach the chain.

use anyhow::Result;
use peerwarden_lab::client::{Caller, ClientRequest, http};
use peerwarden_lab::config::{Bootstrap, Listener, ProxyProtocol, Transport};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::HttpEcho;
use serde_json::{Value, json};

use crate::fixture::{configuration, module, policy};

/// A caller whose header claims another source and destination.
fn claiming(address: &str, port: u16) -> Caller {
    Caller::plaintext().preface(format!("PROXY TCP4 10.1.2.3 {address} 4711 {port}\r\n").into_bytes())
}

fn listener(name: &str, rules: Value, upstream: &HttpEcho) -> Result<Listener> {
    let resources = json!([policy("destination", "ALLOW", rules)]);
    let listener = Listener::http(name, Transport::Plaintext, upstream.address())
        .module(module(configuration("http", resources))?);
    Ok(listener.proxy_protocol(ProxyProtocol::default()))
}

/// The status; `None` if no filter chain accepts the connection.
async fn ask(envoy: &Envoy, name: &str, caller: &Caller) -> Result<Option<u16>> {
    let address = envoy.address(name)?;
    let reply = http::once(address, caller, http::Version::Http1, ClientRequest::get("/")).await;
    Ok(reply.ok().map(|reply| reply.status))
}

#[tokio::test]
async fn the_port_and_the_address_are_the_clients_word() -> Result<()> {
    let upstream = HttpEcho::start().await?;
    let port = || json!([{"to": [{"operation": {"ports": ["80"]}}]}]);
    let address = json!([{"when": [{"key": "destination.ip", "values": ["10.9.9.9"]}]}]);
    let from =
        |range: &str| json!({"direct_source_prefix_ranges": [{"address_prefix": range, "prefix_len": 32}]});
    let bootstrap = Bootstrap::new()
        .listener(listener("port", port(), &upstream)?)
        .listener(listener("address", address, &upstream)?)
        .listener(listener("original", port(), &upstream)?.original_destination())
        .listener(listener("own port", port(), &upstream)?.matches(json!({"destination_port": 8080})))
        .listener(listener("own proxies", port(), &upstream)?.matches(from("127.0.0.1")))
        .listener(listener("others", port(), &upstream)?.matches(from("10.1.2.3")));
    let envoy = Envoy::start(bootstrap).await?;
    let (to_80, to_8080) = (claiming("10.9.9.9", 80), claiming("10.9.9.9", 8080));
    for (name, by_80, by_8080) in [
        ("port", Some(200), Some(403)),
        // Without a redirect the kernel knows no other destination.
        ("original", Some(200), Some(403)),
        // The chain is for one port, whatever a client claims.
        ("own port", None, Some(403)),
        // The connected peer counts, not the one that the header names.
        ("own proxies", Some(200), Some(403)),
        ("others", None, None),
    ] {
        assert_eq!(ask(&envoy, name, &to_80).await?, by_80, "{name}");
        assert_eq!(ask(&envoy, name, &to_8080).await?, by_8080, "{name}");
    }
    assert_eq!(ask(&envoy, "address", &to_80).await?, Some(200));
    assert_eq!(
        ask(&envoy, "address", &claiming("10.9.9.8", 80)).await?,
        Some(403)
    );
    Ok(())
}
