//! Dynamic metadata set by filters ahead of the module.

use anyhow::Result;
use peerwarden_lab::client::{ClientRequest, http};
use peerwarden_lab::config::{Bootstrap, Http, Listener, Protocol, Transport};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::HttpEcho;
use serde_json::{Value, json};

use crate::fixture::{FRONTEND, Mesh, configuration, module, policy};

const FILTER: &str = "envoy.filters.http.tier";
const JWT: &str = "envoy.filters.http.jwt_authn";

fn token(groups: Value) -> Value {
    json!({"payload": {"iss": "https://issuer.example", "sub": "alice", "groups": groups}})
}

#[tokio::test]
async fn metadata_and_claims_are_what_the_filters_ahead_said() -> Result<()> {
    let level = json!({"key": "experimental.envoy.filters.http.tier[level]", "values": ["gold"]});
    let groups = json!({"key": "request.auth.claims[groups]", "values": ["staff"]});
    let principal = json!({"key": "request.auth.principal", "values": ["https://issuer.example/alice"]});
    let cases = [
        (&level, FILTER, json!({"level": "gold"}), 200),
        (&level, FILTER, json!({"level": "iron"}), 403),
        (&level, JWT, json!({"level": "gold"}), 403),
        (&groups, JWT, token(json!(["guests", "staff"])), 200),
        (&groups, JWT, token(json!(["guests"])), 403),
        (&groups, FILTER, token(json!(["staff"])), 403),
        (&principal, JWT, token(json!([])), 200),
        (&principal, FILTER, token(json!([])), 403),
    ];
    let mesh = Mesh::new()?;
    let upstream = HttpEcho::start().await?;
    let mut bootstrap = Bootstrap::new();
    for (n, (condition, namespace, value, _)) in cases.iter().enumerate() {
        let resources = json!([policy("metadata", "ALLOW", json!([{"when": [condition]}]))]);
        let http = Http {
            before: vec![Http::set_metadata(namespace, value)],
            ..Http::default()
        };
        let listener = Listener::http(
            &n.to_string(),
            Transport::mutual(&mesh.server),
            upstream.address(),
        )
        .protocol(Protocol::Http(http))
        .module(module(configuration("http", resources))?);
        bootstrap = bootstrap.listener(listener);
    }
    let envoy = Envoy::start(bootstrap).await?;
    let caller = mesh.caller(FRONTEND)?;
    for (n, case) in cases.iter().enumerate() {
        let address = envoy.address(&n.to_string())?;
        let reply = http::once(address, &caller, http::Version::Http2, ClientRequest::get("/")).await?;
        assert_eq!(reply.status, case.3, "{case:?}");
    }
    Ok(())
}
