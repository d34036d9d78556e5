//! Streams that began with one configuration and are not decided when another replaces it: both must allow them.

use std::time::Duration;

use peerwarden_host::{CloseReason, TcpEvent, TcpOptions};
use serde_json::{Value, json};

use super::{closed_by, ledger, one_vm, update, with};
use crate::fixture::{BACKEND, FRONTEND, allow, peer};

/// The setting for streams that were already allowed, which does not apply to undecided ones.
const ON_UPDATE: [&str; 2] = ["close", "keep"];

fn on_update(what: &str) -> Value {
    json!({"openConnections": {"onUpdate": what}})
}

fn others(protocol: &str) -> Vec<u8> {
    with(protocol, json!([allow(BACKEND)]), json!({}))
}

/// The client sends nothing until the policies have changed.
#[test]
fn a_silent_connection_goes_by_the_newer_policies_too() {
    for what in ON_UPDATE {
        let (mut vm, first) = one_vm(ledger(on_update(what)));
        let silent = [FRONTEND, BACKEND].map(|uri| {
            let id = vm
                .tcp_connection(first, &peer(uri), TcpOptions::default())
                .unwrap();
            assert!(vm.handshake_done(id).unwrap());
            id
        });
        update(&mut vm, first, others("tcp"));
        vm.advance(Duration::from_secs(3));
        for id in silent {
            vm.downstream_data(id, b"hello", false).unwrap();
            assert_eq!(vm.record(id).unwrap().to_upstream(), b"", "{what}");
            assert_eq!(closed_by(&vm, id), Some(CloseReason::Module), "{what}");
        }
        assert_eq!((vm.failure(), vm.violations()), (None, [].as_slice()));
    }
}

#[test]
fn whom_both_allow_goes_on() {
    let (mut vm, first) = one_vm(ledger(json!({})));
    let id = vm
        .tcp_connection(first, &peer(FRONTEND), TcpOptions::default())
        .unwrap();
    assert!(vm.handshake_done(id).unwrap());
    update(
        &mut vm,
        first,
        with("tcp", json!([allow(FRONTEND), allow(BACKEND)]), json!({})),
    );
    vm.downstream_data(id, b"hello", false).unwrap();
    assert_eq!(vm.record(id).unwrap().to_upstream(), b"hello");
    assert_eq!(closed_by(&vm, id), None);
}

/// A server that sends first, to a client that has not sent anything before the policies changed.
#[test]
fn a_greeting_goes_by_the_newer_policies_too() {
    let (mut vm, first) = one_vm(ledger(json!({})));
    let id = vm
        .tcp_connection(first, &peer(FRONTEND), TcpOptions::default())
        .unwrap();
    assert!(vm.handshake_done(id).unwrap());
    update(&mut vm, first, others("tcp"));
    vm.upstream_data(id, b"5.7.44-log", false).unwrap();
    assert_eq!(vm.record(id).unwrap().to_client(), b"");
    assert_eq!(closed_by(&vm, id), Some(CloseReason::Module));
}

#[test]
fn a_handshake_that_takes_long_does_not_outlive_its_policies() {
    for what in ON_UPDATE {
        let (mut vm, first) = one_vm(ledger(json!({
            "tcp": {"enforcement": "hold", "deadline": "3s"},
            "openConnections": {"onUpdate": what},
        })));
        let early = TcpOptions {
            max_early_data_bytes: Some(1024),
            ..TcpOptions::default()
        };
        let id = vm.tcp_connection(first, &peer(FRONTEND), early).unwrap();
        vm.advance(Duration::from_millis(500));
        update(
            &mut vm,
            first,
            with(
                "tcp",
                json!([allow(BACKEND)]),
                json!({"tcp": {"enforcement": "hold", "deadline": "3s"}}),
            ),
        );
        assert!(vm.handshake_done(id).unwrap());
        vm.advance(Duration::from_millis(500));
        let events = &vm.record(id).unwrap().events;
        assert!(
            !events.iter().any(|(_, event)| *event == TcpEvent::Dialled),
            "{what}"
        );
        assert_eq!(closed_by(&vm, id), Some(CloseReason::Module), "{what}");
        assert_eq!(vm.take_violations(), []);
    }
}
