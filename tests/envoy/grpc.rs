//! gRPC: a denial is a gRPC status, as its clients understand it.

use anyhow::Result;
use peerwarden_lab::client::{ClientRequest, http};
use serde_json::json;

use crate::fixture::{BACKEND, FRONTEND, Mesh, policy};

#[tokio::test]
async fn a_denied_call_gets_permission_denied() -> Result<()> {
    let mesh = Mesh::new()?;
    let rules = json!([{
        "from": [{"source": {"principals": ["cluster.local/ns/web/sa/frontend"]}}],
        "to": [{"operation": {"methods": ["POST"], "paths": ["/shop.Orders/Get"]}}],
    }]);
    let orders = mesh.orders(json!([policy("getters", "ALLOW", rules)])).await?;
    let address = orders.envoy.address("orders")?;
    let frontend = mesh.caller(FRONTEND)?;
    let mut connection = http::Connection::open(address, &frontend, http::Version::Http2).await?;
    let calls = ["/shop.Orders/Get", "/shop.Orders/Delete"].map(|path| ClientRequest::grpc(path).id(path));
    let replies = connection.send_all(calls.to_vec()).await?;
    let statuses: Vec<(u16, &str)> = replies
        .iter()
        .map(|reply| (reply.status, reply.grpc_status()))
        .collect();
    assert_eq!(statuses, [(200, "0"), (200, "7")]);
    assert_eq!(replies[1].header("grpc-message"), "RBAC: access denied");
    assert_eq!(orders.upstream.paths(), ["/shop.Orders/Get"]);

    let entry = orders
        .envoy
        .logged_access(|entry| entry.text("lab_id") == "/shop.Orders/Delete")
        .await?;
    assert_eq!(entry.number("grpc_status"), Some(7));
    assert_eq!(entry.details(), "rbac_access_denied_matched_policy[none]");

    let backend = mesh.caller(BACKEND)?;
    let reply = http::once(
        address,
        &backend,
        http::Version::Http2,
        ClientRequest::grpc("/shop.Orders/Get"),
    )
    .await?;
    assert_eq!(reply.grpc_status(), "7");
    Ok(())
}
