//! Question 11: an application that terminates TLS itself. Envoy passes it on without reading it; rules on the server
//! name work, and rules on the peer if the application's TLS is inside the mesh's.

use anyhow::{Context, Result, ensure};
use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::client::{Caller, tcp};
use peerwarden_lab::config::Port;
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::upstream::TlsEcho;
use serde_json::json;

use crate::entry::{Entry, Evidence};
use crate::stage::{Stage, peer_authentication};

pub(crate) const ENTRY: Entry = Entry {
    number: 11,
    name: "passthrough",
    promise: "Applications that speak HTTPS themselves",
    experiment: || Box::pin(experiment()),
};

const FRONTEND: &str = "cluster.local/ns/web/sa/frontend";
const BATCH: &str = "cluster.local/ns/web/sa/batch";

/// Names of the application; the rules are about the first.
const PUBLIC: &str = "shop.mesh.lab";
const INTERNAL: &str = "internal.mesh.lab";

const QUESTION: &str = "what is the balance?\n";

/// The TLS of a client's connection.
enum TlsLayers {
    /// The application's TLS alone.
    Direct(Caller),
    /// The application's TLS inside another, marked like a mesh's own.
    Inside(Caller, Caller),
}

struct TlsClient {
    name: &'static str,
    way: TlsLayers,
    /// The modes in which it is served.
    served: &'static [&'static str],
}

async fn experiment() -> Result<Evidence> {
    let stage = Stage::set()?;
    // The application's certificate is not from the mesh.
    let public = Authority::new("public")?;
    let application =
        TlsEcho::start(&public.issue(Certificate::nameless().dns(PUBLIC).dns(INTERNAL))?).await?;
    let clients = clients(&stage, &public)?;
    let (mut asked, mut served) = (0, 0);
    for mode in ["STRICT", "PERMISSIVE", "DISABLE"] {
        let (_envoy, port) = server(&stage, &application, mode).await?;
        for client in &clients {
            let got = exchange(&port, &client.way).await?;
            let expected = client.served.contains(&mode);
            ensure!(got == expected, "{mode}: {} served: {got}", client.name);
            asked += 1;
            served += usize::from(got);
        }
        if mode != "DISABLE" {
            let answer = by_envoy(&stage, &public, &port, mode).await?;
            ensure!(answer, "{mode}: the frontend's own Envoy is not served");
            asked += 1;
            served += 1;
        }
    }
    let reached = application.asked_for().len();
    ensure!(
        reached == served,
        "{served} were served, {reached} reached the application"
    );
    Ok(format!(
        "{} kinds of client, STRICT, PERMISSIVE and DISABLE: {served} of {asked} reached the application's own TLS, as expected",
        clients.len() + 1
    ))
}

/// The server's Envoy: a rule on the peer, and one on the server name.
async fn server(stage: &Stage, application: &TlsEcho, mode: &str) -> Result<(Envoy, Port)> {
    let port = Port::reserve()?;
    let description = json!({
        "workload": {"namespace": "shop", "labels": {"app": "orders"}},
        "ports": [{"port": port.number(), "protocol": "HTTPS", "upstream": application.address().to_string()}],
    });
    let rules = json!([
        {"from": [{"source": {"principals": [FRONTEND]}}]},
        {"when": [{"key": "connection.sni", "values": [PUBLIC]}]},
    ]);
    let policy = json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": "clients", "namespace": "shop"},
        "spec": {"rules": rules},
    });
    let mode = peer_authentication("shop", "orders", json!({"mtls": {"mode": mode}}));
    let configuration = stage.inbound(description, &[mode, policy])?.file()?.text;
    Ok((Envoy::launch(Launch::yaml(configuration)).await?, port))
}

fn clients(stage: &Stage, public: &Authority) -> Result<Vec<TlsClient>> {
    let application = |name: &str| Ok::<_, anyhow::Error>(Caller::anonymous(public)?.server_name(name));
    let mesh = |principal: &str| stage.workload(&format!("spiffe://{principal}"));
    let client = |name, way, served| TlsClient { name, way, served };
    // A certificate of the mesh, which the client presents to the application, which does not request it.
    let identity = stage
        .authority
        .issue(Certificate::spiffe(&format!("spiffe://{FRONTEND}")))?;
    let shown = Caller::workload(public, &identity)?.server_name(INTERNAL);
    Ok(vec![
        client(
            "TLS in mutual TLS by whom the rules name",
            TlsLayers::Inside(mesh(FRONTEND)?, application(INTERNAL)?),
            &["STRICT", "PERMISSIVE"],
        ),
        // The server name is that of the mesh's TLS.
        client(
            "TLS in mutual TLS by another",
            TlsLayers::Inside(mesh(BATCH)?, application(PUBLIC)?),
            &[],
        ),
        client(
            "TLS in TLS without a certificate",
            TlsLayers::Inside(Caller::anonymous(&stage.authority)?, application(PUBLIC)?),
            &[],
        ),
        client(
            "TLS with the name that the rules name",
            TlsLayers::Direct(application(PUBLIC)?),
            &["PERMISSIVE", "DISABLE"],
        ),
        client(
            "TLS with another name",
            TlsLayers::Direct(application(INTERNAL)?),
            &[],
        ),
        client(
            "a certificate shown to the application",
            TlsLayers::Direct(shown),
            &[],
        ),
        client("plaintext", TlsLayers::Direct(Caller::plaintext()), &[]),
    ])
}

/// Whether the application answers.
async fn exchange(port: &Port, way: &TlsLayers) -> Result<bool> {
    let address = ([127, 0, 0, 1], port.number()).into();
    let opened = match way {
        TlsLayers::Direct(caller) => tcp::Connection::open(address, caller).await,
        TlsLayers::Inside(outer, inner) => tcp::Connection::open_inside(address, outer, "istio", inner).await,
    };
    let Ok(mut connection) = opened else {
        return Ok(false);
    };
    let received = connection.echo(QUESTION).await.context("asking")?;
    ensure!(
        received.text() == QUESTION || received.bytes.is_empty(),
        "half an answer: {received:?}"
    );
    Ok(received.text() == QUESTION)
}

/// The same through the frontend's own Envoy, as `peerwarden render client` configures it: the client speaks the
/// application's TLS to it.
async fn by_envoy(stage: &Stage, public: &Authority, target: &Port, mode: &str) -> Result<bool> {
    let certificate = Certificate::spiffe(&format!("spiffe://{FRONTEND}"));
    let certificates = stage.identity(&format!("frontend-{mode}"), certificate)?;
    let listen = Port::reserve()?;
    let port =
        json!({"port": 443, "targetPort": target.number(), "protocol": "TCP", "listen": listen.number()});
    let endpoint = json!({
        "address": "127.0.0.1",
        "serviceAccount": "orders",
        "labels": {"app": "orders", "security.istio.io/tlsMode": "istio"},
    });
    let description = json!({
        "workload": {"namespace": "web"},
        "certificates": {"directory": certificates},
        "services": [{
            "host": "orders.shop.svc.cluster.local",
            "namespace": "shop",
            "ports": [port],
            "endpoints": [endpoint],
        }],
    });
    let configuration = stage.outbound(&description, &[], &[])?.file()?.text;
    let _client = Envoy::launch(Launch::yaml(configuration)).await?;
    let caller = Caller::anonymous(public)?.server_name(INTERNAL);
    exchange(&listen, &TlsLayers::Direct(caller)).await
}
