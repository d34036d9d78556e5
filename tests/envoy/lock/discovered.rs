//! Code that must be fetched, in an update by ECDS: Envoy accepts the update, fetches nothing, and runs the chain
//! without the module.

use std::path::Path;

use anyhow::Result;
use peerwarden_lab::client::{ClientRequest, http, tcp};
use peerwarden_lab::config::{Bootstrap, Cluster, Http, Listener, Lock, Module, Protocol, Tcp, Transport};
use peerwarden_lab::deadline::{self, until};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::{HttpEcho, TcpEcho};
use serde_json::{Value, json};

use super::{frontend_alone, module};
use crate::fixture::{BACKEND, FRONTEND, Mesh, after_handshake};

/// A filter whose configuration comes from a file.
pub(super) fn discovered(place: &str, path: &Path) -> Value {
    json!({
        "name": "peerwarden",
        "config_discovery": {
            "config_source": {"path_config_source": {"path": path}, "resource_api_version": "V3"},
            "type_urls": [format!("type.googleapis.com/envoy.extensions.filters.{place}.wasm.v3.Wasm")],
        },
    })
}

/// Writes a filter's configuration to its file.
pub(super) fn deliver(filter: &Value, path: &Path) -> Result<()> {
    let resource = json!({
        "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
        "name": "peerwarden",
        "typed_config": filter["typed_config"],
    });
    let new = path.with_extension("new");
    std::fs::write(&new, json!({"resources": [resource]}).to_string())?;
    Ok(std::fs::rename(new, path)?)
}

/// The same plugin, with code to be fetched from an address where nobody answers. Each has different code: if another
/// plugin is already fetching the same, Envoy closes the chain instead.
fn remote(module: Module, digit: char) -> Module {
    let code = json!({"remote": {
        "http_uri": {"uri": "http://127.0.0.1:9/peerwarden.wasm", "cluster": "codes", "timeout": "1s"},
        "sha256": digit.to_string().repeat(64),
    }});
    module.with(
        "vm_config",
        json!({"vm_id": "peerwarden-itself", "runtime": "envoy.wasm.runtime.v8", "code": code}),
    )
}

#[tokio::test]
async fn requests() -> Result<()> {
    let mesh = Mesh::new()?;
    let folder = tempfile::tempdir()?;
    let upstream = HttpEcho::start().await?;
    let mut bootstrap = Bootstrap::new().cluster(Cluster::http1("codes", ([127, 0, 0, 1], 9).into()));
    let mut files = Vec::new();
    for (name, lock) in [("locked", true), ("open", false)] {
        let path = folder.path().join(format!("{name}.json"));
        let module = module("itself", frontend_alone("http", &json!(lock)))?.with("name", name.into());
        deliver(&module.http_filter(), &path)?;
        let http = Http {
            before: vec![discovered("http", &path)],
            behind: lock.then(|| Lock::Request.filter()).into_iter().collect(),
            ..Http::default()
        };
        let listener = Listener::http(name, Transport::mutual(&mesh.server), upstream.address());
        bootstrap = bootstrap.listener(listener.protocol(Protocol::Http(http)));
        files.push((path, module));
    }
    let envoy = Envoy::start(bootstrap).await?;
    let status = async |listener: &str, uri: &str| -> Result<u16> {
        let (address, caller) = (envoy.address(listener)?, mesh.caller(uri)?);
        Ok(
            http::once(address, &caller, http::Version::Http1, ClientRequest::get("/"))
                .await?
                .status,
        )
    };
    for listener in ["locked", "open"] {
        assert_eq!(
            (
                status(listener, FRONTEND).await?,
                status(listener, BACKEND).await?
            ),
            (200, 403)
        );
    }
    let before = upstream.seen().len();
    for ((path, module), digit) in files.into_iter().zip(['0', '1']) {
        deliver(&remote(module, digit).http_filter(), &path)?;
    }
    // Whether the module is gone shows with the lock in denied callers, and without it in allowed ones.
    until(deadline::EXCHANGE, "the chain without the module", async || {
        let without = (status("locked", FRONTEND).await?, status("open", BACKEND).await?);
        Ok((without == (403, 200)).then_some(()))
    })
    .await?;
    assert_eq!(status("locked", BACKEND).await?, 403);
    assert!(upstream.seen().len() > before);
    Ok(())
}

#[tokio::test]
async fn connections() -> Result<()> {
    const GREETING: &str = "220 ledger.lab ready\r\n";
    let mesh = Mesh::new()?;
    let folder = tempfile::tempdir()?;
    let upstream = TcpEcho::greeting(GREETING).await?;
    let mut bootstrap = Bootstrap::new()
        .cluster(Cluster::nowhere())
        .cluster(Cluster::http1("codes", ([127, 0, 0, 1], 9).into()));
    let mut files = Vec::new();
    for (name, lock) in [("locked", json!({"cluster": "locked"})), ("open", json!(false))] {
        let path = folder.path().join(format!("{name}.json"));
        let module = module("itself", frontend_alone("tcp", &lock))?.with("name", name.into());
        deliver(&module.network_filter(), &path)?;
        let dials = after_handshake()?;
        let dials = if lock == json!(false) {
            dials
        } else {
            dials.locked()
        };
        let tcp = Tcp {
            before: vec![discovered("network", &path)],
            ..dials
        };
        let listener = Listener::tcp(name, Transport::mutual(&mesh.server), upstream.address());
        bootstrap = bootstrap.listener(listener.protocol(Protocol::Tcp(tcp)));
        files.push((path, module));
    }
    let envoy = Envoy::start(bootstrap).await?;
    let greeting = async |listener: &str, uri: &str| -> Result<String> {
        // Envoy may close the connection before the handshake.
        let opened = tcp::Connection::open(envoy.address(listener)?, &mesh.caller(uri)?).await;
        let Ok(mut connection) = opened else {
            return Ok(String::new());
        };
        let received = connection.receive(GREETING.len(), deadline::EXCHANGE).await?;
        Ok(received.text())
    };
    for listener in ["locked", "open"] {
        assert_eq!(greeting(listener, BACKEND).await?, "", "{listener}");
    }
    for ((path, module), digit) in files.into_iter().zip(['0', '1']) {
        deliver(&remote(module, digit).network_filter(), &path)?;
    }
    until(deadline::EXCHANGE, "the chain without the module", async || {
        let without = (
            greeting("locked", FRONTEND).await?,
            greeting("open", BACKEND).await?,
        );
        Ok((without == (String::new(), GREETING.to_owned())).then_some(()))
    })
    .await?;
    let before = upstream.traffic();
    for uri in [FRONTEND, BACKEND] {
        assert_eq!(greeting("locked", uri).await?, "", "{uri}");
    }
    assert_eq!(upstream.traffic(), before, "the upstream is not dialled");
    Ok(())
}
