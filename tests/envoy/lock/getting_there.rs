//! Migrates from files that were rendered without the lock, and an older module, to files with it, under load and in
//! the order of docs/guarantees.md: no request fails, and nobody is wrongly allowed.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use peerwarden_engine::document::Value as Document;
use peerwarden_guarantees::check;
use peerwarden_lab::certificates::Certificate;
use peerwarden_lab::client::{Caller, ClientRequest, http, tcp};
use peerwarden_lab::config::{Port, ServerTls};
use peerwarden_lab::deadline::{EXCHANGE, START, until};
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::locate;
use peerwarden_lab::upstream::{HttpEcho, TcpEcho};
use peerwarden_render::inbound::Inbound;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::fixture::{BACKEND, FRONTEND, Mesh, allow_principal, peer_authentication};

/// The files from before there was a lock: without the second filter and without the key in the module's configuration.
fn as_before(text: &str) -> String {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("\"lock\": false"));
    lines.map(|line| format!("{line}\n")).collect()
}

fn replace(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let new = folder.join(format!(".{name}.new"));
    std::fs::write(&new, bytes)?;
    Ok(std::fs::rename(&new, folder.join(name))?)
}

/// The module with an unused section, so that Envoy treats it as a different one.
fn another_build(module: &[u8]) -> Vec<u8> {
    let mut bytes = module.to_vec();
    bytes.extend([0, 4, 3, b'o', b'l', b'd']);
    bytes
}

