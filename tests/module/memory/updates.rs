//! A hundred updates, each with a request and a connection held open.

use std::time::Duration;

use peerwarden_engine::limits;
use peerwarden_host::{CloseReason, HttpOutcome, TcpConnectionId, TcpOptions, Vm};
use serde_json::json;

use super::{GIB, configure, large, padded};
use crate::fixture::{BACKEND, FRONTEND, allow, ask, denied, get, peer};

/// The size of one configuration in bytes: a hundred times seven megabytes take minutes.
fn bytes() -> usize {
    let long = std::env::var_os("PEERWARDEN_LONG").is_some();
    if long { 7_000_000 } else { 15_000 }
}

const UPDATES: usize = 100;

fn connected(vm: &mut Vm, plugin: peerwarden_host::PluginId, uri: &str) -> TcpConnectionId {
    let id = vm
        .tcp_connection(plugin, &peer(uri), TcpOptions::default())
        .unwrap();
    assert!(vm.handshake_done(id).unwrap());
    id
}

fn hold_the_memory_of_two_generations(on_update: &str, decided: bool) {
    let mut vm = large(GIB);
    let more = json!({"openConnections": {"onUpdate": on_update}});
    let of =
        |generation, protocol| padded(bytes(), generation, protocol, vec![allow(FRONTEND)], more.clone());
    let mut taken = Vec::new();
    let mut streams = Vec::new();
    let mut plugins = Vec::new();
    for generation in 0..UPDATES {
        let next =
            ["http", "tcp"].map(|protocol| configure(&mut vm, protocol, of(generation, protocol)).unwrap());
        for old in std::mem::replace(&mut plugins, next.to_vec()) {
            vm.retire(old);
        }
        let [http, tcp] = next;
        let stream = vm.http_stream(http, &peer(FRONTEND), get("/events")).unwrap();
        assert_eq!(vm.request_headers(stream).unwrap(), HttpOutcome::Continue);
        let connection = connected(&mut vm, tcp, FRONTEND);
        if decided {
            vm.downstream_data(connection, b"hello", false).unwrap();
        }
        streams.push((stream, connection));
        let mallory = ask(&mut vm, http, &peer(BACKEND), get("/"));
        assert_eq!(denied(mallory).code, 403, "generation {generation}");
        vm.advance(Duration::from_millis(100));
        taken.push(vm.memory_size());
    }
    // In addition to the bytes of superseded ones; freed memory is fragmented.
    let (two, all) = (taken[2], *taken.last().unwrap());
    let kept = (2 * limits::CONFIGURATION_BYTES).min(bytes() * 2 * UPDATES);
    assert!(
        all <= 2 * two + kept,
        "{two} bytes with two generations, {all} with a hundred"
    );
    for (generation, (stream, connection)) in streams.into_iter().enumerate() {
        assert_eq!(
            vm.outcome(stream).unwrap(),
            HttpOutcome::Continue,
            "generation {generation}"
        );
        // One on which nobody has said anything may be closed at its deadline already.
        let closed = vm.record(connection).unwrap().closed_by();
        let may_be_closed = !decided && closed == Some(CloseReason::Module);
        assert!(closed.is_none() || may_be_closed, "generation {generation}");
        if closed.is_none() {
            vm.downstream_data(connection, b"more", false).unwrap();
        }
        let closed = vm.record(connection).unwrap().closed_by();
        assert!(closed.is_none() || !decided && closed == Some(CloseReason::Module));
    }
    let last = connected(&mut vm, plugins[1], BACKEND);
    vm.downstream_data(last, b"hello", false).unwrap();
    assert_eq!(vm.record(last).unwrap().closed_by(), Some(CloseReason::Module));
    assert_eq!(vm.failure(), None);
    assert_eq!(vm.take_violations(), []);
}

#[test]
fn a_hundred_that_close_hold_the_memory_of_two() {
    hold_the_memory_of_two_generations("close", true);
}

#[test]
fn a_hundred_that_keep_hold_the_memory_of_two() {
    hold_the_memory_of_two_generations("keep", true);
}

/// Connections that have not sent anything are not decided yet.
#[test]
fn a_hundred_with_undecided_connections_hold_the_memory_of_two() {
    hold_the_memory_of_two_generations("close", false);
}
