//! Connections, to a server that sends first and to one that waits for its client.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use peerwarden_lab::client::{Caller, tcp};
use peerwarden_lab::config::{Bootstrap, Cluster, Listener, Module, Port, Protocol, Tcp, Transport};
use peerwarden_lab::deadline;
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::locate;
use peerwarden_lab::upstream::{TcpEcho, TrafficCounts};
use serde_json::{Value, json};

use super::{all_capabilities_but, early, frontend_alone, module, stand_in};
use crate::fixture::{BACKEND, FRONTEND, Mesh, after_handshake};

const GREETING: &str = "220 ledger.lab ready\r\n";
const SAID: &str = "hello\r\n";

/// The result of one connection.
#[derive(Debug, PartialEq, Eq)]
struct Conversation {
    received: String,
    upstream: TrafficCounts,
}

impl Conversation {
    /// The upstream was not even connected to.
    const NONE: Self = Self {
        received: String::new(),
        upstream: TrafficCounts {
            connections: 0,
            bytes: 0,
        },
    };

    fn whole(greeting: &str) -> Self {
        Self {
            received: format!("{greeting}{SAID}"),
            upstream: TrafficCounts {
                connections: 1,
                bytes: SAID.len() as u64,
            },
        }
    }
}

/// A listener `ledger` in front of its own server.
struct LockedLedger {
    envoy: Envoy,
    upstream: TcpEcho,
}

impl LockedLedger {
    async fn start(mesh: &Mesh, module: Module, tcp: Tcp, greeting: &'static str) -> Result<Self> {
        let upstream = TcpEcho::greeting(greeting).await?;
        let listener = Listener::tcp("ledger", Transport::mutual(&mesh.server), upstream.address())
            .protocol(Protocol::Tcp(tcp))
            .module(module);
        let envoy = Envoy::start(Bootstrap::new().listener(listener).cluster(Cluster::nowhere())).await?;
        Ok(Self { envoy, upstream })
    }

    /// Waits for the greeting, sends, and waits again.
    async fn talk(&self, caller: &Caller, greeting: &str) -> Result<Conversation> {
        let before = self.upstream.traffic();
        let mut received = String::new();
        // Envoy may close the connection before the handshake.
        let opened = tcp::Connection::open(self.envoy.address("ledger")?, caller).await;
        if let Ok(mut connection) = opened {
            if !greeting.is_empty() {
                let patience = Duration::from_millis(700);
                received += &connection.receive(greeting.len(), patience).await?.text();
            }
            connection.send(SAID).await?;
            received += &connection.receive(SAID.len(), deadline::EXCHANGE).await?.text();
        }
        let after = self.upstream.traffic();
        Ok(Conversation {
            received,
            upstream: TrafficCounts {
                connections: after.connections - before.connections,
                bytes: after.bytes - before.bytes,
            },
        })
    }
}

fn configuration(enforcement: &str, lock: &Value) -> Value {
    let mut configuration = frontend_alone("tcp", lock);
    configuration["tcp"] = json!({"enforcement": enforcement});
    configuration
}

fn settings(enforcement: &str) -> Result<Tcp> {
    if enforcement == "hold" {
        early()
    } else {
        after_handshake()
    }
}

/// Each way in which Envoy runs a chain of connections without the module.
fn without_the_module(enforcement: &str, lock: &Value, folder: &Path) -> Result<Vec<(&'static str, Module)>> {
    let itself = |missing| -> Result<Module> {
        let list = all_capabilities_but(missing);
        Ok(module("itself", configuration(enforcement, lock))?.with("capability_restriction_config", list))
    };
    Ok(vec![
        (
            "refused by the worker",
            Module::new(stand_in::refuses_on_workers(folder)?, json!({})),
        ),
        (
            "not called with a new connection",
            itself("proxy_on_new_connection")?,
        ),
        (
            "trapped, with FAIL_OPEN",
            Module::new(stand_in::traps(folder)?, json!({})).with("failure_policy", "FAIL_OPEN".into()),
        ),
    ])
}

