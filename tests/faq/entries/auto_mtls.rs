//! Question 7: the client side detects where mutual TLS is accepted, except on a port that `excludeInboundPorts`
//! excludes from the server's Envoy: there a `DestinationRule` must set DISABLE.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use peerwarden_lab::client::Caller;
use peerwarden_lab::config::Port;
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::upstream::HttpEcho;
use serde_json::{Value, json};

use crate::docs;
use crate::entry::{Entry, Evidence};
use crate::stage::{self, RequestResult, Stage, peer_authentication};

pub(crate) const ENTRY: Entry = Entry {
    number: 7,
    name: "auto_mtls",
    promise: "Auto mTLS, and ports excluded from it",
    experiment: || Box::pin(experiment()),
};

/// From the moment the files are there, on a slow machine too.
const BOUND: Duration = Duration::from_secs(3);

async fn experiment() -> Result<Evidence> {
    let stage = Stage::set()?;
    let upstream = HttpEcho::start().await?;
    let modes = ["STRICT", "PERMISSIVE", "DISABLE"];
    let ports = [Port::reserve()?, Port::reserve()?, Port::reserve()?];
    let by_port = ports
        .iter()
        .zip(modes)
        .map(|(port, mode)| (port.number().to_string(), json!({"mode": mode})));
    let modes_of_ports = peer_authentication(
        "shop",
        "orders",
        json!({
            "selector": {"matchLabels": {"app": "orders"}},
            "portLevelMtls": by_port.collect::<serde_json::Map<_, _>>(),
        }),
    );
    let served_at = upstream.address().to_string();
    let of_server = |port: &Port| json!({"port": port.number(), "protocol": "HTTP", "upstream": served_at});
    let description = json!({
        "workload": {"namespace": "shop", "labels": {"app": "orders"}},
        "ports": ports.iter().map(of_server).collect::<Vec<_>>(),
    });
    let server = stage
        .inbound(description, std::slice::from_ref(&modes_of_ports))?
        .file()?
        .text;
    let _server = Envoy::launch(Launch::yaml(server)).await?;

    // The ports of the server's Envoy, and the application's own, which is excluded from it.
    let targets: Vec<u16> = ports
        .iter()
        .map(Port::number)
        .chain([upstream.address().port()])
        .collect();
    let listening: Vec<Port> = targets.iter().map(|_| Port::reserve()).collect::<Result<_>>()?;
    // The documented client and rule, with the one port replaced by each of these.
    let mut description = docs::client()?;
    docs::put(
        &mut description,
        "/certificates/directory",
        json!(stage.certificates()),
    )?;
    docs::put(&mut description, "/services/0/endpoints/0/address", "127.0.0.1")?;
    let documented = description["services"][0]["ports"][0].clone();
    let of_client = |(target, listen): (&u16, &Port)| -> Result<Value> {
        let mut port = documented.clone();
        docs::put(&mut port, "/port", *target)?;
        docs::put(&mut port, "/targetPort", *target)?;
        docs::put(&mut port, "/listen", listen.number())?;
        Ok(port)
    };
    let called = targets.iter().zip(&listening).map(of_client);
    docs::put(
        &mut description,
        "/services/0/ports",
        called.collect::<Result<Vec<_>>>()?,
    )?;
    let rule = |mode: &str| -> Result<Value> {
        let mut rule = docs::rule()?;
        let settings = "/spec/trafficPolicy/portLevelSettings/0";
        docs::put(
            &mut rule,
            &format!("{settings}/port/number"),
            upstream.address().port(),
        )?;
        docs::put(&mut rule, &format!("{settings}/tls/mode"), mode)?;
        Ok(rule)
    };

    // One Envoy reloads each change.
    let folder = stage.folder("client")?;
    let deliver = |rule: Option<Value>| -> Result<()> {
        let rules: Vec<Value> = rule.into_iter().collect();
        let client = stage.outbound(&description, &rules, std::slice::from_ref(&modes_of_ports))?;
        for file in client.files(folder.to_str().context("a path in UTF-8")?)? {
            stage::deliver_one(&file, &folder)?;
        }
        Ok(())
    };
    deliver(None)?;
    let bootstrap = std::fs::read_to_string(folder.join("bootstrap.yaml"))?;
    let _client = Envoy::launch(Launch::yaml(bootstrap)).await?;
    let failing = [
        RequestResult::Served,
        RequestResult::Served,
        RequestResult::Served,
        RequestResult::Closed,
    ];
    come_to(&listening, &failing).await.context("without a rule")?;
    deliver(Some(rule("DISABLE")?))?;
    let cured = come_to(&listening, &[RequestResult::Served; 4]).await;
    let cured = cured.context("with a rule for the excluded port")?;
    deliver(Some(rule("ISTIO_MUTUAL")?))?;
    come_to(&listening, &failing)
        .await
        .context("with a rule that asks for mutual TLS")?;
    Ok(format!(
        "STRICT, PERMISSIVE and DISABLE ports served without a rule; the excluded port fails, and with DISABLE is served after {} ms",
        cured.as_millis()
    ))
}

/// Asks each port of the client's Envoy until it has the expected result, and returns how long that took. A port that
/// is served with any rule must be so all the time.
async fn come_to(listening: &[Port], expected: &[RequestResult]) -> Result<Duration> {
    let began = Instant::now();
    loop {
        let mut seen = Vec::new();
        for port in listening {
            seen.push(stage::ask(port, &Caller::plaintext()).await);
        }
        if seen == expected {
            return Ok(began.elapsed());
        }
        let served = seen
            .iter()
            .rev()
            .skip(1)
            .all(|seen| *seen == RequestResult::Served);
        ensure!(served && began.elapsed() < BOUND, "{seen:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
