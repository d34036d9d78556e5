//! How a provider's description names the authorizer, and what happens if it cannot be used.

use anyhow::Result;
use peerwarden_lab::authorizer::{GrpcAnswer, GrpcAuthorizer, HttpAnswer, HttpAuthorizer};
use peerwarden_lab::client::{ClientRequest, http};
use peerwarden_lab::config::{Bootstrap, Cluster, Transport};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::HttpEcho;
use serde_json::{Value, json};

use super::fixture::{AUTHORIZER, ask, assert_sound, listener, provider};
use crate::fixture::{FRONTEND, Mesh};

/// `failOpen` applies to an authorizer that fails, not to one that cannot be called.
#[tokio::test]
async fn a_provider_that_is_missing_or_cannot_be_used_denies_what_its_rules_match() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer = HttpAuthorizer::start(|_| HttpAnswer::allow()).await?;
    let upstream = HttpEcho::start().await?;
    let service = |fields: Value| {
        let mut service = json!({
            "service": "authz.tools.svc.cluster.local", "port": 9000, "cluster": "authz", "failOpen": true,
        });
        for (key, value) in fields.as_object().into_iter().flatten() {
            service[key] = value.clone();
        }
        json!([{"name": AUTHORIZER, "envoyExtAuthzHttp": service}])
    };
    let cases = [
        ("none", json!([])),
        (
            "another",
            json!([{"name": "another", "envoyExtAuthzHttp": {"service": "a.b", "port": 1, "failOpen": true}}]),
        ),
        ("no-kind", json!([{"name": AUTHORIZER}])),
        ("no-port", service(json!({"port": null}))),
        ("bad-timeout", service(json!({"timeout": "soon"}))),
        ("bad-status", service(json!({"statusOnError": "42"}))),
        (
            "with-body",
            service(json!({"includeRequestBodyInCheck": {"maxRequestBytes": 10}})),
        ),
    ];
    let mut bootstrap = Bootstrap::new().cluster(Cluster::http1("authz", authorizer.address()));
    for (name, providers) in &cases {
        bootstrap = bootstrap.listener(listener(
            name,
            Transport::mutual(&mesh.server),
            upstream.address(),
            json!([ask()]),
            providers.clone(),
        )?);
    }
    let envoy = Envoy::start(bootstrap).await?;
    let caller = mesh.caller(FRONTEND)?;
    for (name, _) in &cases {
        let address = envoy.address(name)?;
        for (path, status) in [("/ask", 403), ("/free", 200)] {
            let reply = http::once(address, &caller, http::Version::Http1, ClientRequest::get(path)).await?;
            assert_eq!(reply.status, status, "{name} {path}: {reply:?}");
        }
    }
    assert_eq!(authorizer.asked().len(), 0);
    assert_eq!(upstream.paths(), vec!["/free"; cases.len()]);
    Ok(())
}

#[tokio::test]
async fn without_a_status_for_errors_it_is_403() -> Result<()> {
    let mesh = Mesh::new()?;
    let upstream = HttpEcho::start().await?;
    let mut bootstrap = Bootstrap::new();
    for kind in ["envoyExtAuthzHttp", "envoyExtAuthzGrpc"] {
        // The cluster that Istio has for the service; this Envoy has none.
        let providers =
            json!([{"name": AUTHORIZER, kind: {"service": "authz.tools.svc.cluster.local", "port": 9000}}]);
        let transport = Transport::mutual(&mesh.server);
        bootstrap = bootstrap.listener(listener(
            kind,
            transport,
            upstream.address(),
            json!([ask()]),
            providers,
        )?);
    }
    let envoy = Envoy::start(bootstrap).await?;
    for kind in ["envoyExtAuthzHttp", "envoyExtAuthzGrpc"] {
        let caller = mesh.caller(FRONTEND)?;
        let asked = ClientRequest::get("/ask");
        let reply = http::once(envoy.address(kind)?, &caller, http::Version::Http1, asked).await?;
        assert_eq!(reply.status, 403, "{kind}: {reply:?}");
    }
    // The operator is told which cluster is needed.
    envoy
        .logged("outbound|9000||authz.tools.svc.cluster.local")
        .await?;
    assert_sound(&envoy);
    Ok(())
}

/// The cluster that Istio creates for a service is found by its name.
#[tokio::test]
async fn istios_name_of_the_cluster_is_the_default() -> Result<()> {
    const NAME: &str = "outbound|9000||authz.tools.svc.cluster.local";
    let mesh = Mesh::new()?;
    let upstream = HttpEcho::start().await?;
    let by_http = HttpAuthorizer::start(|_| HttpAnswer::allow()).await?;
    let by_grpc = GrpcAuthorizer::start(|_| GrpcAnswer::bytes(b"\x0a\x00")).await?;
    for (kind, cluster) in [
        ("envoyExtAuthzHttp", Cluster::http1(NAME, by_http.address())),
        ("envoyExtAuthzGrpc", Cluster::http2(NAME, by_grpc.address())),
    ] {
        let service = json!({"service": "tools/authz.tools.svc.cluster.local", "port": 9000});
        let providers = json!([{"name": AUTHORIZER, kind: service}]);
        let transport = Transport::mutual(&mesh.server);
        let listener = listener("orders", transport, upstream.address(), json!([ask()]), providers)?;
        let envoy = Envoy::start(Bootstrap::new().listener(listener).cluster(cluster)).await?;
        let caller = mesh.caller(FRONTEND)?;
        let address = envoy.address("orders")?;
        let reply = http::once(address, &caller, http::Version::Http1, ClientRequest::get("/ask")).await?;
        assert_eq!(reply.status, 200, "{kind}: {reply:?}");
    }
    assert_eq!((by_http.asked().len(), by_grpc.asked().len()), (1, 1));
    Ok(())
}

/// Protobuf can parse these names as messages. If Envoy got them unchanged, the whole process would abort.
#[tokio::test]
async fn a_cluster_of_any_name_can_be_asked() -> Result<()> {
    let mesh = Mesh::new()?;
    let upstream = HttpEcho::start().await?;
    let authorizer = GrpcAuthorizer::start(|_| GrpcAnswer::bytes(b"\x0a\x00")).await?;
    let names = ["authz-sso", "users", "cd", "a.b"];
    let mut bootstrap = Bootstrap::new();
    for name in names {
        let providers = provider("envoyExtAuthzGrpc", json!({"cluster": name}));
        let transport = Transport::mutual(&mesh.server);
        let resources = json!([ask()]);
        bootstrap = bootstrap
            .listener(listener(
                &format!("for {name}"),
                transport,
                upstream.address(),
                resources,
                providers,
            )?)
            .cluster(Cluster::http2(name, authorizer.address()));
    }
    let envoy = Envoy::start(bootstrap).await?;
    let caller = mesh.caller(FRONTEND)?;
    for name in names {
        let address = envoy.address(&format!("for {name}"))?;
        let reply = http::once(address, &caller, http::Version::Http1, ClientRequest::get("/ask")).await?;
        assert_eq!(reply.status, 200, "{name}");
    }
    Ok(())
}
