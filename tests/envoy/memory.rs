//! Updates with open streams of each configuration: a worker has memory for two, and nobody is wrongly allowed.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use peerwarden_engine::limits;
use peerwarden_lab::client::{Caller, tcp};
use peerwarden_lab::config::{Bootstrap, Listener, Module, Protocol, Transport};
use peerwarden_lab::deadline::{EXCHANGE, until};
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::locate;
use peerwarden_lab::upstream::{EventServer, TcpEcho};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fixture::{BACKEND, FRONTEND, Mesh, after_handshake, allow_principal, configuration, policy};

const MIB: u64 = 1024 * 1024;

/// The time for both threads to compile a large one, on a busy machine.
const COMPILED: Duration = Duration::from_secs(120);

/// An Envoy that gets the module's configuration by ECDS, for HTTP and for TCP.
struct EcdsEnvoy {
    envoy: Envoy,
    files: TempDir,
    frontend: Caller,
    backend: Caller,
    updates: usize,
    _events: EventServer,
    _echo: TcpEcho,
}

const LISTENERS: [&str; 2] = ["http", "tcp"];

/// The size of one configuration in bytes, and the number of updates.
fn size() -> (usize, usize) {
    let long = std::env::var_os("PEERWARDEN_LONG").is_some();
    if long { (7_000_000, 100) } else { (400_000, 15) }
}

/// Allows the frontend, and denies unused namespaces of this many bytes.
fn large(protocol: &str, generation: usize, bytes: usize, on_update: &str) -> Value {
    let mut policies = vec![allow_principal("clients", FRONTEND)];
    let mut written = 0;
    while written < bytes {
        let from = policies.len() * 10_000;
        let count = 10_000.min(1 + (bytes - written) / 12);
        let values: Vec<String> = (from..from + count)
            .map(|value| format!("{value:x}-{generation}"))
            .collect();
        written += values.iter().map(|value| value.len() + 3).sum::<usize>();
        let name = format!("others-{}", policies.len());
        policies.push(policy(
            &name,
            "DENY",
            json!([{"from": [{"source": {"namespaces": values}}]}]),
        ));
    }
    let mut configuration = configuration(protocol, Value::from(policies));
    configuration["openConnections"] = json!({"onUpdate": on_update});
    configuration
}

impl EcdsEnvoy {
    async fn start(mesh: &Mesh, bytes: usize, on_update: &str) -> Result<Self> {
        let files = tempfile::Builder::new().prefix("peerwarden-ecds-").tempdir()?;
        let (events, echo) = (EventServer::start().await?, TcpEcho::start().await?);
        let transport = || Transport::mutual(&mesh.server);
        let module = |protocol| {
            anyhow::Ok(Module::new(
                locate::module()?,
                large(protocol, 0, bytes, on_update),
            ))
        };
        let bootstrap = Bootstrap::new()
            .listener(Listener::http("http", transport(), events.address()).module(module("http")?))
            .listener(
                Listener::tcp("tcp", transport(), echo.address())
                    .protocol(Protocol::Tcp(after_handshake()?))
                    .module(module("tcp")?),
            );
        let mut rendered = bootstrap.render(&files.path().join("access.log"));
        let listeners = rendered["static_resources"]["listeners"].as_array_mut();
        for (listener, protocol) in listeners.context("listeners")?.iter_mut().zip(LISTENERS) {
            let filter =
                discovered(listener, &files.path().join(protocol)).context("no filter of the module")?;
            deliver(files.path(), protocol, 0, &filter)?;
        }
        let launch = Launch::yaml(rendered.to_string()).patience(COMPILED);
        Ok(Self {
            envoy: Envoy::launch(launch).await?,
            files,
            frontend: mesh.caller(FRONTEND)?,
            backend: mesh.caller(BACKEND)?,
            updates: 0,
            _events: events,
            _echo: echo,
        })
    }

    /// Replaces both configurations, without waiting.
    fn update(&mut self, generation: usize, bytes: usize, on_update: &str) -> Result<()> {
        for protocol in LISTENERS {
            let file = std::fs::read_to_string(self.files.path().join(protocol))?;
            let mut file: Value = serde_json::from_str(&file)?;
            let mut filter = file["resources"][0].take();
            let text = large(protocol, generation, bytes, on_update).to_string();
            filter["typed_config"]["config"]["configuration"]["value"] = json!(text);
            deliver(self.files.path(), protocol, generation, &filter)?;
        }
        Ok(())
    }

    /// Waits until the main thread has tried them and the worker has them.
    async fn updated(&mut self) -> Result<()> {
        self.updates += 1;
        let expected = 2 * (self.updates + 1);
        until(COMPILED, "the update", async || {
            let log = self.envoy.log();
            let has = |protocol| log.matches(&format!("configured for {protocol} in")).count() >= expected;
            Ok((has("http") && has("tcp")).then_some(()))
        })
        .await
    }

