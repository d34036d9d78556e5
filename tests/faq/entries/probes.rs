//! Question 5: the kubelet has no certificate of the mesh, so a STRICT port fails its probes. Three solutions: probes
//! rewritten to a port that answers nothing else, a port without mutual TLS, and PERMISSIVE.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use peerwarden_lab::client::kubelet;
use peerwarden_lab::config::Port;
use peerwarden_lab::deadline::until;
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::upstream::HealthApp;
use peerwarden_render::probes::{ProbeScan, Probes};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::entry::{Entry, Evidence};
use crate::stage::{Stage, peer_authentication};

pub(crate) const ENTRY: Entry = Entry {
    number: 5,
    name: "probes",
    promise: "Kubernetes probes pass under STRICT",
    experiment: || Box::pin(experiment()),
};

/// The time limit for the kubelet to notice a change over TCP and gRPC: Envoy checks once a second.
const BOUND: Duration = Duration::from_secs(5);

async fn experiment() -> Result<Evidence> {
    let app = HealthApp::http().await?;
    without_help_and_by_mode(&app, &HealthApp::grpc().await?).await?;
    let refused = by_rewrite(&app).await?;
    Ok(format!(
        "HTTP, gRPC fail on STRICT, TCP says nothing; right on DISABLE, on PERMISSIVE and rewritten, where {refused} other requests got nothing"
    ))
}

/// The port itself: STRICT fails, DISABLE for one port and PERMISSIVE pass; a TCP probe passes in any mode, as Envoy
/// accepts the connection.
async fn without_help_and_by_mode(app: &HealthApp, serving: &HealthApp) -> Result<()> {
    let nobody = Port::reserve()?;
    let nobody_at = at(&nobody);
    let mut ports = Vec::new();
    for (protocol, upstream) in [
        ("HTTP", app.address()),
        ("GRPC", serving.address()),
        ("TCP", nobody_at),
    ] {
        for mode in ["STRICT", "DISABLE", "PERMISSIVE"] {
            ports.push((protocol, mode, Port::reserve()?, upstream.to_string()));
        }
    }
    let by_port = ports
        .iter()
        .map(|(_, mode, port, _)| (port.number().to_string(), json!({"mode": mode})));
    let document = peer_authentication(
        "shop",
        "orders",
        json!({
            "selector": {"matchLabels": {"app": "orders"}},
            "mtls": {"mode": "STRICT"},
            "portLevelMtls": by_port.collect::<serde_json::Map<_, _>>(),
        }),
    );
    let written = ports.iter().map(
        |(protocol, _, port, upstream)| json!({"port": port.number(), "protocol": protocol, "upstream": upstream}),
    );
    let description = json!({
        "workload": {"namespace": "shop", "labels": {"app": "orders"}},
        "ports": written.collect::<Vec<_>>(),
    });
    let stage = Stage::set()?;
    let configuration = stage.inbound(description, &[document])?.file()?.text;
    let _envoy = Envoy::launch(Launch::yaml(configuration)).await?;
    for (protocol, mode, port, _) in &ports {
        let (passes, expected) = match *protocol {
            "HTTP" => (kubelet::http_get(at(port), "/healthz").await, *mode != "STRICT"),
            "GRPC" => (kubelet::grpc(at(port)).await, *mode != "STRICT"),
            // Although nothing listens there.
            _ => (kubelet::tcp_socket(at(port)).await, true),
        };
        ensure!(
            passes == expected,
            "{protocol}, {mode}: the probe passes: {passes}"
        );
    }
    ensure!(
        !kubelet::tcp_socket(nobody_at).await,
        "somebody listens where nobody should"
    );
    Ok(())
}

/// Probes on a separate port. Returns how many other requests it refused.
async fn by_rewrite(app: &HealthApp) -> Result<usize> {
    let stage = Stage::set()?;
    let (strict, probes_at) = (Port::reserve()?, Port::reserve()?);
    let serving = HealthApp::grpc().await?;
    let socket = TcpListener::bind("127.0.0.1:0").await?;
    let tcp = socket.local_addr()?;
    let document = deployment(strict.number(), tcp.port(), serving.address().port());
    let value = serde_json::from_value(document)?;
    let found = Probes::read(&value, probes_at.number()).map_err(|problems| anyhow::anyhow!("{problems}"))?;
    let ProbeScan::Probes(probes) = found else {
        bail!("no probes were found")
    };
    ensure!(probes.count() == 3, "{} probes", probes.count());
    // The kubelet's instructions, read as it reads them.
    let rewritten = peerwarden_render::yaml::write(&probes.rewritten(&value));
    let rewritten: Value = serde_saphyr::from_str(&rewritten)?;
    let container = &rewritten["spec"]["template"]["spec"]["containers"][0];
    let asks = |probe: &str| -> Result<String> {
        let get = &container[probe]["httpGet"];
        ensure!(get["port"] == probes_at.number(), "{probe}: {get}");
        Ok(get["path"].as_str().context("a path")?.to_owned())
    };
    let (http, by_tcp, grpc) = (
        asks("livenessProbe")?,
        asks("startupProbe")?,
        asks("readinessProbe")?,
    );

    let description = json!({
        "workload": {"namespace": "shop", "labels": {"app": "orders"}},
        "ports": [{"port": strict.number(), "protocol": "HTTP", "upstream": app.address().to_string()}],
    });
    let mode = peer_authentication("shop", "orders", json!({"mtls": {"mode": "STRICT"}}));
    let inbound = stage.inbound(description, &[mode])?.with_probes(probes);
    let inbound = inbound.map_err(|problems| anyhow::anyhow!("{problems}"))?;
    let _envoy = Envoy::launch(Launch::yaml(inbound.file()?.text)).await?;
    let kubelet_asks = at(&probes_at);
    ensure!(
        !kubelet::http_get(at(&strict), "/healthz").await,
        "the port is not STRICT"
    );

    for path in [&http, &by_tcp, &grpc] {
        comes_to(kubelet_asks, path, true).await?;
    }
    let (_, headers) = app
        .seen()
        .into_iter()
        .find(|(path, _)| path == "/healthz?full=1")
        .context("the probe's own path and query")?;
    for (name, value) in [
        ("user-agent", "kube-probe/1.31"),
        ("host", "orders.local"),
        ("x-health", "100%"),
    ] {
        let sent = headers.get(name).and_then(|value| value.to_str().ok());
        ensure!(sent == Some(value), "{name}: {sent:?}");
    }
    let internal = headers.keys().find(|name| name.as_str().starts_with("x-envoy"));
    ensure!(internal.is_none(), "{internal:?} reached the application");

    let refused = nothing_else(app, kubelet_asks, &http, &by_tcp).await?;

    app.set_healthy(false);
    comes_to(kubelet_asks, &http, false).await?;
    serving.set_healthy(false);
    comes_to(kubelet_asks, &grpc, false).await?;
    serving.set_healthy(true);
    comes_to(kubelet_asks, &grpc, true).await?;
    drop(socket);
    comes_to(kubelet_asks, &by_tcp, false).await?;
    let _again = TcpListener::bind(tcp).await?;
    comes_to(kubelet_asks, &by_tcp, true).await?;
    Ok(refused)
}

