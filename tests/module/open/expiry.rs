//! A certificate that expires while a stream is open.

use std::time::Duration;

use peerwarden_host::{CloseReason, Connection, HttpOutcome, Vm};
use serde_json::json;

use super::{closed_by, connected, counter, ledger, one_vm, update, with};
use crate::fixture::{BACKEND, FRONTEND, allow, ask, configuration, denied, get, mode, peer};

/// Seconds from the start of the simulation.
fn expiring(uri: &str, seconds: u64) -> Connection {
    let mut connection = peer(uri);
    let certificate = connection.tls.as_mut().and_then(|tls| tls.peer.as_mut()).unwrap();
    certificate.not_after = Vm::EPOCH + Duration::from_secs(seconds);
    connection
}

#[test]
fn closes_whom_only_the_certificate_admits() {
    let (mut vm, plugin) = one_vm(ledger(json!({})));
    let short = connected(&mut vm, plugin, &expiring(FRONTEND, 5));
    let long = connected(&mut vm, plugin, &expiring(FRONTEND, 500));
    vm.advance(Duration::from_secs(5));
    assert_eq!(closed_by(&vm, short), None, "its last second");
    vm.advance(Duration::from_secs(2));
    assert_eq!(closed_by(&vm, short), Some(CloseReason::Module));
    assert_eq!(closed_by(&vm, long), None);
    assert_eq!(counter(&vm, "revoked"), Some(1));
    assert_eq!(
        vm.filter_state(short, "wasm.peerwarden.revoked"),
        Some(&b"expiry"[..])
    );
    let said = vm.take_logs().pop().unwrap().message;
    assert!(said.contains("a peer whose certificate has expired"), "{said}");
    vm.advance(Duration::from_secs(500));
    assert_eq!(closed_by(&vm, long), Some(CloseReason::Module));
    assert_eq!(vm.take_violations(), []);
}

#[test]
fn strict_is_about_the_certificate() {
    let (mut vm, plugin) = one_vm(configuration("tcp", json!([mode("STRICT")])));
    let short = connected(&mut vm, plugin, &expiring(FRONTEND, 5));
    vm.advance(Duration::from_secs(7));
    assert_eq!(closed_by(&vm, short), Some(CloseReason::Module));
}

#[test]
fn what_does_not_hang_on_the_certificate_goes_on() {
    let (mut vm, plugin) = one_vm(configuration("tcp", json!([])));
    let short = connected(&mut vm, plugin, &expiring(FRONTEND, 5));
    vm.advance(Duration::from_secs(60));
    assert_eq!(closed_by(&vm, short), None);
}

#[test]
fn keeps_them_if_it_is_told_to() {
    let (mut vm, plugin) = one_vm(ledger(json!({"openConnections": {"onExpiry": "keep"}})));
    let short = connected(&mut vm, plugin, &expiring(FRONTEND, 5));
    vm.advance(Duration::from_secs(60));
    assert_eq!(closed_by(&vm, short), None);
    let late = connected(&mut vm, plugin, &expiring(FRONTEND, 5));
    assert_eq!(
        closed_by(&vm, late),
        None,
        "Envoy has checked it as it is told to"
    );
}

/// The update, which allows it, does not close it; the end of its certificate does, which matters only since the
/// update.
#[test]
fn counts_from_the_update_on_that_asks_for_it() {
    let (mut vm, old) = one_vm(configuration("tcp", json!([])));
    let short = connected(&mut vm, old, &expiring(FRONTEND, 5));
    update(&mut vm, old, ledger(json!({})));
    vm.advance(Duration::from_secs(4));
    assert_eq!(closed_by(&vm, short), None);
    vm.advance(Duration::from_secs(3));
    assert_eq!(closed_by(&vm, short), Some(CloseReason::Module));
}

#[test]
fn with_both_kept_by_update_and_closed_by_expiry() {
    let (mut vm, old) = one_vm(ledger(json!({"openConnections": {"onUpdate": "keep"}})));
    let short = connected(&mut vm, old, &expiring(FRONTEND, 5));
    update(&mut vm, old, with("tcp", json!([allow(BACKEND)]), json!({})));
    vm.advance(Duration::from_secs(4));
    assert_eq!(closed_by(&vm, short), None);
    vm.advance(Duration::from_secs(3));
    assert_eq!(closed_by(&vm, short), Some(CloseReason::Module));
}

#[test]
fn the_next_request_on_the_connection_is_denied() {
    let (mut vm, plugin) = one_vm(configuration("http", json!([allow(FRONTEND)])));
    let connection = expiring(FRONTEND, 5);
    assert_eq!(ask(&mut vm, plugin, &connection, get("/")), HttpOutcome::Continue);
    vm.advance(Duration::from_secs(7));
    assert_eq!(denied(ask(&mut vm, plugin, &connection, get("/"))).code, 403);
}