    /// A request with an endless response, and a connection; `None` if they are denied.
    async fn open(&self, caller: &Caller) -> Result<[Option<tcp::Connection>; 2]> {
        let mut request = tcp::Connection::open(self.envoy.address("http")?, caller).await?;
        request
            .send("GET /events HTTP/1.1\r\nhost: orders.shop\r\n\r\n")
            .await?;
        let begun = request.receive(15, EXCHANGE).await?;
        let mut connection = tcp::Connection::open(self.envoy.address("tcp")?, caller).await?;
        let echoed = connection.echo("hello\n").await?;
        Ok([
            begun.text().starts_with("HTTP/1.1 200").then_some(request),
            (echoed.text() == "hello\n").then_some(connection),
        ])
    }

    async fn nobody_else_gets_in(&self) -> Result<()> {
        let open = self.open(&self.backend).await?;
        ensure!(
            open.iter().all(Option::is_none),
            "the backend was let in:\n{}",
            self.envoy.log()
        );
        Ok(())
    }
}

/// Moves the module's filter into a separate file, and names it in the listener.
fn discovered(listener: &mut Value, path: &Path) -> Option<Value> {
    match listener {
        Value::Object(fields) => {
            let kind = fields
                .get("typed_config")
                .and_then(|config| config["@type"].as_str());
            if let Some(kind) = kind.filter(|kind| kind.ends_with(".Wasm")) {
                let source = json!({"path_config_source": {"path": path}, "resource_api_version": "V3"});
                let discovery = json!({"config_source": source, "type_urls": [kind]});
                let filter = Value::Object(std::mem::take(fields));
                *listener = json!({"name": filter["name"], "config_discovery": discovery});
                return Some(filter);
            }
            fields.values_mut().find_map(|value| discovered(value, path))
        }
        Value::Array(items) => items.iter_mut().find_map(|value| discovered(value, path)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// Replaces the file by renaming.
fn deliver(folder: &Path, name: &str, version: usize, filter: &Value) -> Result<()> {
    let mut resource = filter.clone();
    resource["@type"] = json!("type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig");
    let response = json!({"version_info": version.to_string(), "resources": [resource]});
    std::fs::write(folder.join(".new"), response.to_string())?;
    Ok(std::fs::rename(folder.join(".new"), folder.join(name))?)
}

async fn holds_the_memory_of_two(on_update: &str) -> Result<()> {
    let mesh = Mesh::new()?;
    let (bytes, updates) = size();
    let mut updated = EcdsEnvoy::start(&mesh, bytes, on_update).await?;
    let mut open = Vec::new();
    let mut two = 0;
    for generation in 1..=updates {
        let opened = updated.open(&updated.frontend).await?;
        ensure!(
            opened.iter().all(Option::is_some),
            "generation {generation} lets the frontend out"
        );
        open.push(opened);
        updated.update(generation, bytes, on_update)?;
        updated.updated().await?;
        updated.nobody_else_gets_in().await?;
        if generation == 3 {
            two = updated.envoy.memory()?;
        }
    }
    let all = updated.envoy.memory()?;
    // Each generation keeps about fifteen bytes for each of its own, for each protocol.
    let more = 2 * 15 * bytes as u64 * 3;
    ensure!(
        all < two + more,
        "{} MiB with the first updates, {} with all",
        two / MIB,
        all / MIB
    );
    Ok(())
}

#[tokio::test]
async fn updates_that_close_hold_the_memory_of_two() -> Result<()> {
    holds_the_memory_of_two("close").await
}

#[tokio::test]
async fn updates_that_keep_hold_the_memory_of_two() -> Result<()> {
    holds_the_memory_of_two("keep").await
}

/// Envoy's main thread refuses it, and the workers keep the current one.
#[tokio::test]
async fn one_that_is_too_large_changes_nothing() -> Result<()> {
    let mesh = Mesh::new()?;
    let mut updated = EcdsEnvoy::start(&mesh, 1_000, "close").await?;
    let open = updated.open(&updated.frontend).await?;
    updated.update(1, limits::CONFIGURATION_BYTES + 1_000, "close")?;
    updated
        .envoy
        .logged(&format!(
            "more than the maximum of {}",
            limits::CONFIGURATION_BYTES
        ))
        .await?;
    updated.nobody_else_gets_in().await?;
    let again = updated.open(&updated.frontend).await?;
    ensure!(
        open.iter().chain(&again).all(Option::is_some),
        "the frontend is out"
    );
    Ok(())
}

/// With open streams of each: if a worker has no memory for a configuration, it denies until it has.
#[tokio::test]
#[ignore = "takes minutes: `make test-memory`"]
async fn the_largest_one_after_another() -> Result<()> {
    let mesh = Mesh::new()?;
    let bytes = limits::CONFIGURATION_BYTES * 9 / 10;
    let mut updated = EcdsEnvoy::start(&mesh, bytes, "close").await?;
    let mut open = Vec::new();
    for generation in 1..=6 {
        open.push(updated.open(&updated.frontend).await?);
        updated.update(generation, bytes, "close")?;
        updated.updated().await?;
        updated.nobody_else_gets_in().await?;
        let let_in = until(COMPILED, "the frontend", async || {
            let opened = updated.open(&updated.frontend).await?;
            Ok(opened.iter().all(Option::is_some).then_some(()))
        });
        let_in.await?;
    }
    Ok(())
}