/// Anything but a probe is answered with an error, and never reaches the application.
async fn nothing_else(app: &HealthApp, address: SocketAddr, http: &str, by_tcp: &str) -> Result<usize> {
    let attempts = [
        "GET / HTTP/1.1\r\n".to_owned(),
        "GET /healthz HTTP/1.1\r\n".to_owned(),
        format!("GET {http}/ HTTP/1.1\r\n"),
        format!("GET {http}/../../../admin HTTP/1.1\r\n"),
        format!("GET {http}%2f..%2fadmin HTTP/1.1\r\n"),
        format!("GET //{http} HTTP/1.1\r\n"),
        format!("GET {http}?full=0 HTTP/1.1\r\n"),
        format!("GET {by_tcp}?x HTTP/1.1\r\n"),
        format!("GET {http};x HTTP/1.1\r\n"),
        "GET /app-health/other/livez HTTP/1.1\r\n".to_owned(),
        format!("POST {http} HTTP/1.1\r\ncontent-length: 0\r\n"),
        format!("POST {by_tcp} HTTP/1.1\r\ncontent-length: 0\r\n"),
        format!("HEAD {http} HTTP/1.1\r\n"),
        format!("DELETE {http} HTTP/1.1\r\n"),
        format!("GET {http} HTTP/1.1\r\ncontent-length: 1\r\n"),
        format!("GET {http} HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n"),
        "GET /admin HTTP/1.1\r\nx-envoy-original-path: /app-health/app/livez\r\n".to_owned(),
        format!("CONNECT 127.0.0.1:{} HTTP/1.1\r\n", app.address().port()),
        format!("GET http://{}/admin HTTP/1.1\r\n", app.address()),
    ];
    let before = app.seen().len();
    for attempt in &attempts {
        let head = format!("{attempt}host: {address}\r\nuser-agent: kube-probe/1.31\r\n\r\n");
        // With or without an error.
        let status = kubelet::status(address, &head).await;
        ensure!(!matches!(status, Ok(..400)), "{attempt}: {status:?}");
    }
    let chunked = format!(
        "GET {http} HTTP/1.1\r\nhost: {address}\r\nuser-agent: kube-probe/1.31\r\ntransfer-encoding: chunked\r\n\r\n\
         5\r\nhello\r\n0\r\n\r\n"
    );
    let status = kubelet::status(address, &chunked).await;
    ensure!(!matches!(status, Ok(..400)), "a chunked body: {status:?}");
    ensure!(
        app.seen().len() == before,
        "an attempt reached the application: {:?}",
        app.seen()
    );
    Ok(attempts.len() + 1)
}

async fn comes_to(address: SocketAddr, path: &str, expected: bool) -> Result<()> {
    until(BOUND, &format!("{path}: {expected}"), async || {
        let passes = kubelet::http_get(address, path).await;
        Ok((passes == expected).then_some(()))
    })
    .await
}

fn deployment(http: u16, tcp: u16, grpc: u16) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "orders", "namespace": "shop"},
        "spec": {"template": {
            "metadata": {"labels": {"app": "orders"}},
            "spec": {"containers": [{
                "name": "app",
                "ports": [{"name": "web", "containerPort": http}],
                "livenessProbe": {
                    "httpGet": {
                        "path": "/healthz?full=1",
                        "port": "web",
                        "httpHeaders": [
                            {"name": "Host", "value": "orders.local"},
                            {"name": "X-Health", "value": "100%"},
                        ],
                    },
                    "periodSeconds": 5,
                },
                "startupProbe": {"tcpSocket": {"port": tcp}},
                "readinessProbe": {"grpc": {"port": grpc, "service": "orders"}},
            }]},
        }},
    })
}

fn at(port: &Port) -> SocketAddr {
    ([127, 0, 0, 1], port.number()).into()
}
