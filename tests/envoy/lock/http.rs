//! Requests.

use std::path::Path;

use anyhow::Result;
use peerwarden_lab::client::{ClientRequest, http};
use peerwarden_lab::config::{Bootstrap, Http, Listener, Lock, Module, Protocol, Transport};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::HttpEcho;
use serde_json::{Value, json};

use super::{all_capabilities_but, frontend_alone, module, stand_in};
use crate::fixture::{BACKEND, FRONTEND, Mesh};

/// Routes that disable the module.
fn switched_off(cluster: &str) -> Value {
    let off = json!({"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": true});
    json!({"virtual_hosts": [{
        "name": cluster,
        "domains": ["*"],
        "routes": [{"match": {"prefix": "/"}, "route": {"cluster": cluster}}],
        "typed_per_filter_config": {"envoy.filters.http.wasm": off},
    }]})
}

/// Each way in which Envoy runs a chain of requests without the module: its name, the module, and the rest of the
/// chain.
fn without_the_module(lock: bool, folder: &Path) -> Result<Vec<(String, Module, Http)>> {
    let configuration = || frontend_alone("http", &json!(lock));
    let name = |fault: &str| format!("{fault}-{}", if lock { "locked" } else { "open" });
    let behind = || Http {
        behind: lock.then(|| Lock::Request.filter()).into_iter().collect(),
        ..Http::default()
    };
    let stand_in = |path, name: &str| Module::new(path, json!({})).vm_id(&format!("peerwarden-{name}"));
    let (refused, off, skipped, trapped) = (name("refused"), name("off"), name("skipped"), name("trapped"));
    let route = behind().with("route_config", switched_off(&off));
    Ok(vec![
        (
            refused.clone(),
            stand_in(stand_in::refuses_on_workers(folder)?, &refused),
            behind(),
        ),
        (off.clone(), module(&off, configuration())?, route),
        (
            skipped.clone(),
            module(&skipped, configuration())?.with(
                "capability_restriction_config",
                all_capabilities_but("proxy_on_request_headers"),
            ),
            behind(),
        ),
        (
            trapped.clone(),
            stand_in(stand_in::traps(folder)?, &trapped).with("failure_policy", "FAIL_OPEN".into()),
            behind(),
        ),
    ])
}

/// The answers of each chain, and the requests that reached the upstream.
async fn ask_all(lock: bool) -> Result<(Vec<(String, u16)>, Vec<String>, Envoy)> {
    let mesh = Mesh::new()?;
    let folder = tempfile::tempdir()?;
    let upstream = HttpEcho::start().await?;
    let mut bootstrap = Bootstrap::new();
    let faults = without_the_module(lock, folder.path())?;
    let names: Vec<String> = faults.iter().map(|(name, ..)| name.clone()).collect();
    for (name, module, http) in faults {
        let listener = Listener::http(&name, Transport::mutual(&mesh.server), upstream.address());
        bootstrap = bootstrap.listener(listener.protocol(Protocol::Http(http)).module(module));
    }
    let envoy = Envoy::start(bootstrap).await?;
    let mut answers = Vec::new();
    for name in names {
        if name.starts_with("trapped") {
            // The request in which the module traps gets no answer.
            let first = ClientRequest::get("/first");
            let (address, caller) = (envoy.address(&name)?, mesh.caller(BACKEND)?);
            let reply = http::once(address, &caller, http::Version::Http1, first).await?;
            assert_eq!(reply.status, 503, "{name}");
        }
        for (who, uri) in [("frontend", FRONTEND), ("backend", BACKEND)] {
            for version in [http::Version::Http1, http::Version::Http2] {
                let asked = ClientRequest::get(&format!("/{name}/{who}"));
                let reply = http::once(envoy.address(&name)?, &mesh.caller(uri)?, version, asked).await?;
                answers.push((format!("{name}: {who}"), reply.status));
            }
        }
    }
    Ok((answers, upstream.paths(), envoy))
}

#[tokio::test]
async fn without_the_module_nothing_passes() -> Result<()> {
    let (answers, reached, envoy) = ask_all(true).await?;
    assert_eq!(answers.len(), 16);
    for (what, status) in answers {
        assert_eq!(status, 403, "{what}");
    }
    assert_eq!(reached, [""; 0]);
    // The access log shows that it was the lock: Envoy's text for a denial, and no decision of the module.
    for name in ["refused", "off", "skipped", "trapped"] {
        let path = format!("/{name}-locked/backend");
        let entry = envoy.logged_access(|entry| entry.text("path") == path).await?;
        assert_eq!(
            (entry.details(), entry.decision()),
            ("rbac_access_denied_matched_policy[none]", ""),
            "{path}"
        );
    }
    Ok(())
}

/// As documented in docs/guarantees.md.
#[tokio::test]
async fn without_module_and_lock_everything_passes() -> Result<()> {
    let (answers, reached, _envoy) = ask_all(false).await?;
    for (what, status) in &answers {
        assert_eq!(*status, 200, "{what}");
    }
    assert_eq!(reached.len(), answers.len());
    Ok(())
}

#[tokio::test]
async fn with_the_module_verdicts_are_as_without_the_lock() -> Result<()> {
    let mesh = Mesh::new()?;
    let upstream = HttpEcho::start().await?;
    let mut bootstrap = Bootstrap::new();
    for (name, lock, http) in [("locked", true, Http::locked()), ("open", false, Http::default())] {
        let listener = Listener::http(name, Transport::mutual(&mesh.server), upstream.address());
        let module = module("same", frontend_alone("http", &json!(lock)))?.with("name", name.into());
        bootstrap = bootstrap.listener(listener.protocol(Protocol::Http(http)).module(module));
    }
    let envoy = Envoy::start(bootstrap).await?;
    for (uri, expected) in [(FRONTEND, 200), (BACKEND, 403), (FRONTEND, 200)] {
        for version in [http::Version::Http1, http::Version::Http2] {
            for name in ["locked", "open"] {
                let asked = ClientRequest::post("/orders").body("an order");
                let reply = http::once(envoy.address(name)?, &mesh.caller(uri)?, version, asked).await?;
                assert_eq!(reply.status, expected, "{name} {uri} {version:?}");
            }
        }
    }
    assert_eq!(upstream.seen().len(), 8);
    Ok(())
}
