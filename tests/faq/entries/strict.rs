//! Question 4: STRICT refuses clients without a certificate of the mesh, PERMISSIVE accepts both: set for a workload and for the
//! mesh, for HTTP and for TCP, on the listener that `peerwarden render inbound` writes.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::client::{Caller, tcp};
use peerwarden_lab::config::Port;
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::upstream::{HttpEcho, TcpEcho};
use serde_json::json;

use crate::entry::{Entry, Evidence};
use crate::stage::{self, RequestResult, Stage, peer_authentication};

pub(crate) const ENTRY: Entry = Entry {
    number: 4,
    name: "strict",
    promise: "STRICT shuts strangers out, PERMISSIVE admits",
    experiment: || Box::pin(experiment()),
};

/// The server's first bytes, which would show a leak.
const GREETING: &str = "welcome\n";

/// How long a client without an answer waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// A client, and whether each mode accepts it.
struct ModeClient {
    name: &'static str,
    caller: Caller,
    strict: bool,
    permissive: bool,
}

async fn experiment() -> Result<Evidence> {
    let stage = Stage::set()?;
    let clients = clients(&stage)?;
    let (http, tcp) = (HttpEcho::start().await?, TcpEcho::greeting(GREETING).await?);
    let (mut asked, mut served) = (0, 0_u64);
    for mode in ["STRICT", "PERMISSIVE"] {
        for namespace in ["istio-system", "shop"] {
            let (requests, connections) = (Port::reserve()?, Port::reserve()?);
            let description = json!({
                "workload": {"namespace": "shop", "labels": {"app": "orders"}},
                "ports": [
                    {"port": requests.number(), "protocol": "HTTP", "upstream": http.address().to_string()},
                    {"port": connections.number(), "protocol": "TCP", "upstream": tcp.address().to_string()},
                ],
            });
            // The mesh's, which has no selector, or the workload's.
            let spec = match namespace {
                "shop" => json!({"selector": {"matchLabels": {"app": "orders"}}, "mtls": {"mode": mode}}),
                _ => json!({"mtls": {"mode": mode}}),
            };
            let document = peer_authentication(namespace, "mode", spec);
            let configuration = stage.inbound(description, &[document])?.file()?.text;
            let _envoy = Envoy::launch(Launch::yaml(configuration)).await?;
            for client in &clients {
                let admitted = if mode == "STRICT" {
                    client.strict
                } else {
                    client.permissive
                };
                let by_http = stage::ask(&requests, &client.caller).await == RequestResult::Served;
                let by_tcp = exchange(&connections, &client.caller).await?;
                for (protocol, got) in [("HTTP", by_http), ("TCP", by_tcp)] {
                    let name = client.name;
                    ensure!(
                        got == admitted,
                        "{mode} in {namespace}, {protocol}: {name} admitted: {got}"
                    );
                    asked += 1;
                    served += u64::from(got);
                }
            }
        }
    }
    let reached = http.seen().len() as u64 + tcp.traffic().connections;
    ensure!(
        reached == served,
        "{served} were admitted, {reached} reached the applications"
    );
    Ok(format!(
        "{} kinds of client, workload and mesh, HTTP and TCP: {served} of {asked} admitted, as expected",
        clients.len()
    ))
}

fn clients(stage: &Stage) -> Result<Vec<ModeClient>> {
    let mesh = &stage.authority;
    let frontend = || Certificate::spiffe("spiffe://cluster.local/ns/web/sa/frontend");
    // Client certificates, and the root that verifies the server.
    let with = |issuer: &Authority, certificate| Caller::workload(mesh, &issuer.issue(certificate)?);
    let client = |name, caller, strict, permissive| ModeClient {
        name,
        caller,
        strict,
        permissive,
    };
    let foreign = Certificate::spiffe("spiffe://partner.example/ns/web/sa/frontend");
    Ok(vec![
        client("a workload of the mesh", with(mesh, frontend())?, true, true),
        client("plaintext", Caller::plaintext(), false, true),
        client(
            "TLS without a certificate",
            Caller::anonymous(mesh)?,
            false,
            false,
        ),
        client(
            "a certificate of another CA",
            with(&Authority::new("cluster.local")?, frontend())?,
            false,
            false,
        ),
        client(
            "an expired certificate",
            with(mesh, frontend().expired())?,
            false,
            false,
        ),
        client("a foreign trust domain", with(mesh, foreign)?, false, false),
        client(
            "a certificate without a SPIFFE ID",
            with(mesh, Certificate::nameless().common_name("web"))?,
            false,
            false,
        ),
    ])
}

/// Whether a client gets the greeting and an answer; otherwise it must not get one byte.
async fn exchange(port: &Port, caller: &Caller) -> Result<bool> {
    let address = ([127, 0, 0, 1], port.number()).into();
    let Ok(mut connection) = tcp::Connection::open(address, caller).await else {
        return Ok(false);
    };
    // With TLS 1.3 a client learns only after its handshake that it is refused; in plaintext it must send first, or
    // wait.
    if connection.send("hello\n").await.is_err() {
        return Ok(false);
    }
    let wanted = format!("{GREETING}hello\n");
    let received = connection
        .receive(wanted.len(), PATIENCE)
        .await
        .context("listening")?;
    ensure!(
        received.end != tcp::ConnectionEnd::Silent,
        "left waiting after {:?}",
        received.text()
    );
    ensure!(
        received.text() == wanted || received.bytes.is_empty(),
        "half an answer: {:?}",
        received.text()
    );
    Ok(!received.bytes.is_empty())
}