#[tokio::test]
async fn without_the_module_the_upstream_is_not_dialled() -> Result<()> {
    let mesh = Mesh::new()?;
    let folder = tempfile::tempdir()?;
    let lock = json!({"cluster": "ledger"});
    for enforcement in ["handshake", "hold"] {
        for greeting in [GREETING, ""] {
            for (fault, module) in without_the_module(enforcement, &lock, folder.path())? {
                let tcp = settings(enforcement)?.locked();
                let ledger = LockedLedger::start(&mesh, module, tcp, greeting).await?;
                for uri in [FRONTEND, BACKEND] {
                    let said = ledger.talk(&mesh.caller(uri)?, greeting).await?;
                    assert_eq!(
                        said,
                        Conversation::NONE,
                        "{fault}, {enforcement}, {greeting:?}, {uri}"
                    );
                }
            }
        }
    }
    Ok(())
}

/// As documented in docs/guarantees.md. If the callback that a list leaves out is not the one on which the module
/// decides, nothing is lost.
#[tokio::test]
async fn without_module_and_lock_everything_passes() -> Result<()> {
    let mesh = Mesh::new()?;
    let folder = tempfile::tempdir()?;
    for greeting in [GREETING, ""] {
        for (fault, module) in without_the_module("handshake", &json!(false), folder.path())? {
            if fault == "not called with a new connection" {
                continue;
            }
            let ledger = LockedLedger::start(&mesh, module, after_handshake()?, greeting).await?;
            if fault.starts_with("trapped") {
                // The connection on which the module traps is closed.
                assert_eq!(ledger.talk(&mesh.caller(BACKEND)?, greeting).await?.received, "");
            }
            let said = ledger.talk(&mesh.caller(BACKEND)?, greeting).await?;
            assert_eq!(said, Conversation::whole(greeting), "{fault}, {greeting:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn with_the_module_verdicts_are_as_without_the_lock() -> Result<()> {
    let mesh = Mesh::new()?;
    // Before 1.39 a connection is held until its client sends data, and before 1.37 a server may greet before the
    // handshake.
    let minor = locate::envoy_minor()?;
    for (enforcement, greeting, since) in [
        ("handshake", GREETING, 37),
        ("handshake", "", 36),
        ("hold", GREETING, 39),
        ("hold", "", 37),
    ] {
        if minor < since {
            continue;
        }
        let module = module(
            "itself",
            configuration(enforcement, &json!({"cluster": "ledger"})),
        )?;
        let ledger = LockedLedger::start(&mesh, module, settings(enforcement)?.locked(), greeting).await?;
        for _ in 0..2 {
            let frontend = ledger.talk(&mesh.caller(FRONTEND)?, greeting).await?;
            // With `handshake` the upstream is connected to for denied clients too, and may see that late.
            let whole = Conversation::whole(greeting);
            let seen = (frontend.received, frontend.upstream.bytes);
            assert_eq!(seen, (whole.received, whole.upstream.bytes), "{enforcement}");
            let backend = ledger.talk(&mesh.caller(BACKEND)?, greeting).await?;
            assert_eq!(
                (backend.received.as_str(), backend.upstream.bytes),
                ("", 0),
                "{enforcement}"
            );
            if enforcement == "hold" {
                assert_eq!(backend, Conversation::NONE);
            }
        }
    }
    Ok(())
}

/// Several listeners may share a configuration: the port selects the cluster.
#[tokio::test]
async fn each_port_goes_on_to_its_own_cluster() -> Result<()> {
    let mesh = Mesh::new()?;
    let (first, second) = (TcpEcho::start().await?, TcpEcho::start().await?);
    let ports = [Port::reserve()?, Port::reserve()?, Port::reserve()?];
    let [one, two, _] = ports.each_ref().map(Port::number);
    let clusters = json!({one.to_string(): "one", two.to_string(): "two"});
    let module = module(
        "itself",
        configuration("handshake", &json!({"clusters": clusters})),
    )?;
    let mut bootstrap = Bootstrap::new().cluster(Cluster::nowhere());
    for ((name, upstream), port) in [("one", &first), ("two", &second), ("three", &first)]
        .into_iter()
        .zip(&ports)
    {
        let listener = Listener::tcp(name, Transport::mutual(&mesh.server), upstream.address())
            .protocol(Protocol::Tcp(after_handshake()?.locked()))
            .port(port)
            .module(module.clone());
        bootstrap = bootstrap.listener(listener);
    }
    let envoy = Envoy::start(bootstrap).await?;
    let caller = mesh.caller(FRONTEND)?;
    for (name, reached) in [("one", [1, 0]), ("two", [1, 1])] {
        let mut connection = tcp::Connection::open(envoy.address(name)?, &caller).await?;
        assert_eq!(connection.echo(SAID).await?.text(), SAID, "{name}");
        let dialled = [&first, &second].map(|upstream| upstream.traffic().connections);
        assert_eq!(dialled, reached, "{name}");
    }
    // The third one's port is not among them. Envoy may close the connection before the handshake.
    if let Ok(mut connection) = tcp::Connection::open(envoy.address("three")?, &caller).await {
        assert_eq!(connection.echo(SAID).await?.text(), "");
    }
    envoy.logged("has no cluster for the port").await?;
    assert_eq!(
        [&first, &second].map(|upstream| upstream.traffic().connections),
        [1, 1]
    );
    Ok(())
}

/// A client's data passes the filter after the module, whatever else Envoy leaves out.
#[tokio::test]
async fn not_called_with_the_clients_data_none_of_it_passes() -> Result<()> {
    let mesh = Mesh::new()?;
    let list = all_capabilities_but("proxy_on_downstream_data");
    let module = module(
        "itself",
        configuration("handshake", &json!({"cluster": "ledger"})),
    )?
    .with("capability_restriction_config", list);
    let ledger = LockedLedger::start(&mesh, module, after_handshake()?.locked(), "").await?;
    for uri in [FRONTEND, BACKEND] {
        let said = ledger.talk(&mesh.caller(uri)?, "").await?;
        assert_eq!((said.received.as_str(), said.upstream.bytes), ("", 0), "{uri}");
    }
    Ok(())
}

/// The remaining gap with `handshake`: the module names the cluster for the connection, and is then not called for the
/// server's first data. `check --envoy` finds it (`capabilities`), and with `hold` there is no gap.
#[tokio::test]
async fn what_is_left_is_a_greeting_that_the_module_is_not_asked_about() -> Result<()> {
    if locate::envoy_minor()? < 37 {
        return Ok(());
    }
    let mesh = Mesh::new()?;
    let backend = mesh.caller(BACKEND)?;
    for (enforcement, received) in [("handshake", GREETING), ("hold", "")] {
        let list = all_capabilities_but("proxy_on_upstream_data");
        let module = module(
            "itself",
            configuration(enforcement, &json!({"cluster": "ledger"})),
        )?
        .with("capability_restriction_config", list);
        let ledger = LockedLedger::start(&mesh, module, settings(enforcement)?.locked(), GREETING).await?;
        let said = ledger.talk(&backend, GREETING).await?;
        assert_eq!(
            (said.received.as_str(), said.upstream.bytes),
            (received, 0),
            "{enforcement}"
        );
    }
    Ok(())
}

/// With FAIL_OPEN, a connection that was accepted before the module trapped, and whose cluster it had named, does not
/// continue without it.
#[tokio::test]
async fn nobody_gains_by_a_trap_in_the_middle() -> Result<()> {
    let mesh = Mesh::new()?;
    let folder = tempfile::tempdir()?;
    let module = Module::new(stand_in::names_the_cluster_and_traps(folder.path())?, json!({}))
        .with("failure_policy", "FAIL_OPEN".into());
    let ledger = LockedLedger::start(&mesh, module, after_handshake()?.locked(), GREETING).await?;
    let backend = mesh.caller(BACKEND)?;
    let slow = backend.clone().hesitating(Duration::from_secs(1));
    let (said, first) = tokio::join!(ledger.talk(&slow, GREETING), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        ledger.talk(&backend, GREETING).await
    });
    for said in [first?, said?] {
        assert_eq!((said.received.as_str(), said.upstream.bytes), ("", 0));
    }
    // After that the cluster is no longer named.
    assert_eq!(ledger.talk(&backend, GREETING).await?, Conversation::NONE);
    Ok(())
}
