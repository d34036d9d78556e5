//! A waypoint: the peer is that of the tunnel's handshake, passed in filter state to the listener behind.

use std::net::SocketAddr;

use anyhow::Result;
use peerwarden_lab::certificates::Certificate;
use peerwarden_lab::client::{Caller, ClientRequest, http, tcp};
use peerwarden_lab::deadline;
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::locate;
use peerwarden_lab::upstream::{HttpEcho, TcpEcho};
use serde_json::{Value, json};

use crate::fixture::{BACKEND, FRONTEND, Mesh};

/// The address of the HTTP service, in the tunnel's request.
const HTTP: &str = "10.0.0.5:8080";
/// The same for TCP.
const TCP: &str = "10.0.0.6:5432";

/// How Istio creates the object in filter state: as `envoy.string` at the end of a tunnel, and hashable further on.
const FACTORIES: [&str; 2] = ["envoy.string", "envoy.hashable_string"];

struct Waypoint {
    mesh: Mesh,
    envoy: Envoy,
    http: HttpEcho,
    _tcp: TcpEcho,
}

impl Waypoint {
    async fn start(factory: &str, action: &str, rules: Value) -> Result<Self> {
        let mesh = Mesh::new()?;
        let http = HttpEcho::start().await?;
        let tcp = TcpEcho::greeting("").await?;
        let files = mesh.server.files();
        let configuration = |protocol| configuration(protocol, action, &rules).to_string();
        let replacements = [
            ("CERTIFICATE", files.certificate().display().to_string()),
            ("KEY", files.key().display().to_string()),
            ("ROOTS", files.roots().display().to_string()),
            ("MODULE", locate::module()?.display().to_string()),
            ("FACTORY", factory.to_owned()),
            ("HTTP_CONFIGURATION", configuration("http")),
            ("TCP_CONFIGURATION", configuration("tcp")),
            ("HTTP_PORT", http.address().port().to_string()),
            ("TCP_PORT", tcp.address().port().to_string()),
        ];
        let mut text = include_str!("waypoint/waypoint.yaml").to_owned();
        for (from, to) in replacements {
            text = text.replace(from, &to);
        }
        let envoy = Envoy::launch(Launch::yaml(text)).await?;
        Ok(Self {
            mesh,
            envoy,
            http,
            _tcp: tcp,
        })
    }

    fn address(&self) -> Result<SocketAddr> {
        self.envoy.address("connect_terminate")
    }

    async fn status(&self, caller: &Caller) -> Result<u16> {
        let caller = caller.clone().tunnel(HTTP);
        let version = http::Version::Http1;
        Ok(
            http::once(self.address()?, &caller, version, ClientRequest::get("/"))
                .await?
                .status,
        )
    }

    /// Whether a connection passes; if not, no byte of it may.
    async fn passes(&self, caller: &Caller) -> Result<bool> {
        let caller = caller.clone().tunnel(TCP);
        let mut connection = tcp::Connection::open(self.address()?, &caller).await?;
        connection.send("query").await?;
        let received = connection.receive(5, deadline::EXCHANGE).await?;
        assert!(received.text() == "query" || received.nothing(), "{received:?}");
        Ok(!received.nothing())
    }
}

fn configuration(protocol: &str, action: &str, rules: &Value) -> Value {
    json!({
        "protocol": protocol,
        "workload": {
            "kind": "waypoint", "namespace": "shop", "services": [{"name": "orders", "namespace": "shop"}],
        },
        "resources": [{
            "apiVersion": "security.istio.io/v1",
            "kind": "AuthorizationPolicy",
            "metadata": {"name": "orders", "namespace": "shop"},
            "spec": {
                "targetRefs": [{"kind": "Service", "group": "", "name": "orders"}],
                "action": action,
                "rules": rules,
            },
        }],
    })
}

fn from(field: &str, value: &str) -> Value {
    json!([{"from": [{"source": {field: [value]}}]}])
}

