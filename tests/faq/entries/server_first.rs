//! Question 8: a protocol in which the server sends first, with a real MariaDB and its real client. In both modes of
//! enforcement a denied client gets not one byte; with `hold` the server does not even see the connection.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use peerwarden_lab::certificates::Certificate;
use peerwarden_lab::client::tcp;
use peerwarden_lab::config::Port;
use peerwarden_lab::deadline::EXCHANGE;
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::mariadb::{self, MariaDb};
use serde_json::{Value, json};

use crate::docs;
use crate::entry::{Entry, Evidence};
use crate::stage::{Stage, admits, peer_authentication};

pub(crate) const ENTRY: Entry = Entry {
    number: 8,
    name: "server_first",
    promise: "MySQL: no byte before the decision",
    experiment: || Box::pin(experiment()),
};

const ALLOWED: &str = "cluster.local/ns/web/sa/frontend";
const DENIED: &str = "cluster.local/ns/web/sa/batch";
const HOST: &str = "ledger.shop.svc.cluster.local";

/// A client's query, and its result.
const QUERY: &str = "SELECT CONCAT(item, ' for two') FROM orders";
const ROWS: &str = "tea for two";

/// The time-out of a patient client.
const PATIENT: Duration = Duration::from_secs(10);

/// The clients' side: two workloads, each with its Envoy, through which the real client connects.
struct Clients {
    allowed: (Envoy, Port),
    denied: (Envoy, Port),
}

async fn experiment() -> Result<Evidence> {
    let stage = Stage::set()?;
    let database = MariaDb::start().await?;
    let mut evidence = Vec::new();
    for enforcement in ["handshake", "hold"] {
        let spared = enforced(&stage, &database, enforcement)
            .await
            .context(enforcement)?;
        evidence.push(format!("{enforcement}: {spared}"));
    }
    let stall = permissive(&stage, &database).await.context("PERMISSIVE")?;
    Ok(format!(
        "{}; plaintext under PERMISSIVE waits {:.1} s",
        evidence.join("; "),
        stall.as_secs_f32()
    ))
}

/// The server's Envoy, in a mode.
async fn server(stage: &Stage, database: &MariaDb, mode: &str, enforcement: &str) -> Result<(Envoy, Port)> {
    let (port, http) = (Port::reserve()?, Port::reserve()?);
    // The documented workload, without requests to its HTTP port.
    let mut description = docs::workload()?;
    docs::put(&mut description, "/ports/0/port", http.number())?;
    docs::put(&mut description, "/ports/1/port", port.number())?;
    docs::put(
        &mut description,
        "/ports/1/upstream",
        database.address().to_string(),
    )?;
    docs::put(&mut description, "/ports/1/enforcement", enforcement)?;
    let mut policies = vec![peer_authentication(
        "shop",
        "orders",
        json!({"mtls": {"mode": mode}}),
    )];
    if mode == "STRICT" {
        policies.push(admits(&[ALLOWED]));
    }
    let configuration = stage.inbound(description, &policies)?.file()?.text;
    Ok((Envoy::launch(Launch::yaml(configuration)).await?, port))
}

/// A workload's Envoy, which speaks mutual TLS to the server's.
async fn client(stage: &Stage, name: &str, principal: &str, target: &Port) -> Result<(Envoy, Port)> {
    let certificates = stage.identity(name, Certificate::spiffe(&format!("spiffe://{principal}")))?;
    let listen = Port::reserve()?;
    let port =
        json!({"port": 3306, "targetPort": target.number(), "protocol": "MySQL", "listen": listen.number()});
    let endpoint = json!({
        "address": "127.0.0.1",
        "serviceAccount": "orders",
        "labels": {"app": "orders", "security.istio.io/tlsMode": "istio"},
    });
    let description: Value = json!({
        "workload": {"namespace": "web"},
        "certificates": {"directory": certificates},
        "services": [{"host": HOST, "namespace": "shop", "ports": [port], "endpoints": [endpoint]}],
    });
    let configuration = stage.outbound(&description, &[], &[])?.file()?.text;
    Ok((Envoy::launch(Launch::yaml(configuration)).await?, listen))
}