/// Asks until it is stopped; returns how often it asked, and the unexpected answers.
fn keep_asking<F>(
    stop: &Arc<AtomicBool>,
    ask: impl Fn() -> F + Send + 'static,
) -> JoinHandle<(u64, Vec<String>)>
where
    F: Future<Output = Result<()>> + Send,
{
    let stop = Arc::clone(stop);
    tokio::spawn(async move {
        let asked = AtomicU64::new(0);
        let mut wrong = Vec::new();
        while !stop.load(Ordering::SeqCst) {
            asked.fetch_add(1, Ordering::SeqCst);
            if let Err(error) = ask().await {
                wrong.push(format!("{error:#}"));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        (asked.into_inner(), wrong)
    })
}

async fn request(port: u16, caller: Arc<Caller>, expected: u16) -> Result<()> {
    let address = ([127, 0, 0, 1], port).into();
    let reply = http::once(address, &caller, http::Version::Http1, ClientRequest::get("/")).await?;
    ensure!(reply.status == expected, "{} instead of {expected}", reply.status);
    Ok(())
}

async fn conversation(port: u16, caller: Arc<Caller>, expected: &'static str) -> Result<()> {
    let mut connection = tcp::Connection::open(([127, 0, 0, 1], port).into(), &caller).await?;
    connection.send("hello").await?;
    let received = connection.receive("hello".len(), EXCHANGE).await?;
    ensure!(
        received.text() == expected,
        "{received:?} instead of {expected:?}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load() -> Result<()> {
    if locate::envoy_minor()? < 37 {
        // The output for TCP needs 1.37.
        return Ok(());
    }
    let mesh = Mesh::new()?;
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let server = Certificate::spiffe("spiffe://cluster.local/ns/shop/sa/orders").dns(ServerTls::NAME);
    let identity = mesh.authority.issue(server)?;
    for (name, text) in [
        ("cert-chain.pem", identity.certificate_pem()),
        ("key.pem", identity.key_pem()),
        ("root-cert.pem", mesh.authority.pem()),
    ] {
        std::fs::write(folder.join(name), text)?;
    }
    let (echo, bytes) = (HttpEcho::start().await?, TcpEcho::start().await?);
    let ports = [Port::reserve()?, Port::reserve()?, Port::reserve()?];
    let [requests, connections, held] = ports.each_ref().map(Port::number);
    let rendered = |lock: bool| -> Result<Inbound> {
        let description = json!({
            "workload": {"namespace": "shop", "serviceAccount": "orders", "labels": {"app": "orders"}},
            "module": folder.join("peerwarden.wasm"),
            "certificates": {"directory": folder},
            "address": "127.0.0.1",
            "admin": "127.0.0.1:0",
            "accessLog": folder.join("access.log"),
            "lock": lock,
            "ports": [
                {"port": requests, "protocol": "HTTP", "upstream": echo.address().to_string()},
                {"port": connections, "protocol": "TCP", "upstream": bytes.address().to_string()},
                {"port": held, "protocol": "TCP", "upstream": bytes.address().to_string(), "enforcement": "hold"},
            ],
        });
        let resources = [
            allow_principal("frontend", FRONTEND),
            peer_authentication("STRICT"),
        ];
        let document = |json: Value| serde_json::from_value::<Document>(json);
        let resources = resources
            .into_iter()
            .map(document)
            .collect::<Result<Vec<_>, _>>()?;
        Inbound::new(&document(description)?, &resources).map_err(|problems| anyhow::anyhow!("{problems}"))
    };
    let path = folder.to_str().context("a path in UTF-8")?;
    let module = std::fs::read(locate::module()?)?;
    replace(folder, "peerwarden.wasm", &another_build(&module))?;
    for file in rendered(false)?.files(path)? {
        replace(folder, &file.name, as_before(&file.text).as_bytes())?;
    }
    let bootstrap = std::fs::read_to_string(folder.join("bootstrap.yaml"))?;
    let envoy = Envoy::launch(Launch::yaml(bootstrap).concurrency(2)).await?;

    let stop = Arc::new(AtomicBool::new(false));
    let mut asking = Vec::new();
    for (uri, status, echoed) in [(FRONTEND, 200, "hello"), (BACKEND, 403, "")] {
        let caller = Arc::new(mesh.caller(uri)?);
        let asked = Arc::clone(&caller);
        asking.push(keep_asking(&stop, move || {
            request(requests, Arc::clone(&asked), status)
        }));
        for port in [connections, held] {
            let talks = Arc::clone(&caller);
            asking.push(keep_asking(&stop, move || {
                conversation(port, Arc::clone(&talks), echoed)
            }));
        }
    }

    // 1. The module, which takes what is there already. 2. What it decides by, now with `lock`, until it is in force.
    replace(folder, "peerwarden.wasm", &module)?;
    let files = rendered(true)?.files(path)?;
    let plugins: Vec<_> = files
        .iter()
        .filter(|file| file.name.starts_with("peerwarden-"))
        .collect();
    for file in &plugins {
        replace(folder, &file.name, file.text.as_bytes())?;
    }
    until(START, "the new configurations", async || {
        // The main thread may be busy with the listeners.
        let Ok(stats) = envoy.stats().await else {
            return Ok(None);
        };
        let reloaded = stats
            .matching(".config_reload")
            .filter(|(name, count)| name.contains("extension_config_discovery") && *count >= 2);
        Ok((reloaded.count() == plugins.len()).then_some(()))
    })
    .await?;
    // 3. Clusters, then listeners.
    for name in ["clusters.yaml", "listeners.yaml"] {
        let file = files.iter().find(|file| file.name == name).context(name)?;
        replace(folder, name, file.text.as_bytes())?;
    }
    until(START, "the lock in every chain", async || {
        let Ok(dump) = envoy.admin("/config_dump").await else {
            return Ok(None);
        };
        let checked = check(&[serde_json::from_str(&dump)?]);
        let checked = checked.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
        let held = checked
            .iter()
            .all(|chain| chain.outcomes.iter().all(|(_, outcome)| outcome.is_ok()));
        Ok(held.then_some(()))
    })
    .await?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    stop.store(true, Ordering::SeqCst);
    for asking in asking {
        let (asked, wrong) = asking.await?;
        assert!(asked > 10, "asked {asked} times");
        assert_eq!(wrong, [""; 0], "of {asked}");
    }
    Ok(())
}