#[tokio::test]
async fn the_peer_is_who_the_tunnel_showed() -> Result<()> {
    for factory in FACTORIES {
        let allow = from("principals", "cluster.local/ns/web/sa/frontend");
        let waypoint = Waypoint::start(factory, "ALLOW", allow).await?;
        let (frontend, backend) = (waypoint.mesh.caller(FRONTEND)?, waypoint.mesh.caller(BACKEND)?);
        assert_eq!(waypoint.status(&frontend).await?, 200, "{factory}");
        assert_eq!(waypoint.status(&backend).await?, 403, "{factory}");
        assert!(waypoint.passes(&frontend).await?, "{factory}");
        assert!(!waypoint.passes(&backend).await?, "{factory}");
        assert_eq!(waypoint.http.seen().len(), 1);
    }
    Ok(())
}

#[tokio::test]
async fn namespaces_service_accounts_and_denials_hold_as_well() -> Result<()> {
    let waypoint = Waypoint::start("envoy.string", "DENY", from("namespaces", "web")).await?;
    let (frontend, backend) = (waypoint.mesh.caller(FRONTEND)?, waypoint.mesh.caller(BACKEND)?);
    assert_eq!(waypoint.status(&frontend).await?, 403);
    assert_eq!(waypoint.status(&backend).await?, 200);
    assert!(!waypoint.passes(&frontend).await?);
    assert!(waypoint.passes(&backend).await?);
    Ok(())
}

/// Envoy writes `-` for a peer without a URI SAN. Its identity cannot be established, so no rule on identity allows it.
#[tokio::test]
async fn who_has_no_spiffe_id_is_not_established() -> Result<()> {
    let nameless = Certificate::nameless().dns("frontend.web");
    for (action, field) in [
        ("ALLOW", "principals"),
        ("ALLOW", "notPrincipals"),
        ("DENY", "principals"),
        ("DENY", "notPrincipals"),
    ] {
        let waypoint = Waypoint::start("envoy.string", action, from(field, "*")).await?;
        let nameless = waypoint.mesh.with(nameless.clone())?;
        assert_eq!(waypoint.status(&nameless).await?, 403, "{action} {field}");
        assert!(!waypoint.passes(&nameless).await?, "{action} {field}");
    }
    Ok(())
}

/// Envoy joins several URI SANs by commas, which a URI may also contain: an ambiguous value counts as not established.
#[tokio::test]
async fn several_names_are_not_guessed_at() -> Result<()> {
    let several = Certificate::spiffe(FRONTEND).uri(BACKEND);
    for (action, field, name) in [
        ("ALLOW", "principals", "*"),
        ("ALLOW", "notPrincipals", "cluster.local/ns/web/sa/other"),
        ("DENY", "principals", "cluster.local/ns/shop/sa/backend"),
    ] {
        let waypoint = Waypoint::start("envoy.string", action, from(field, name)).await?;
        let caller = waypoint.mesh.with(several.clone())?;
        assert_eq!(waypoint.status(&caller).await?, 403, "{action} {field} {name}");
        assert!(!waypoint.passes(&caller).await?, "{action} {field} {name}");
    }
    Ok(())
}

/// The addresses are those of the tunnel too, restored by `original_dst` from filter state.
#[tokio::test]
async fn addresses_are_those_of_the_tunnel() -> Result<()> {
    let source = |block| from("ipBlocks", block);
    let port = |port| json!([{"to": [{"operation": {"ports": [port]}}]}]);
    for (rules, http, tcp) in [
        (source("127.0.0.0/8"), 200, true),
        (source("10.0.0.0/8"), 403, false),
        (port("8080"), 200, false),
        (port("5432"), 403, true),
    ] {
        let described = rules.to_string();
        let waypoint = Waypoint::start("envoy.string", "ALLOW", rules).await?;
        let frontend = waypoint.mesh.caller(FRONTEND)?;
        assert_eq!(waypoint.status(&frontend).await?, http, "{described}");
        assert_eq!(waypoint.passes(&frontend).await?, tcp, "{described}");
    }
    Ok(())
}
