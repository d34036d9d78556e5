//! The second lock on the real Envoy: verdicts are the same as without it; whenever Envoy runs a chain without the
//! module, nothing passes, while without the lock everything does, as documented; `check --envoy` finds configurations
//! that disable the lock.
//!
//! `make envoy-versions` runs these with Envoy 1.36 to 1.40.

mod discovered;
mod getting_there;
mod http;
mod lifted;
mod marks;
mod stand_in;
mod taken_back;
mod tcp;

use anyhow::Result;
use peerwarden_guarantees::CAPABILITIES;
use peerwarden_lab::config::{ConnectMode, Module, Tcp};
use peerwarden_lab::locate;
use serde_json::{Map, Value, json};

use crate::fixture::{FRONTEND, allow_principal, configuration};

/// Allows only the frontend.
fn frontend_alone(protocol: &str, lock: &Value) -> Value {
    let mut configuration = configuration(protocol, json!([allow_principal("frontend", FRONTEND)]));
    configuration["lock"] = lock.clone();
    configuration
}

/// A list that leaves one callback or host call out.
fn all_capabilities_but(missing: &str) -> Value {
    all_capabilities_without(&[missing])
}

/// A list that leaves several out.
fn all_capabilities_without(missing: &[&str]) -> Value {
    let allowed = CAPABILITIES.iter().filter(|name| !missing.contains(name));
    let allowed: Map<String, Value> = allowed.map(|name| ((*name).to_owned(), json!({}))).collect();
    assert_eq!(allowed.len() + missing.len(), CAPABILITIES.len(), "{missing:?}");
    json!({"allowed_capabilities": allowed})
}

/// The module itself, in a separate virtual machine.
fn module(id: &str, configuration: Value) -> Result<Module> {
    Ok(crate::fixture::module(configuration)?.vm_id(&format!("peerwarden-{id}")))
}

/// The settings for holding connections, except on Envoy 1.36.
fn early() -> Result<Tcp> {
    let early = (locate::envoy_minor()? >= 37).then_some(16384);
    Ok(Tcp {
        connect_mode: ConnectMode::Immediate,
        max_early_data_bytes: early,
        ..Tcp::immediate()
    })
}
