//! Traffic of a configuration that is superseded and freed: it is decided by the same policies, or denied.

use std::time::Duration;

use peerwarden_host::{CloseReason, HttpOutcome, PluginId, TcpConnectionId, TcpOptions, Vm};
use serde_json::{Value, json};

use super::{GIB, bulky, configure, large, with};
use crate::fixture::{BACKEND, FRONTEND, allow, ask, denied, get, peer};

const STRANGER: &str = "spiffe://cluster.local/ns/web/sa/stranger";

fn silent(vm: &mut Vm, plugin: PluginId, uri: &str) -> TcpConnectionId {
    let id = vm
        .tcp_connection(plugin, &peer(uri), TcpOptions::default())
        .unwrap();
    assert!(vm.handshake_done(id).unwrap());
    id
}

fn is_admitted(vm: &mut Vm, connection: TcpConnectionId) -> bool {
    vm.downstream_data(connection, b"hello", false).unwrap();
    let record = vm.record(connection).unwrap();
    match record.closed_by() {
        Some(reason) => {
            assert_eq!((reason, record.to_upstream()), (CloseReason::Module, vec![]));
            false
        }
        None => true,
    }
}

fn admits(uris: &[&str], more: Value) -> Vec<u8> {
    let policies = uris.iter().enumerate().map(|(index, uri)| {
        let mut policy = allow(uri);
        policy["metadata"]["name"] = json!(format!("allow-{index}"));
        policy
    });
    with("tcp", policies.collect(), more)
}

/// The second one after it causes it to be freed.
#[test]
fn a_connection_that_is_not_decided_yet_is_by_its_own() {
    let mut vm = large(GIB);
    let first = configure(&mut vm, "", admits(&[FRONTEND], json!({}))).unwrap();
    let connections = [FRONTEND, BACKEND].map(|uri| silent(&mut vm, first, uri));
    let mut last = first;
    for uri in [STRANGER, BACKEND] {
        let next = configure(&mut vm, "", admits(&[uri, FRONTEND], json!({}))).unwrap();
        vm.retire(std::mem::replace(&mut last, next));
    }
    let admitted = connections.map(|connection| is_admitted(&mut vm, connection));
    assert_eq!(admitted, [true, false]);
    assert_eq!(vm.take_violations(), []);
}

/// Envoy does not reconfigure what it still has for open streams.
#[test]
fn one_that_is_back_in_use_decides_as_before() {
    let mut vm = large(GIB);
    let first = configure(&mut vm, "", admits(&[FRONTEND], json!({}))).unwrap();
    let open = silent(&mut vm, first, FRONTEND);
    assert!(is_admitted(&mut vm, open));
    for uri in [STRANGER, BACKEND] {
        let next = configure(&mut vm, "", admits(&[uri, FRONTEND], json!({}))).unwrap();
        let new = silent(&mut vm, next, uri);
        assert!(is_admitted(&mut vm, new));
    }
    for (uri, expected) in [(FRONTEND, true), (BACKEND, false), (STRANGER, false)] {
        let connection = silent(&mut vm, first, uri);
        assert_eq!(is_admitted(&mut vm, connection), expected, "{uri}");
    }
    assert_eq!(vm.take_violations(), []);
}

/// The bytes of many large configurations are not kept.
#[test]
fn of_one_that_is_not_kept_all_is_denied_and_the_log_says_why() {
    let mut vm = large(GIB);
    let of = |generation| bulky(6_000_000, generation, "tcp", vec![allow(FRONTEND)]);
    let first = configure(&mut vm, "", of(0)).unwrap();
    let connection = silent(&mut vm, first, FRONTEND);
    let mut last = first;
    for generation in 1..5 {
        silent(&mut vm, last, FRONTEND);
        let next = configure(&mut vm, "", of(generation)).unwrap();
        vm.retire(std::mem::replace(&mut last, next));
    }
    assert!(!is_admitted(&mut vm, connection));
    let said = vm.take_logs();
    assert!(
        said.iter()
            .any(|line| line.message.contains("superseded configuration")),
        "{said:?}"
    );
    let new = silent(&mut vm, last, FRONTEND);
    assert!(is_admitted(&mut vm, new));
}

/// A stream whose certificate has expired is closed, by the policies that allowed it.
#[test]
fn what_is_kept_by_updates_ends_with_its_certificate() {
    let mut vm = large(GIB);
    let keep = json!({"openConnections": {"onUpdate": "keep"}});
    let first = configure(&mut vm, "", admits(&[FRONTEND], keep.clone())).unwrap();
    let mut short = peer(FRONTEND);
    let certificate = short.tls.as_mut().and_then(|tls| tls.peer.as_mut()).unwrap();
    certificate.not_after = Vm::EPOCH + Duration::from_secs(5);
    let connection = vm.tcp_connection(first, &short, TcpOptions::default()).unwrap();
    assert!(vm.handshake_done(connection).unwrap());
    vm.downstream_data(connection, b"hello", false).unwrap();
    let mut last = first;
    // The newer ones would allow anyone.
    for _ in 0..2 {
        let next = configure(&mut vm, "", with("tcp", json!([]), keep.clone())).unwrap();
        vm.retire(std::mem::replace(&mut last, next));
    }
    vm.advance(Duration::from_secs(4));
    assert_eq!(vm.record(connection).unwrap().closed_by(), None);
    vm.advance(Duration::from_secs(3));
    assert_eq!(
        vm.record(connection).unwrap().closed_by(),
        Some(CloseReason::Module)
    );
}

/// Two plugins of one name, each with its own policies: neither decides for the other.
#[test]
fn what_is_side_by_side_stays_apart() {
    let mut vm = large(GIB);
    let narrow = configure(&mut vm, "", with("http", json!([allow(FRONTEND)]), json!({}))).unwrap();
    let mut wide = configure(&mut vm, "", with("http", json!([]), json!({}))).unwrap();
    for generation in 0..4 {
        for _ in 0..2 {
            let back = ask(&mut vm, narrow, &peer(BACKEND), get("/"));
            assert_eq!(denied(back).code, 403);
            assert_eq!(
                ask(&mut vm, wide, &peer(BACKEND), get("/")),
                HttpOutcome::Continue
            );
        }
        let more = json!({"jwt": {"filter": format!("envoy.filters.http.jwt_authn.{generation}")}});
        let next = configure(&mut vm, "", with("http", json!([]), more)).unwrap();
        vm.retire(std::mem::replace(&mut wide, next));
    }
    assert_eq!(vm.take_violations(), []);
}
