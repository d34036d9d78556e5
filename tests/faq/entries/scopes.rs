//! Question 2: mutual TLS for some services and not for others: the mesh, a namespace, a workload and a port each set their own
//! mode, for four workloads in one Envoy.

use anyhow::{Context, Result, ensure};
use peerwarden_lab::client::Caller;
use peerwarden_lab::config::Port;
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::upstream::HttpEcho;
use serde_json::{Value, json};

use crate::entry::{Entry, Evidence};
use crate::stage::{self, RequestResult, Stage, peer_authentication};

pub(crate) const ENTRY: Entry = Entry {
    number: 2,
    name: "scopes",
    promise: "Modes per mesh, namespace, workload and port",
    experiment: || Box::pin(experiment()),
};

/// A port of a workload, the expected mode, and the document that sets it.
struct Case {
    namespace: &'static str,
    app: &'static str,
    mode: &'static str,
    port: Port,
}

impl Case {
    fn new(namespace: &'static str, app: &'static str, mode: &'static str) -> Result<Self> {
        let port = Port::reserve()?;
        Ok(Self {
            namespace,
            app,
            mode,
            port,
        })
    }
}

async fn experiment() -> Result<Evidence> {
    let stage = Stage::set()?;
    let upstream = HttpEcho::start().await?;
    let cases = [
        Case::new("shop", "orders", "STRICT")?,
        Case::new("lab", "catalogue", "PERMISSIVE")?,
        Case::new("lab", "legacy", "DISABLE")?,
        Case::new("shop", "mixed", "STRICT")?,
        Case::new("shop", "mixed", "PERMISSIVE")?,
        Case::new("shop", "mixed", "DISABLE")?,
    ];
    let [_, _, _, _, permissive, disabled] = &cases;
    let documents = [
        peer_authentication("istio-system", "mesh", json!({"mtls": {"mode": "STRICT"}})),
        peer_authentication("lab", "namespace", json!({"mtls": {"mode": "PERMISSIVE"}})),
        peer_authentication(
            "lab",
            "legacy",
            json!({"selector": {"matchLabels": {"app": "legacy"}}, "mtls": {"mode": "DISABLE"}}),
        ),
        peer_authentication(
            "shop",
            "mixed",
            json!({
                "selector": {"matchLabels": {"app": "mixed"}},
                "portLevelMtls": {
                    permissive.port.number().to_string(): {"mode": "PERMISSIVE"},
                    disabled.port.number().to_string(): {"mode": "DISABLE"},
                },
            }),
        ),
    ];

    let mut whole: Option<Value> = None;
    for (namespace, app) in [
        ("shop", "orders"),
        ("lab", "catalogue"),
        ("lab", "legacy"),
        ("shop", "mixed"),
    ] {
        let of = cases
            .iter()
            .filter(|case| (case.namespace, case.app) == (namespace, app));
        let port = |case: &Case| json!({"port": case.port.number(), "protocol": "HTTP", "upstream": upstream.address().to_string()});
        let description = json!({
            "workload": {"namespace": namespace, "labels": {"app": app}},
            "ports": of.map(port).collect::<Vec<_>>(),
        });
        let rendered = stage.inbound(description, &documents)?.file()?.text;
        let rendered: Value = serde_saphyr::from_str(&rendered).context("the rendered YAML")?;
        match &mut whole {
            None => whole = Some(rendered),
            Some(whole) => join(whole, rendered)?,
        }
    }
    let _envoy = Envoy::launch(Launch::yaml(whole.context("no workload")?.to_string())).await?;

    let callers = [
        (
            "mutual TLS",
            stage.workload("spiffe://cluster.local/ns/web/sa/frontend")?,
        ),
        ("TLS without a certificate", Caller::anonymous(&stage.authority)?),
        ("plaintext", Caller::plaintext()),
    ];
    let (mut asked, mut served) = (0, 0);
    for case in &cases {
        for (how, caller) in &callers {
            let expected = match (case.mode, *how) {
                ("STRICT" | "PERMISSIVE", "mutual TLS") | ("PERMISSIVE" | "DISABLE", "plaintext") => {
                    RequestResult::Served
                }
                _ => RequestResult::Closed,
            };
            let got = stage::ask(&case.port, caller).await;
            asked += 1;
            served += usize::from(got == RequestResult::Served);
            let (app, mode) = (case.app, case.mode);
            ensure!(
                got == expected,
                "{app}, {mode}: {how} is {got:?}, expected {expected:?}"
            );
        }
    }
    let reached = upstream.seen().len();
    ensure!(
        reached == served,
        "{served} requests were served, {reached} reached the application"
    );
    Ok(format!(
        "4 workloads, 6 ports, {asked} callers: {served} served, {} shut out",
        asked - served
    ))
}

/// Adds the listeners and clusters of one configuration to another.
fn join(whole: &mut Value, mut other: Value) -> Result<()> {
    for kind in ["listeners", "clusters"] {
        let more = other["static_resources"][kind].as_array_mut().context("a list")?;
        whole["static_resources"][kind]
            .as_array_mut()
            .context("a list")?
            .append(more);
    }
    Ok(())
}
