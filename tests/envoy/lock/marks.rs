//! A mark applies to one request or one connection only.

use anyhow::Result;
use peerwarden_lab::client::{ClientRequest, http};
use peerwarden_lab::config::{Bootstrap, Cluster, Http, Listener, Lock, Port, Protocol, Transport};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::HttpEcho;
use serde_json::{Value, json};

use super::{frontend_alone, module};
use crate::fixture::{FRONTEND, Mesh};

const VERSIONS: [http::Version; 2] = [http::Version::Http1, http::Version::Http2];

/// Routes by prefix; below `/off` the module is disabled.
fn routes(more: Vec<Value>) -> Value {
    let off = json!({"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": true});
    let mut routes = vec![json!({
        "match": {"prefix": "/off"},
        "route": {"cluster": "orders"},
        "typed_per_filter_config": {"envoy.filters.http.wasm": off},
    })];
    routes.extend(more);
    routes.push(json!({"match": {"prefix": "/"}, "route": {"cluster": "orders"}}));
    json!({"virtual_hosts": [{"name": "orders", "domains": ["*"], "routes": routes}]})
}

#[tokio::test]
async fn not_of_another_request_on_the_same_connection() -> Result<()> {
    let mesh = Mesh::new()?;
    let upstream = HttpEcho::start().await?;
    let listener = Listener::http("orders", Transport::mutual(&mesh.server), upstream.address())
        .protocol(Protocol::Http(
            Http::locked().with("route_config", routes(Vec::new())),
        ))
        .module(module("itself", frontend_alone("http", &json!(true)))?);
    let envoy = Envoy::start(Bootstrap::new().listener(listener)).await?;
    for version in VERSIONS {
        let frontend = mesh.caller(FRONTEND)?;
        let mut connection = http::Connection::open(envoy.address("orders")?, &frontend, version).await?;
        let asked = ["/on", "/off", "/on", "/off", "/off", "/on"];
        let replies = connection
            .send_all(asked.map(ClientRequest::get).to_vec())
            .await?;
        let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
        assert_eq!(statuses, [200, 403, 200, 403, 403, 200], "{version:?}");
    }
    assert!(
        upstream.paths().iter().all(|path| path == "/on"),
        "{:?}",
        upstream.paths()
    );
    Ok(())
}

/// Envoy runs the chain again for the redirect's target.
#[tokio::test]
async fn not_after_an_internal_redirect() -> Result<()> {
    let mesh = Mesh::new()?;
    let upstream = HttpEcho::start().await?;
    let port = Port::reserve()?;
    let redirect =
        |from: &str, to: &str| json!({"match": {"prefix": from}, "redirect": {"path_redirect": to}});
    let sends_on = json!({"virtual_hosts": [{
        "name": "redirects",
        "domains": ["*"],
        "routes": [redirect("/to-off", "/off"), redirect("/to-on", "/on")],
    }]});
    let redirects = Listener::http("redirects", Transport::Plaintext, upstream.address())
        .protocol(Protocol::Http(Http::default().with("route_config", sends_on)))
        .port(&port);
    let follows = json!({
        "match": {"prefix": "/to"},
        "route": {
            "cluster": "sent-on",
            "internal_redirect_policy": {"redirect_response_codes": [301], "allow_cross_scheme_redirect": true},
        },
    });
    let listener = Listener::http("orders", Transport::mutual(&mesh.server), upstream.address())
        .protocol(Protocol::Http(
            Http::locked().with("route_config", routes(vec![follows])),
        ))
        .module(module("itself", frontend_alone("http", &json!(true)))?);
    let sent_on = Cluster::http1("sent-on", ([127, 0, 0, 1], port.number()).into());
    let bootstrap = Bootstrap::new()
        .listener(redirects)
        .listener(listener)
        .cluster(sent_on);
    let envoy = Envoy::start(bootstrap).await?;
    for version in VERSIONS {
        for (path, expected) in [("/to-on", 200), ("/to-off", 403)] {
            let caller = mesh.caller(FRONTEND)?;
            let reply = http::once(
                envoy.address("orders")?,
                &caller,
                version,
                ClientRequest::get(path),
            )
            .await?;
            assert_eq!(reply.status, expected, "{path} {version:?}");
        }
    }
    assert_eq!(upstream.paths(), ["/on", "/on"]);
    Ok(())
}

/// For a retry Envoy's router sends the request again, after all filters: it needs no mark, and leaves none.
#[tokio::test]
async fn not_of_what_comes_after_a_retry() -> Result<()> {
    let mesh = Mesh::new()?;
    let upstream = HttpEcho::start().await?;
    let port = Port::reserve()?;
    let fails = json!({"virtual_hosts": [{
        "name": "fails",
        "domains": ["*"],
        "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 503}}],
    }]});
    let failing = Listener::http("fails", Transport::Plaintext, upstream.address())
        .protocol(Protocol::Http(Http::default().with("route_config", fails)))
        .port(&port);
    let retried = json!({
        "match": {"prefix": "/retried"},
        "route": {"cluster": "failing", "retry_policy": {"retry_on": "5xx", "num_retries": 2}},
    });
    let listener = Listener::http("orders", Transport::mutual(&mesh.server), upstream.address())
        .protocol(Protocol::Http(
            Http::locked().with("route_config", routes(vec![retried])),
        ))
        .module(module("itself", frontend_alone("http", &json!(true)))?);
    let cluster = Cluster::http1("failing", ([127, 0, 0, 1], port.number()).into());
    let bootstrap = Bootstrap::new()
        .listener(failing)
        .listener(listener)
        .cluster(cluster);
    let envoy = Envoy::start(bootstrap).await?;
    for version in VERSIONS {
        let frontend = mesh.caller(FRONTEND)?;
        let mut connection = http::Connection::open(envoy.address("orders")?, &frontend, version).await?;
        let replies = connection
            .send_all(["/retried", "/off"].map(ClientRequest::get).to_vec())
            .await?;
        let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
        assert_eq!(statuses, [503, 403], "{version:?}");
    }
    assert_eq!(upstream.paths(), [""; 0]);
    assert_eq!(envoy.stats().await?.count("cluster.failing.upstream_rq_retry"), 4);
    Ok(())
}

/// Requests see the filter state of their connection: the marks have different names.
#[tokio::test]
async fn that_of_a_connection_is_none_of_its_requests() -> Result<()> {
    let mesh = Mesh::new()?;
    let upstream = HttpEcho::start().await?;
    let of_connections = module("itself", frontend_alone("tcp", &json!({"cluster": "orders"})))?;
    let chain = |http: bool| Http {
        network: vec![of_connections.network_filter(), Lock::Connection.filter()],
        behind: http.then(|| Lock::Request.filter()).into_iter().collect(),
        ..Http::default()
    };
    let mut bootstrap = Bootstrap::new();
    for (name, lock) in [("without", false), ("locked", true)] {
        let listener = Listener::http(name, Transport::mutual(&mesh.server), upstream.address());
        bootstrap = bootstrap.listener(listener.protocol(Protocol::Http(chain(lock))));
    }
    let envoy = Envoy::start(bootstrap).await?;
    for version in VERSIONS {
        for (name, expected) in [("without", 200), ("locked", 403)] {
            let caller = mesh.caller(FRONTEND)?;
            let reply = http::once(envoy.address(name)?, &caller, version, ClientRequest::get("/")).await?;
            assert_eq!(reply.status, expected, "{name} {version:?}");
        }
    }
    Ok(())
}
