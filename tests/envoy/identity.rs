//! A peer's identity comes from its verified certificate and nothing else.

use anyhow::Result;
use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::client::{Caller, ClientRequest};
use peerwarden_lab::config::{Bootstrap, ClientCertificate, Http, Listener, Transport};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::HttpEcho;
use serde_json::{Value, json};

use crate::fixture::{BACKEND, FRONTEND, Mesh, Orders, allow_principal, configuration, module, policy};

#[tokio::test]
async fn a_certificate_without_a_name_is_nobody() -> Result<()> {
    let mesh = Mesh::new()?;
    let anybody = json!([{"from": [{"source": {"principals": ["*"]}}]}]);
    let orders = mesh.orders(json!([policy("anybody", "ALLOW", anybody)])).await?;
    assert_eq!(
        orders
            .status(&mesh.caller(FRONTEND)?, ClientRequest::get("/"))
            .await?,
        200
    );
    assert_eq!(
        orders
            .status(&mesh.with(Certificate::nameless())?, ClientRequest::get("/"))
            .await?,
        403
    );
    Ok(())
}

/// A client of a gateway that is not in the mesh: its DNS name and its subject are verified, but are not an identity.
#[tokio::test]
async fn a_certificate_without_a_uri_san_passes_no_rule_on_identity() -> Result<()> {
    let mesh = Mesh::new()?;
    let rule = |path: &str, source: Value| json!([{"from": [{"source": source}], "to": [{"operation": {"paths": [path]}}]}]);
    let open = json!([{"to": [{"operation": {"paths": ["/open", "/denied"]}}]}]);
    let strict = json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "PeerAuthentication",
        "metadata": {"name": "default", "namespace": "shop"},
        "spec": {"mtls": {"mode": "STRICT"}},
    });
    let orders = mesh
        .orders(json!([
            strict,
            policy("open", "ALLOW", open),
            policy("any", "ALLOW", rule("/any", json!({"principals": ["*"]}))),
            policy(
                "not",
                "ALLOW",
                rule(
                    "/not",
                    json!({"notPrincipals": ["cluster.local/ns/web/sa/banned"]})
                )
            ),
            policy(
                "denied",
                "DENY",
                rule(
                    "/denied",
                    json!({"principals": ["cluster.local/ns/web/sa/banned"]})
                )
            ),
        ]))
        .await?;
    let statuses = async |certificate: Certificate| {
        let caller = mesh.with(certificate)?;
        let mut statuses = Vec::new();
        for path in ["/open", "/any", "/not", "/denied"] {
            statuses.push(orders.status(&caller, ClientRequest::get(path)).await?);
        }
        anyhow::Ok(statuses)
    };
    assert_eq!(statuses(Certificate::spiffe(FRONTEND)).await?, [200; 4]);
    for outsider in [
        Certificate::nameless().dns("client.example"),
        Certificate::nameless()
            .dns("client.example")
            .common_name("client"),
        Certificate::nameless().common_name("client"),
        Certificate::nameless(),
    ] {
        let described = format!("{outsider:?}");
        assert_eq!(statuses(outsider).await?, [200, 403, 403, 403], "{described}");
    }
    Ok(())
}

/// Envoy's attributes show the first name of each kind; the module parses the certificate, so that no name can hide
/// behind another.
#[tokio::test]
async fn every_name_of_a_certificate_counts() -> Result<()> {
    let mesh = Mesh::new()?;
    let banned = json!([{"from": [{"source": {"principals": ["cluster.local/ns/web/sa/banned"]}}]}]);
    let resources = json!([
        allow_principal("frontend", FRONTEND),
        policy("banned", "DENY", banned)
    ]);
    let orders = mesh.orders(resources).await?;
    let several = |last: &str| {
        Certificate::spiffe("https://a.example/")
            .uri("https://b.example/")
            .uri(last)
    };
    for (certificate, status) in [
        (several(FRONTEND), 200),
        (several(BACKEND), 403),
        (
            several(FRONTEND).uri("spiffe://cluster.local/ns/web/sa/banned"),
            403,
        ),
    ] {
        let described = format!("{certificate:?}");
        assert_eq!(
            orders
                .status(&mesh.with(certificate)?, ClientRequest::get("/"))
                .await?,
            status,
            "{described}"
        );
    }
    Ok(())
}

