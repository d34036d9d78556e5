//! What filters ahead of the module leave in dynamic metadata.

use anyhow::Result;
use peerwarden_lab::client::Ask;
use peerwarden_lab::config::{Http, Transport};
use serde_json::{Value, json};

use crate::fixture::{FRONTEND, Mesh, policy};

async fn status(condition: Value, namespace: &str, value: Value) -> Result<u16> {
    let mesh = Mesh::new()?;
    let resources = json!([policy("metadata", "ALLOW", json!([{"when": [condition]}]))]);
    let http = Http {
        before: vec![Http::set_metadata(namespace, &value)],
        ..Http::default()
    };
    let orders = mesh
        .orders_with(resources, http, Transport::mutual(&mesh.server))
        .await?;
    orders.status(&mesh.caller(FRONTEND)?, Ask::get("/")).await
}

#[tokio::test]
async fn a_filter_s_metadata_is_read() -> Result<()> {
    let condition = || json!({"key": "experimental.envoy.filters.http.tier[level]", "values": ["gold"]});
    let namespace = "envoy.filters.http.tier";
    assert_eq!(
        status(condition(), namespace, json!({"level": "gold"})).await?,
        200
    );
    assert_eq!(
        status(condition(), namespace, json!({"level": "iron"})).await?,
        403
    );
    assert_eq!(
        status(condition(), "envoy.filters.http.other", json!({"level": "gold"})).await?,
        403
    );
    Ok(())
}

#[tokio::test]
async fn the_claims_of_a_verified_token_are_read() -> Result<()> {
    let condition = || json!({"key": "request.auth.claims[groups]", "values": ["staff"]});
    let payload = |groups: Value| json!({"payload": {"iss": "https://issuer.example", "sub": "alice", "groups": groups}});
    let namespace = "envoy.filters.http.jwt_authn";
    assert_eq!(
        status(condition(), namespace, payload(json!(["guests", "staff"]))).await?,
        200
    );
    assert_eq!(
        status(condition(), namespace, payload(json!(["guests"]))).await?,
        403
    );
    Ok(())
}