impl Clients {
    async fn of(stage: &Stage, enforcement: &str, target: &Port) -> Result<Self> {
        Ok(Self {
            allowed: client(stage, &format!("allowed-{enforcement}"), ALLOWED, target).await?,
            denied: client(stage, &format!("denied-{enforcement}"), DENIED, target).await?,
        })
    }
}

/// STRICT and DISABLE. Returns the number of connections that never reached the server.
async fn enforced(stage: &Stage, database: &MariaDb, enforcement: &str) -> Result<String> {
    const TRIES: u64 = 3;
    let (_server, port) = server(stage, database, "STRICT", enforcement).await?;
    let clients = Clients::of(stage, enforcement, &port).await?;
    for _ in 0..TRIES {
        let answer = mariadb::query(clients.allowed.1.number(), PATIENT, QUERY).await?;
        ensure!(
            answer.answered && answer.text == ROWS,
            "who is allowed: {answer:?}"
        );
    }

    let before = database.connections().await?;
    for _ in 0..TRIES {
        let answer = mariadb::query(clients.denied.1.number(), PATIENT, "SELECT 'from the denied'").await?;
        ensure!(!answer.answered, "who is denied was answered: {answer:?}");
        // Past its Envoy, to see each byte.
        let caller = stage.workload(&format!("spiffe://{DENIED}"))?;
        let mut connection = tcp::Connection::open(([127, 0, 0, 1], port.number()).into(), &caller).await?;
        let received = connection.receive(1, EXCHANGE).await?;
        ensure!(received.nothing(), "who is denied was greeted: {received:?}");
    }
    ensure!(
        !database.was_asked("from the denied")?,
        "a query of the denied reached the server"
    );
    // Each query of the count counts itself.
    let reached = database.connections().await? - before - 1;
    ensure!(
        enforcement != "hold" || reached == 0,
        "{reached} connections of the denied reached the server"
    );

    let (_server, port) = server(stage, database, "DISABLE", enforcement).await?;
    let answer = mariadb::query(port.number(), PATIENT, QUERY).await?;
    ensure!(
        answer.answered && answer.text == ROWS,
        "under DISABLE: {answer:?}"
    );
    Ok(format!(
        "{} denied got 0 bytes, the server saw {reached}",
        2 * TRIES
    ))
}

/// A plaintext client waits for the greeting, and Envoy for the client's first byte. Returns how long.
async fn permissive(stage: &Stage, database: &MariaDb) -> Result<Duration> {
    let (_server, port) = server(stage, database, "PERMISSIVE", "handshake").await?;
    let impatient = mariadb::query(port.number(), Duration::from_secs(2), QUERY).await?;
    ensure!(
        !impatient.answered && impatient.text.contains("ERROR 2013"),
        "a client that gives up after 2 s: {impatient:?}"
    );
    let begun = Instant::now();
    let patient = mariadb::query(port.number(), 2 * PATIENT, QUERY).await?;
    let stall = begun.elapsed();
    ensure!(
        patient.answered && patient.text == ROWS,
        "a client that waits: {patient:?}"
    );
    ensure!(stall >= Duration::from_secs(4), "there is no stall: {stall:?}");

    let (_client, listen) = client(stage, "permissive", ALLOWED, &port).await?;
    let begun = Instant::now();
    let mutual = mariadb::query(listen.number(), PATIENT, QUERY).await?;
    ensure!(
        mutual.answered && mutual.text == ROWS,
        "by mutual TLS: {mutual:?}"
    );
    let quick = begun.elapsed();
    ensure!(quick < stall / 2, "by mutual TLS it stalls too: {quick:?}");
    Ok(stall)
}