/// The module cannot distinguish a verified certificate from one that was only presented: `connection.mtls` is true for
/// both, and `connection.peer_certificate_valid` (Envoy 1.39) is false for a verified peer with a resumed session. So
/// the listener must verify, as SECURITY.md says; this test shows why.
#[tokio::test]
async fn who_the_listener_lets_in_unverified_is_believed() -> Result<()> {
    let mesh = Mesh::new()?;
    let transport = Transport::Tls(mesh.server.clone(), ClientCertificate::AnyWithoutVerification);
    let resources = json!([allow_principal("frontend", FRONTEND)]);
    let orders = mesh.orders_with(resources, Http::default(), transport).await?;
    let stranger = Authority::new("nobody trusts me")?.issue(Certificate::spiffe(FRONTEND))?;
    let stranger = Caller::workload(&mesh.authority, &stranger)?;
    assert_eq!(
        orders
            .status(&mesh.caller(FRONTEND)?, ClientRequest::get("/"))
            .await?,
        200
    );
    assert_eq!(orders.status(&stranger, ClientRequest::get("/")).await?, 200);
    Ok(())
}

#[tokio::test]
async fn a_session_taken_up_again_is_the_same_peer() -> Result<()> {
    let mesh = Mesh::new()?;
    let orders = mesh
        .orders(json!([allow_principal("frontend", FRONTEND)]))
        .await?;
    let (frontend, backend) = (mesh.caller(FRONTEND)?, mesh.caller(BACKEND)?);
    for connection in 0..3 {
        assert_eq!(
            orders.status(&frontend, ClientRequest::get("/")).await?,
            200,
            "{connection}"
        );
        assert_eq!(
            orders.status(&backend, ClientRequest::get("/")).await?,
            403,
            "{connection}"
        );
    }
    let reused = orders.envoy.admin("/stats?filter=ssl.session_reused").await?;
    assert!(reused.trim_end().ends_with(": 4"), "{reused}");
    Ok(())
}

#[tokio::test]
async fn who_fails_the_handshake_gets_nothing_at_all() -> Result<()> {
    let mesh = Mesh::new()?;
    let orders = mesh
        .orders(json!([allow_principal("frontend", FRONTEND)]))
        .await?;
    let stranger = Authority::new("nobody trusts me")?.issue(Certificate::spiffe(FRONTEND))?;
    let callers = [
        ("another authority", Caller::workload(&mesh.authority, &stranger)?),
        ("expired", mesh.with(Certificate::spiffe(FRONTEND).expired())?),
        ("no certificate", Caller::anonymous(&mesh.authority)?),
        ("plaintext", Caller::plaintext()),
    ];
    for (name, caller) in callers {
        let reply = orders.status(&caller, ClientRequest::get("/")).await;
        assert!(reply.is_err(), "{name}: {reply:?}");
    }
    assert_eq!(
        orders
            .status(&mesh.caller(FRONTEND)?, ClientRequest::get("/"))
            .await?,
        200
    );
    assert_eq!(orders.upstream.seen().len(), 1);
    Ok(())
}

#[tokio::test]
async fn another_trust_domain_is_another_identity_unless_it_is_an_alias() -> Result<()> {
    let mesh = Mesh::new()?;
    let upstream = HttpEcho::start().await?;
    let resources = json!([allow_principal("frontend", FRONTEND)]);
    let mut bootstrap = Bootstrap::new();
    for (name, aliases) in [("orders", json!([])), ("aliased", json!(["partner.example"]))] {
        let mut configuration = configuration("http", resources.clone());
        configuration["mesh"] = json!({"trustDomain": "cluster.local", "trustDomainAliases": aliases});
        let listener = Listener::http(name, Transport::mutual(&mesh.server), upstream.address());
        bootstrap = bootstrap.listener(listener.module(module(configuration)?));
    }
    let envoy = Envoy::start(bootstrap).await?;
    let aliased = envoy.address("aliased")?;
    let orders = Orders { envoy, upstream };
    assert_eq!(
        orders
            .status(&mesh.caller(FRONTEND)?, ClientRequest::get("/"))
            .await?,
        200
    );
    assert_eq!(
        orders.status(&mesh.partner()?, ClientRequest::get("/")).await?,
        403
    );
    let version = peerwarden_lab::client::http::Version::Http2;
    let reply =
        peerwarden_lab::client::http::once(aliased, &mesh.partner()?, version, ClientRequest::get("/"))
            .await?;
    assert_eq!(reply.status, 200);
    Ok(())
}
