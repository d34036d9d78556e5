//! Open streams when a newer configuration arrives, when a certificate expires, and before they can be decided.

mod crowd;
mod expiry;
mod held;
mod requests;
mod silent;
mod undecided;
mod updates;
mod upgrades;

use std::time::Duration;

use peerwarden_host::{CloseReason, Connection, PluginId, PluginOptions, TcpConnectionId, TcpOptions, Vm};
use serde_json::{Value, json};

use crate::fixture::{FRONTEND, allow, configuration, peer, vm};

/// Within this time, streams that are no longer allowed are closed, if there are at most a hundred.
const SOON: Duration = Duration::from_millis(20);

/// Connections that a listener has accepted, and that have sent their first data.
fn connected(vm: &mut Vm, plugin: PluginId, connection: &Connection) -> TcpConnectionId {
    let id = vm
        .tcp_connection(plugin, connection, TcpOptions::default())
        .unwrap();
    if connection.tls.is_some() {
        assert!(vm.handshake_done(id).unwrap());
    }
    vm.downstream_data(id, b"hello", false).unwrap();
    id
}

/// Replaces a configuration; its streams stay.
fn update(vm: &mut Vm, old: PluginId, configuration: Vec<u8>) -> PluginId {
    let options = PluginOptions {
        configuration,
        ..PluginOptions::default()
    };
    let new = vm
        .configure(options)
        .unwrap_or_else(|error| panic!("{error}: {:?}", error.logs()));
    vm.retire(old);
    new
}

fn closed_by(vm: &Vm, connection: TcpConnectionId) -> Option<CloseReason> {
    vm.record(connection).unwrap().closed_by()
}

/// Allows the frontend; `more` is the rest of the configuration.
fn ledger(more: Value) -> Vec<u8> {
    with("tcp", json!([allow(FRONTEND)]), more)
}

fn with(protocol: &str, resources: Value, more: Value) -> Vec<u8> {
    let mut written: Value = serde_json::from_slice(&configuration(protocol, resources)).unwrap();
    for (name, value) in more.as_object().unwrap() {
        written[name] = value.clone();
    }
    written.to_string().into_bytes()
}

fn frontend(vm: &mut Vm, plugin: PluginId) -> TcpConnectionId {
    connected(vm, plugin, &peer(FRONTEND))
}

fn counter(vm: &Vm, name: &str) -> Option<u64> {
    match vm.metric(&format!("peerwarden.{name}")) {
        Some(peerwarden_host::MetricValue::Counter(count)) => Some(count),
        _ => None,
    }
}

fn one_vm(configuration: Vec<u8>) -> (Vm, PluginId) {
    vm(configuration)
}
