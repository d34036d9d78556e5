//! Addresses: `ipBlocks` is about the direct peer, which no header can forge; `remoteIpBlocks` about the origin.

use anyhow::Result;
use peerwarden_lab::client::Ask;
use peerwarden_lab::config::{Http, Transport};
use serde_json::{Value, json};

use crate::fixture::{FRONTEND, Mesh, policy};

/// Every caller of the laboratory comes from loopback.
const LOOPBACK: &str = "127.0.0.0/8";
const ELSEWHERE: &str = "10.0.0.0/8";

fn from(field: &str, block: &str) -> Value {
    json!([{"from": [{"source": {field: [block]}}]}])
}

/// The status with and without a header that says the request came from elsewhere.
async fn statuses(action: &str, rules: Value, http: Http) -> Result<(u16, u16)> {
    let mesh = Mesh::new()?;
    let resources = json!([policy("addresses", action, rules)]);
    let orders = mesh
        .orders_with(resources, http, Transport::mutual(&mesh.server))
        .await?;
    let caller = mesh.caller(FRONTEND)?;
    let honest = orders.status(&caller, Ask::get("/")).await?;
    let forged = Ask::get("/").header("x-forwarded-for", "10.1.2.3");
    Ok((honest, orders.status(&caller, forged).await?))
}

#[tokio::test]
async fn a_forged_header_does_not_escape_a_deny_list() -> Result<()> {
    let trusting = || Http {
        use_remote_address: false,
        ..Http::default()
    };
    assert_eq!(
        statuses("DENY", from("ipBlocks", LOOPBACK), trusting()).await?,
        (403, 403)
    );
    assert_eq!(
        statuses("DENY", from("notIpBlocks", ELSEWHERE), trusting()).await?,
        (403, 403)
    );
    Ok(())
}

#[tokio::test]
async fn a_forged_header_does_not_get_on_an_allow_list() -> Result<()> {
    assert_eq!(
        statuses("ALLOW", from("ipBlocks", ELSEWHERE), Http::default()).await?,
        (403, 403)
    );
    assert_eq!(
        statuses("ALLOW", from("ipBlocks", LOOPBACK), Http::default()).await?,
        (200, 200)
    );
    Ok(())
}

#[tokio::test]
async fn without_the_direct_address_a_forged_one_is_worth_nothing() -> Result<()> {
    let without = || Http {
        direct_remote_address: false,
        ..Http::default()
    };
    // What cannot be established matches for DENY and does not for ALLOW.
    assert_eq!(
        statuses("DENY", from("ipBlocks", LOOPBACK), without()).await?,
        (403, 403)
    );
    assert_eq!(
        statuses("ALLOW", from("ipBlocks", ELSEWHERE), without()).await?,
        (403, 403)
    );
    let (_, forged) = statuses("ALLOW", from("ipBlocks", LOOPBACK), without()).await?;
    assert_eq!(forged, 403);
    Ok(())
}

#[tokio::test]
async fn the_origin_is_what_envoy_was_told_to_believe() -> Result<()> {
    let believing = Http::default();
    assert_eq!(
        statuses("ALLOW", from("remoteIpBlocks", ELSEWHERE), believing).await?,
        (403, 200)
    );
    let edge = Http {
        use_remote_address: true,
        ..Http::default()
    };
    assert_eq!(
        statuses("ALLOW", from("remoteIpBlocks", ELSEWHERE), edge).await?,
        (403, 403)
    );
    Ok(())
}
