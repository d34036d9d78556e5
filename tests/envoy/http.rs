//! HTTP: each request is decided by itself, by the peer of its connection.

use anyhow::Result;
use peerwarden_lab::client::{Caller, ClientRequest, http};
use peerwarden_lab::config::{ClientCertificate, Http, Transport};
use serde_json::json;

use crate::fixture::{BACKEND, FRONTEND, Mesh, policy, shop};

#[tokio::test]
async fn each_identity_gets_what_the_policies_say() -> Result<()> {
    let mesh = Mesh::new()?;
    let transport = Transport::Permissive(mesh.server.clone(), ClientCertificate::Optional);
    let orders = mesh.orders_with(shop(), Http::default(), transport).await?;
    let frontend = mesh.caller(FRONTEND)?;
    let backend = mesh.caller(BACKEND)?;
    let none = "rbac_access_denied_matched_policy[none]";
    let no_admin = "rbac_access_denied_matched_policy[ns[shop]-policy[no-admin]-rule[0]]";
    let cases = [
        (
            "frontend reads",
            &frontend,
            ClientRequest::get("/orders/7?full=1"),
            200,
            "via_upstream",
        ),
        (
            "frontend writes",
            &frontend,
            ClientRequest::post("/orders"),
            403,
            none,
        ),
        (
            "frontend administrates",
            &frontend,
            ClientRequest::get("/admin"),
            403,
            no_admin,
        ),
        (
            "backend writes",
            &backend,
            ClientRequest::post("/orders"),
            200,
            "via_upstream",
        ),
        (
            "backend reads",
            &backend,
            ClientRequest::get("/orders"),
            403,
            none,
        ),
        (
            "partner reads",
            &mesh.partner()?,
            ClientRequest::get("/orders"),
            403,
            none,
        ),
        (
            "no certificate",
            &Caller::anonymous(&mesh.authority)?,
            ClientRequest::get("/orders"),
            403,
            none,
        ),
        (
            "plaintext",
            &Caller::plaintext(),
            ClientRequest::get("/orders"),
            403,
            none,
        ),
    ];
    for (name, caller, ask, status, details) in cases {
        let reply = orders.connect(caller).await?.send(ask.id(name)).await?;
        assert_eq!(reply.status, status, "{name}: {reply:?}");
        assert_eq!(
            reply.body == "RBAC: access denied",
            status == 403,
            "{name}: {reply:?}"
        );
        let entry = orders
            .envoy
            .logged_access(|entry| entry.text("lab_id") == name)
            .await?;
        assert_eq!(entry.details(), details, "{name}: {entry:?}");
    }
    // Denied requests have not reached the upstream.
    assert_eq!(orders.upstream.paths(), ["/orders/7?full=1", "/orders"]);
    Ok(())
}

#[tokio::test]
async fn requests_on_one_connection_are_decided_one_by_one() -> Result<()> {
    let mesh = Mesh::new()?;
    let orders = mesh.orders(shop()).await?;
    let mut connection = orders.connect(&mesh.caller(FRONTEND)?).await?;
    let mut statuses = Vec::new();
    for path in ["/orders", "/admin", "/orders/2", "/elsewhere", "/orders/3"] {
        statuses.push(connection.send(ClientRequest::get(path).id(path)).await?.status);
    }
    assert_eq!(statuses, [200, 403, 200, 403, 200]);
    assert_eq!(orders.upstream.paths(), ["/orders", "/orders/2", "/orders/3"]);
    let last = orders
        .envoy
        .logged_access(|entry| entry.text("lab_id") == "/orders/3")
        .await?;
    let connections = orders
        .envoy
        .access_log()?
        .iter()
        .map(|entry| entry.number("connection"))
        .collect::<Vec<_>>();
    assert_eq!(
        connections,
        vec![last.number("connection"); 5],
        "they were not on one connection"
    );
    Ok(())
}

#[tokio::test]
async fn streams_beside_each_other_on_one_http2_connection_are_decided_each_for_itself() -> Result<()> {
    const STREAMS: usize = 40;
    let mesh = Mesh::new()?;
    let orders = mesh.orders(shop()).await?;
    let address = orders.envoy.address("orders")?;
    let mut connection =
        http::Connection::open(address, &mesh.caller(FRONTEND)?, http::Version::Http2).await?;
    let path = |n: usize| {
        if n.is_multiple_of(2) {
            format!("/orders/{n}")
        } else {
            format!("/admin/{n}")
        }
    };
    let replies = connection
        .send_all(
            (0..STREAMS)
                .map(|n| ClientRequest::get(&path(n)).id(&n.to_string()))
                .collect(),
        )
        .await?;
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    let expected: Vec<u16> = (0..STREAMS)
        .map(|n| if n.is_multiple_of(2) { 200 } else { 403 })
        .collect();
    assert_eq!(statuses, expected);
    let mut reached = orders.upstream.paths();
    reached.sort();
    let mut allowed: Vec<String> = (0..STREAMS).step_by(2).map(path).collect();
    allowed.sort();
    assert_eq!(reached, allowed);
    for n in 0..STREAMS {
        let entry = orders
            .envoy
            .logged_access(|entry| entry.text("lab_id") == n.to_string())
            .await?;
        assert_eq!(entry.text("protocol"), "HTTP/2");
        let verdict = if n.is_multiple_of(2) { "allow " } else { "deny " };
        assert!(entry.decision().starts_with(verdict), "{entry:?}");
    }
    Ok(())
}

