//! Addresses: `ipBlocks` refers to the direct peer, which no header can forge; `remoteIpBlocks` to the original client.

mod destination;
mod forged;
mod proxy_protocol;

use anyhow::Result;
use peerwarden_lab::client::{ClientRequest, http};
use peerwarden_lab::config::{Bootstrap, Http, Listener, Protocol, Transport};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::HttpEcho;
use serde_json::{Value, json};

use crate::fixture::{FRONTEND, Mesh, configuration, module, policy};

/// Every caller of the laboratory comes from loopback.
const LOOPBACK: &str = "127.0.0.0/8";
const ELSEWHERE: &str = "10.0.0.0/8";

fn from(field: &str, block: &str) -> Value {
    json!([{"from": [{"source": {field: [block]}}]}])
}

/// For each policy the status without, and then with, a header that says the request came from elsewhere.
async fn statuses<const N: usize>(http: &Http, policies: [(&str, Value); N]) -> Result<[(u16, u16); N]> {
    let mesh = Mesh::new()?;
    let upstream = HttpEcho::start().await?;
    let mut bootstrap = Bootstrap::new();
    for (n, (action, rules)) in policies.into_iter().enumerate() {
        let resources = json!([policy("addresses", action, rules)]);
        let listener = Listener::http(
            &n.to_string(),
            Transport::mutual(&mesh.server),
            upstream.address(),
        )
        .protocol(Protocol::Http(http.clone()))
        .module(module(configuration("http", resources))?);
        bootstrap = bootstrap.listener(listener);
    }
    let envoy = Envoy::start(bootstrap).await?;
    let caller = mesh.caller(FRONTEND)?;
    let mut statuses = [(0, 0); N];
    for (n, (honest, forged)) in statuses.iter_mut().enumerate() {
        let address = envoy.address(&n.to_string())?;
        let mut connection = http::Connection::open(address, &caller, http::Version::Http1).await?;
        *honest = connection.send(ClientRequest::get("/")).await?.status;
        *forged = connection
            .send(ClientRequest::get("/").header("x-forwarded-for", "10.1.2.3"))
            .await?
            .status;
    }
    Ok(statuses)
}

#[tokio::test]
async fn a_forged_header_neither_escapes_a_deny_list_nor_gets_on_an_allow_list() -> Result<()> {
    let policies = [
        ("DENY", from("ipBlocks", LOOPBACK)),
        ("DENY", from("notIpBlocks", ELSEWHERE)),
        ("ALLOW", from("ipBlocks", ELSEWHERE)),
        ("ALLOW", from("ipBlocks", LOOPBACK)),
    ];
    let expected = [(403, 403), (403, 403), (403, 403), (200, 200)];
    assert_eq!(statuses(&Http::default(), policies).await?, expected);
    Ok(())
}

#[tokio::test]
async fn without_the_direct_address_a_forged_one_is_worth_nothing() -> Result<()> {
    let without = Http {
        direct_remote_address: false,
        ..Http::default()
    };
    let policies = [
        ("DENY", from("ipBlocks", LOOPBACK)),
        ("ALLOW", from("ipBlocks", ELSEWHERE)),
        ("ALLOW", from("ipBlocks", LOOPBACK)),
    ];
    // A value that cannot be established matches for DENY and not for ALLOW.
    let [deny, elsewhere, loopback] = statuses(&without, policies).await?;
    assert_eq!((deny, elsewhere), ((403, 403), (403, 403)));
    assert_eq!(loopback.1, 403);
    Ok(())
}

#[tokio::test]
async fn the_origin_is_what_envoy_was_told_to_believe() -> Result<()> {
    let edge = Http {
        use_remote_address: true,
        ..Http::default()
    };
    for (http, forged) in [(Http::default(), 200), (edge, 403)] {
        let policies = [("ALLOW", from("remoteIpBlocks", ELSEWHERE))];
        assert_eq!(statuses(&http, policies).await?, [(403, forged)]);
    }
    Ok(())
}
