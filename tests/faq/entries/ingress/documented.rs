//! The ingress as `docs/mtls.md` shows it: gateway, description and policies.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Result, ensure};
use peerwarden_lab::client::{Caller, ClientRequest};
use peerwarden_lab::deadline::{EXCHANGE, until};
use peerwarden_lab::envoy::{Envoy, Launch};

use super::edge::{ADMIN, Edge, ExpectedResponse, FRONTEND, OPERATOR, SHOP, VERSIONS};
use crate::docs;

/// The proxy in the policies, which is 10.0.0.9 there.
const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));
/// A client of the office, and one of elsewhere.
const OFFICE: &str = "203.0.113.7";
const ELSEWHERE: &str = "198.51.100.5";

pub(super) async fn try_all(edge: &mut Edge) -> Result<()> {
    let envoy = open(edge).await?;
    let (shop, operator) = (edge.anybody(SHOP)?, edge.peer(OPERATOR, ADMIN)?);
    let by_the_proxy = |caller: &Caller| caller.clone().from(PROXY);
    let denied = ExpectedResponse::Status(403);
    for version in VERSIONS {
        for (caller, host, path, client, wanted) in [
            (
                by_the_proxy(&shop),
                SHOP,
                "/",
                ELSEWHERE,
                ExpectedResponse::Served,
            ),
            (by_the_proxy(&shop), SHOP, "/office", ELSEWHERE, denied),
            (
                by_the_proxy(&shop),
                SHOP,
                "/office",
                OFFICE,
                ExpectedResponse::Served,
            ),
            (shop.clone(), SHOP, "/office", OFFICE, denied),
            (shop.clone(), SHOP, "/", ELSEWHERE, denied),
            (
                by_the_proxy(&operator),
                ADMIN,
                "/",
                ELSEWHERE,
                ExpectedResponse::Served,
            ),
            (operator.clone(), ADMIN, "/", ELSEWHERE, denied),
            (
                by_the_proxy(&edge.peer(FRONTEND, ADMIN)?),
                ADMIN,
                "/",
                OFFICE,
                denied,
            ),
        ] {
            let ask = ClientRequest::get(path)
                .host(host)
                .header("x-forwarded-for", client);
            let what = format!("as documented: {host}{path} by {client}");
            edge.ask(&what, &caller, version, ask, wanted).await?;
        }
    }
    let port = edge.plain.number();
    let (plaintext, version) = (Caller::plaintext(), VERSIONS[0]);
    let redirected = ExpectedResponse::Status(301);
    let ask = ClientRequest::get("/").host(SHOP);
    edge.ask_port(
        port,
        "as documented: plaintext",
        &plaintext,
        version,
        ask,
        redirected,
    )
    .await?;
    secured(edge, &envoy).await
}

/// With the ports, addresses and paths of this machine.
async fn open(edge: &Edge) -> Result<Envoy> {
    for name in ["shop", "admin"] {
        edge.credential(name)?;
    }
    let mut description = docs::ingress()?;
    for (route, upstream) in [(0, &edge.shop), (1, &edge.admin)] {
        let place = format!("/routes/{route}/upstream");
        docs::put(&mut description, &place, upstream.address().to_string())?;
    }
    let mut gateway = docs::gateway()?;
    for (server, port) in [(0, &edge.plain), (1, &edge.tls), (2, &edge.tls)] {
        let place = format!("/spec/servers/{server}/port/number");
        docs::put(&mut gateway, &place, port.number())?;
    }
    let mut policies = docs::edge()?;
    ensure!(policies.len() == 2, "{} policies", policies.len());
    let proxy = "/spec/rules/0/from/0/source/notIpBlocks/0";
    docs::put(&mut policies[1], proxy, format!("{PROXY}/32"))?;
    let ingress = edge.stage.ingress(description, &[gateway], &policies)?;
    Envoy::launch(Launch::yaml(ingress.file()?.text)).await
}

/// The access log and the counters distinguish TLS with and without a certificate.
async fn secured(edge: &Edge, envoy: &Envoy) -> Result<()> {
    for policy in ["tls", "mutual_tls"] {
        let field = format!("\"connection_security_policy\":\"{policy}\"");
        until(EXCHANGE, policy, async || {
            let found = edge.stage.access_log()?.lines().any(|line| line.contains(&field));
            Ok(found.then_some(()))
        })
        .await?;
        envoy
            .counted_any(&format!("connection_security_policy.{policy}"))
            .await?;
    }
    Ok(())
}