#[tokio::test]
async fn identities_of_connections_beside_each_other_do_not_mix() -> Result<()> {
    let mesh = Mesh::new()?;
    let orders = mesh.orders(shop()).await?;
    let mut frontend = orders.connect(&mesh.caller(FRONTEND)?).await?;
    let mut backend = orders.connect(&mesh.caller(BACKEND)?).await?;
    for _ in 0..10 {
        let asked = tokio::join!(
            frontend.send(ClientRequest::get("/orders")),
            backend.send(ClientRequest::get("/orders")),
        );
        assert_eq!((asked.0?.status, asked.1?.status), (200, 403));
        let asked = tokio::join!(
            frontend.send(ClientRequest::post("/orders")),
            backend.send(ClientRequest::post("/orders")),
        );
        assert_eq!((asked.0?.status, asked.1?.status), (403, 200));
    }
    Ok(())
}

#[tokio::test]
async fn paths_are_decided_as_the_upstream_gets_them() -> Result<()> {
    let mesh = Mesh::new()?;
    let orders = mesh.orders(shop()).await?;
    let frontend = mesh.caller(FRONTEND)?;
    for path in [
        "/orders/../admin",
        "/orders/%2e%2e/admin",
        "//admin",
        "/%61dmin",
        "/x/..//admin/users",
    ] {
        let id = format!("path {path}");
        let reply = orders
            .connect(&frontend)
            .await?
            .send(ClientRequest::get(path).id(&id))
            .await?;
        assert_eq!(reply.status, 403, "{path}: {reply:?}");
        let entry = orders
            .envoy
            .logged_access(|entry| entry.text("lab_id") == id)
            .await?;
        assert!(entry.details().contains("no-admin"), "{path}: {entry:?}");
    }
    assert_eq!(
        orders
            .status(&frontend, ClientRequest::get("/admin/../orders"))
            .await?,
        200
    );
    assert_eq!(orders.upstream.paths(), ["/orders"]);
    Ok(())
}

#[tokio::test]
async fn each_line_of_a_repeated_header_counts() -> Result<()> {
    let mesh = Mesh::new()?;
    let rules = json!([{"when": [{"key": "request.headers[x-role]", "values": ["admin"]}]}]);
    let orders = mesh.orders(json!([policy("no-admins", "DENY", rules)])).await?;
    let frontend = mesh.caller(FRONTEND)?;
    let ask = |roles: &[&str]| {
        roles
            .iter()
            .fold(ClientRequest::get("/"), |ask, role| ask.header("x-role", role))
    };
    assert_eq!(orders.status(&frontend, ask(&["user", "guest"])).await?, 200);
    assert_eq!(orders.status(&frontend, ask(&["user", "admin"])).await?, 403);
    assert_eq!(orders.status(&frontend, ask(&["admin", "user"])).await?, 403);
    Ok(())
}

/// However a denied client behaves, the module must not trap: a trap would cost every other request of that worker.
#[tokio::test]
async fn a_denied_request_with_a_body_or_without_patience_costs_nobody_else() -> Result<()> {
    let mesh = Mesh::new()?;
    let orders = mesh.orders(shop()).await?;
    for version in [http::Version::Http1, http::Version::Http2] {
        let address = orders.envoy.address("orders")?;
        let open = async || http::Connection::open(address, &mesh.caller(BACKEND)?, version).await;
        let large = || ClientRequest::post("/admin").body(&"x".repeat(100_000));
        assert_eq!(open().await?.send(large()).await?.status, 403);
        // Clients that hang up before the answer.
        for _ in 0..5 {
            let mut connection = open().await?;
            let asked = tokio::time::timeout(std::time::Duration::from_micros(300), connection.send(large()));
            drop(asked.await);
        }
        assert_eq!(
            orders
                .status(&mesh.caller(FRONTEND)?, ClientRequest::get("/orders"))
                .await?,
            200
        );
    }
    let log = orders.envoy.log();
    assert!(!log.contains("unreachable"), "the module trapped:\n{log}");
    Ok(())
}
