//! The permissions of each caller, by its address, directly and behind a proxy.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Result, ensure};
use peerwarden_lab::client::{Caller, ClientRequest};
use serde_json::{Value, json};

use super::edge::{Edge, ExpectedResponse, SHOP, UNGUARDED, VERSIONS};
use super::identity::policy;

/// A client of the office.
const OFFICE: &str = "203.0.113.7";
/// A client of elsewhere.
const ELSEWHERE: &str = "198.51.100.5";
/// A machine of the office without a proxy in front of it.
const DIRECT: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 66));
/// The proxy.
const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));

/// `/office` is for the office.
fn office() -> Value {
    policy(
        "office",
        "ALLOW",
        json!({
            "from": [{"source": {"remoteIpBlocks": ["203.0.113.0/24", format!("{DIRECT}/32")]}}],
            "to": [{"operation": {"paths": ["/office*"]}}],
        }),
    )
}

/// Denies requests that do not come through the proxy.
fn by_the_proxy() -> Value {
    policy(
        "by-the-proxy",
        "DENY",
        json!({
            "from": [{"source": {"notIpBlocks": [format!("{PROXY}/32")]}}],
            "to": [{"operation": {"hosts": [SHOP]}}],
        }),
    )
}

/// Requests the office's path with headers in which a client or a proxy states its address.
fn ask(host: &str, said: &[(&str, String)]) -> ClientRequest {
    let ask = ClientRequest::get("/office").host(host);
    said.iter()
        .fold(ask, |ask, (name, value)| ask.header(name, value))
}

/// Headers with which a client may impersonate another.
fn forgeries() -> Vec<Vec<(&'static str, String)>> {
    let one = |name, value: &str| vec![(name, value.to_owned())];
    let office = || OFFICE.to_owned();
    vec![
        one("x-forwarded-for", OFFICE),
        one("x-forwarded-for", "203.0.113.7:1234"),
        one("x-forwarded-for", "203.0.113.7, 203.0.113.7, 203.0.113.7"),
        vec![("x-forwarded-for", office()), ("x-forwarded-for", office())],
        one("x-real-ip", OFFICE),
        one("forwarded", "for=203.0.113.7"),
        one("x-envoy-external-address", OFFICE),
        one("true-client-ip", OFFICE),
    ]
}

/// `numTrustedProxies: 0`: the connecting address is the client.
pub(super) async fn try_directly(edge: &mut Edge) -> Result<()> {
    let _envoy = edge.open(0, &[office()]).await?;
    let elsewhere = edge.anybody(SHOP)?;
    let at_the_office = edge.anybody(SHOP)?.from(DIRECT);
    for version in VERSIONS {
        edge.ask(
            "no header",
            &elsewhere,
            version,
            ask(SHOP, &[]),
            ExpectedResponse::Status(403),
        )
        .await?;
        edge.ask(
            "no header, at the office",
            &at_the_office,
            version,
            ask(SHOP, &[]),
            ExpectedResponse::Served,
        )
        .await?;
        for forged in forgeries() {
            let what = format!("directly with {forged:?}");
            edge.ask(
                &what,
                &elsewhere,
                version,
                ask(SHOP, &forged),
                ExpectedResponse::Status(403),
            )
            .await?;
        }
        // Honest clients do not lose by it.
        let said = [("x-forwarded-for", ELSEWHERE.to_owned())];
        edge.ask(
            "at the office",
            &at_the_office,
            version,
            ask(SHOP, &said),
            ExpectedResponse::Served,
        )
        .await?;
    }
    Ok(())
}

/// `numTrustedProxies: 1`: the client is the last address that the proxy names, and the proxy is known by its address.
pub(super) async fn try_behind_a_proxy(edge: &mut Edge) -> Result<()> {
    let _envoy = edge.open(1, &[office(), by_the_proxy()]).await?;
    let proxy = edge.anybody(SHOP)?.from(PROXY);
    // A proxy appends its client's address to the header that it gets.
    let behind = |client: &str, mut said: Vec<(&'static str, String)>| {
        let forwarded = said.iter_mut().rfind(|(name, _)| *name == "x-forwarded-for");
        match forwarded {
            Some((_, value)) => *value = format!("{value}, {client}"),
            None => said.push(("x-forwarded-for", client.to_owned())),
        }
        said
    };
    let denied = ExpectedResponse::Status(403);
    for version in VERSIONS {
        for (client, wanted) in [(OFFICE, ExpectedResponse::Served), (ELSEWHERE, denied)] {
            let said = behind(client, Vec::new());
            edge.ask(
                &format!("{client} by the proxy"),
                &proxy,
                version,
                ask(SHOP, &said),
                wanted,
            )
            .await?;
        }
        for forged in forgeries() {
            let said = behind(ELSEWHERE, forged.clone());
            let what = format!("by the proxy with {said:?}");
            edge.ask(&what, &proxy, version, ask(SHOP, &said), denied).await?;
            let what = format!("as if by the proxy with {forged:?}");
            let pretender = edge.anybody(SHOP)?;
            edge.ask(&what, &pretender, version, ask(SHOP, &forged), denied)
                .await?;
            // Even from an address that is allowed through the proxy.
            let at_the_office = edge.anybody(SHOP)?.from(DIRECT);
            edge.ask(&what, &at_the_office, version, ask(SHOP, &forged), denied)
                .await?;
        }
        let said = behind(OFFICE, vec![("x-forwarded-for", ELSEWHERE.to_owned())]);
        edge.ask(
            "the office by the proxy",
            &proxy,
            version,
            ask(SHOP, &said),
            ExpectedResponse::Served,
        )
        .await?;
        let mut said = behind(OFFICE, Vec::new());
        said.push(("x-forwarded-proto", "http".to_owned()));
        edge.ask(
            "by the proxy, in plaintext",
            &proxy,
            version,
            ask(SHOP, &said),
            ExpectedResponse::Served,
        )
        .await?;
        let scheme = edge.last_of_shop()?.headers.get("x-forwarded-proto").cloned();
        ensure!(
            scheme.is_some_and(|scheme| scheme == "http"),
            "the proxy's word is lost"
        );
        believed(edge, version).await?;
    }
    Ok(())
}

/// Why a policy must name the proxy: without one, Envoy trusts any connecting client.
async fn believed(edge: &mut Edge, version: peerwarden_lab::client::http::Version) -> Result<()> {
    let pretender: Caller = edge.anybody(UNGUARDED)?;
    let said = [("x-forwarded-for", OFFICE.to_owned())];
    edge.ask(
        "past the proxy",
        &pretender,
        version,
        ask(UNGUARDED, &said),
        ExpectedResponse::Served,
    )
    .await?;
    Ok(())
}
