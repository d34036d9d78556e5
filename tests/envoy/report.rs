//! Envoy's reports of decisions: counters, access log, log.

use anyhow::Result;
use peerwarden_lab::client::{ClientRequest, tcp};
use peerwarden_lab::config::{Tcp, Transport};
use serde_json::json;

use crate::fixture::{BACKEND, FRONTEND, Mesh, allow_principal, policy, shop};

#[tokio::test]
async fn counters_count_each_decision_once() -> Result<()> {
    let mesh = Mesh::new()?;
    let orders = mesh.orders(shop()).await?;
    let mut connection = orders.connect(&mesh.caller(FRONTEND)?).await?;
    for path in ["/orders", "/admin", "/orders/1", "/admin/2", "/admin/3"] {
        connection.send(ClientRequest::get(path)).await?;
    }
    let expected = [("allowed", 2), ("denied", 3), ("errors", 0)];
    orders.envoy.counted(&expected).await
}

#[tokio::test]
async fn a_dry_run_and_audit_are_reported_and_change_nothing() -> Result<()> {
    let mesh = Mesh::new()?;
    let mut lock = policy("lock", "DENY", json!([{}]));
    lock["metadata"]["annotations"] = json!({"istio.io/dry-run": "true"});
    let admin = json!([{"to": [{"operation": {"paths": ["/admin*"]}}]}]);
    let resources = json!([
        allow_principal("frontend", FRONTEND),
        lock,
        policy("log", "AUDIT", admin)
    ]);
    let orders = mesh.orders(resources).await?;
    let mut connection = orders.connect(&mesh.caller(FRONTEND)?).await?;
    let locked = "deny deny-rule AuthorizationPolicy ns[shop]-policy[lock]-rule[0]";
    for (path, audit) in [
        ("/orders", ""),
        ("/admin", "AuthorizationPolicy ns[shop]-policy[log]-rule[0]"),
    ] {
        assert_eq!(
            connection.send(ClientRequest::get(path).id(path)).await?.status,
            200
        );
        let entry = orders
            .envoy
            .logged_access(|entry| entry.text("lab_id") == path)
            .await?;
        assert_eq!(
            (entry.text("shadow"), entry.text("audit")),
            (locked, audit),
            "{path}"
        );
    }
    let expected = [
        ("allowed", 2),
        ("denied", 0),
        ("shadow_denied", 2),
        ("audited", 1),
        ("errors", 0),
    ];
    orders.envoy.counted(&expected).await
}

#[tokio::test]
async fn the_access_log_names_who_decided_on_a_request() -> Result<()> {
    let mesh = Mesh::new()?;
    let orders = mesh.orders(shop()).await?;
    let mut connection = orders.connect(&mesh.caller(FRONTEND)?).await?;
    let frontend = "ns[shop]-policy[frontend]-rule[0]";
    let no_admin = "ns[shop]-policy[no-admin]-rule[0]";
    for (path, decision, details) in [
        (
            "/orders",
            format!("allow allow-rule AuthorizationPolicy {frontend}"),
            "via_upstream".to_owned(),
        ),
        (
            "/admin",
            format!("deny deny-rule AuthorizationPolicy {no_admin}"),
            format!("rbac_access_denied_matched_policy[{no_admin}]"),
        ),
        (
            "/else",
            "deny no-allow-rule-matched".to_owned(),
            "rbac_access_denied_matched_policy[none]".to_owned(),
        ),
    ] {
        connection.send(ClientRequest::get(path).id(path)).await?;
        let entry = orders
            .envoy
            .logged_access(|entry| entry.text("lab_id") == path)
            .await?;
        assert_eq!(
            (entry.decision(), entry.details()),
            (decision.as_str(), details.as_str())
        );
        assert_eq!(entry.peer(), FRONTEND);
    }
    Ok(())
}

#[tokio::test]
async fn the_access_log_names_who_decided_on_a_connection() -> Result<()> {
    let mesh = Mesh::new()?;
    let resources = json!([allow_principal("backend", BACKEND)]);
    let ledger = mesh
        .ledger(resources, Tcp::default(), Transport::mutual(&mesh.server), "")
        .await?;
    for (peer, decision) in [
        (
            BACKEND,
            "allow allow-rule AuthorizationPolicy ns[shop]-policy[backend]-rule[0]",
        ),
        (FRONTEND, "deny no-allow-rule-matched"),
    ] {
        let mut connection =
            tcp::Connection::open(ledger.envoy.address("ledger")?, &mesh.caller(peer)?).await?;
        connection.echo("what is the balance?").await?;
        drop(connection);
        let entry = ledger.envoy.logged_access(|entry| entry.peer() == peer).await?;
        assert_eq!(entry.decision(), decision);
    }
    ledger.envoy.counted(&[("allowed", 1), ("denied", 1)]).await
}

#[tokio::test]
async fn a_denial_is_a_line_in_the_log_and_an_allowance_is_none() -> Result<()> {
    let mesh = Mesh::new()?;
    let orders = mesh.orders(shop()).await?;
    let mut connection = orders.connect(&mesh.caller(FRONTEND)?).await?;
    let before = orders.envoy.log();
    connection
        .send(ClientRequest::get("/orders").id("allowed"))
        .await?;
    orders
        .envoy
        .logged_access(|entry| entry.text("lab_id") == "allowed")
        .await?;
    assert_eq!(orders.envoy.log(), before);

    connection.send(ClientRequest::get("/admin/users")).await?;
    let line = orders.envoy.logged("denied").await?;
    for part in [
        "/admin/users",
        "GET",
        FRONTEND,
        "ns[shop]-policy[no-admin]-rule[0]",
    ] {
        assert!(line.contains(part), "`{part}` is not in: {line}");
    }
    Ok(())
}

#[tokio::test]
async fn the_log_bears_a_flood_of_denials() -> Result<()> {
    const FLOOD: usize = 300;
    let mesh = Mesh::new()?;
    let orders = mesh.orders(shop()).await?;
    let mut connection = orders.connect(&mesh.caller(FRONTEND)?).await?;
    for _ in 0..FLOOD {
        assert_eq!(connection.send(ClientRequest::get("/admin")).await?.status, 403);
    }
    orders.envoy.counted(&[("denied", FLOOD as u64)]).await?;
    let lines = orders
        .envoy
        .log()
        .lines()
        .filter(|line| line.contains("denied"))
        .count();
    assert!(
        (1..FLOOD / 2).contains(&lines),
        "{lines} lines for {FLOOD} denials"
    );
    Ok(())
}
