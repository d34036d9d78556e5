//! What is let in and reaches no application leaves a line that says why.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::Result;
use peerwarden_engine::document::Value as Document;
use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::client::{Caller, tcp};
use peerwarden_lab::config::{Port, ServerTls};
use peerwarden_lab::deadline;
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::locate;
use peerwarden_render::inbound::Inbound;
use serde_json::{Value, json};

use super::{Workload, lines};
use crate::fixture::{BACKEND, FRONTEND, policy};

/// The part of a TCP connection's line that does not depend on the machine.
const FIELDS: [&str; 4] = [
    "response_flags",
    "upstream_transport_failure_reason",
    "decision",
    "connection_security_policy",
];

/// The lines of connections whose application is down, which `peerwarden explain` and `replay` read as what they are.
const DOWN: &str = include_str!("../../../harness/cli/tests/cli/logs/application_down.jsonl");

/// With `handshake` it is dialled before the client's first data, on which it is decided, with `hold` for those alone who may come in.
#[tokio::test]
async fn a_tcp_connection_whose_application_is_down_has_a_line_that_says_why() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mesh = Authority::new("cluster.local")?;
    let server = Certificate::spiffe("spiffe://cluster.local/ns/shop/sa/server").dns(ServerTls::NAME);
    let identity = mesh.issue(server)?;
    std::fs::write(folder.path().join("cert-chain.pem"), identity.certificate_pem())?;
    std::fs::write(folder.path().join("key.pem"), identity.key_pem())?;
    std::fs::write(folder.path().join("root-cert.pem"), mesh.pem())?;
    let (handshake, hold, gone) = (Port::reserve()?, Port::reserve()?, Port::reserve()?);
    let upstream = format!("127.0.0.1:{}", gone.number());
    let port = |port: &Port, enforcement: &str| {
        let number = port.number();
        json!({"port": number, "protocol": "TCP", "upstream": upstream, "enforcement": enforcement})
    };
    let description = json!({
        "workload": {"namespace": "shop", "serviceAccount": "server", "labels": {"app": "orders"}},
        "module": locate::module()?,
        "certificates": {"directory": folder.path()},
        "address": "127.0.0.1",
        "admin": "127.0.0.1:0",
        "accessLog": folder.path().join("access.log"),
        "ports": [port(&handshake, "handshake"), port(&hold, "hold")],
    });
    let frontend = json!([{"from": [{"source": {"principals": ["cluster.local/ns/web/sa/frontend"]}}]}]);
    let policies = [policy("ledger", "ALLOW", frontend)].map(serde_json::from_value::<Document>);
    let policies: Vec<Document> = policies.into_iter().collect::<Result<_, _>>()?;
    let inbound = Inbound::new(&serde_json::from_value(description)?, &policies)
        .map_err(|problems| anyhow::anyhow!("{problems}"))?;
    let _envoy = Envoy::launch(Launch::yaml(inbound.file()?.text)).await?;
    let caller = |uri| Caller::workload(&mesh, &mesh.issue(Certificate::spiffe(uri))?);
    for (port, uri) in [(&handshake, FRONTEND), (&hold, FRONTEND), (&hold, BACKEND)] {
        let address = (Ipv4Addr::LOCALHOST, port.number()).into();
        let mut connection = tcp::Connection::open(address, &caller(uri)?).await?;
        // With `handshake` it is decided on the first data, which could come before or after the application refuses.
        let received = connection.receive(1, deadline::EXCHANGE).await?;
        assert!(received.nothing(), "{uri}: {received:?}");
    }
    let told = |line: &Value| FIELDS.map(|field| line[field].clone());
    let log = deadline::until(Duration::from_secs(20), "the lines", async || {
        let (_, lines) = lines(&folder.path().join("access.log"))?;
        Ok((lines.len() >= 3).then_some(lines))
    })
    .await?;
    let expected = DOWN.lines().map(|line| Ok(told(&serde_json::from_str(line)?)));
    let expected: Vec<[Value; 4]> = expected.collect::<Result<_>>()?;
    assert_eq!(log.iter().map(told).collect::<Vec<_>>(), expected);
    Ok(())
}

/// Where the application is down, the line of the request says so.
#[tokio::test]
async fn what_is_let_in_and_goes_nowhere_has_a_line_that_says_why() -> Result<()> {
    let workload = Workload::new().await?;
    let text = workload.inbound.file()?.text;
    let upstream = workload.upstream.address().port();
    let gone = Port::reserve()?;
    let text = text.replace(
        &format!("port_value: {upstream}"),
        &format!("port_value: {}", gone.number()),
    );
    let _envoy = Envoy::launch(Launch::yaml(text)).await?;
    assert_eq!(workload.call().await?, 503);
    let requests = deadline::until(Duration::from_secs(20), "a line", async || {
        let (requests, _) = workload.lines()?;
        Ok((!requests.is_empty()).then_some(requests))
    })
    .await?;
    assert_eq!(requests[0]["response_flags"], "UF");
    Ok(())
}
