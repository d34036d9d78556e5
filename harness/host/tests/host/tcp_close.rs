//! How connections end, and the module's callbacks.

use peerwarden_host::{
    CloseReason, Connection, StreamError, TcpConnectionId, TcpEvent, TcpOptions, Vm, VmOptions,
};

use crate::fixture::{Literals, module, notes, start};
use crate::tcp::{events, tls};

/// Notes 4 done, 5 log, 6 delete, 7 downstream close, 8 upstream close, with their arguments.
const ENDS: &str = r#"
    (func (export "proxy_on_done") (param i32) (result i32) (call $note (i32.const 4)) (i32.const 1))
    (func (export "proxy_on_log") (param i32) (call $note (i32.const 5)))
    (func (export "proxy_on_delete") (param i32) (call $note (i32.const 6)))
    (func (export "proxy_on_downstream_connection_close") (param i32 i32)
        (call $note (i32.const 7)) (call $note (local.get 1)))
    (func (export "proxy_on_upstream_connection_close") (param i32 i32)
        (call $note (i32.const 8)) (call $note (local.get 1)))"#;

/// Closes on data of either side, by these stream types, and pauses only if asked to.
fn closing(downstream: u32, upstream: u32, result: u32) -> String {
    format!(
        r#"(func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32)
               (call $note (call $close (i32.const {downstream}))) (i32.const {result}))
           (func (export "proxy_on_upstream_data") (param i32 i32 i32) (result i32)
               (call $note (call $close (i32.const {upstream}))) (i32.const {result}))
           {ENDS}"#
    )
}

fn open(functions: &str, connection: &Connection) -> (Vm, TcpConnectionId) {
    let (mut vm, plugin) = start(&module(&Literals::new(), functions), VmOptions::default());
    let id = vm
        .tcp_connection(plugin, connection, TcpOptions::default())
        .unwrap();
    notes(&mut vm);
    (vm, id)
}

#[test]
fn closed_by_the_module_nothing_passes_whatever_it_returns() {
    for result in [0, 1] {
        for stream in [2, 3] {
            let (mut vm, id) = open(&closing(stream, stream, result), &Connection::default());
            vm.downstream_data(id, b"x", false).unwrap();
            assert_eq!(
                events(&vm, id),
                [TcpEvent::Dialled, TcpEvent::Closed(CloseReason::Module)]
            );
            assert_eq!(
                notes(&mut vm),
                ["0", "7", "1", "4", "5", "6"],
                "local close, done, log, delete"
            );
            assert_eq!(vm.downstream_data(id, b"x", false), Err(StreamError::Closed));
            vm.close(id).unwrap();
            assert_eq!(notes(&mut vm), Vec::<String>::new());
            assert_eq!(vm.record(id), Err(StreamError::NoStream));

            let (mut vm, id) = open(&closing(stream, stream, result), &tls());
            vm.upstream_data(id, b"secret", false).unwrap();
            let record = vm.record(id).unwrap();
            assert_eq!(
                (record.to_client(), record.closed_by()),
                (Vec::new(), Some(CloseReason::Module))
            );
        }
    }
}

#[test]
fn closed_by_the_client_or_the_upstream() {
    let (mut vm, id) = open(ENDS, &Connection::default());
    vm.downstream_close(id).unwrap();
    assert_eq!(notes(&mut vm), ["7", "2", "4", "5", "6"]);
    assert_eq!(vm.record(id).unwrap().closed_by(), Some(CloseReason::Client));
    assert_eq!(vm.downstream_close(id), Err(StreamError::Closed));

    let (mut vm, id) = open(ENDS, &Connection::default());
    vm.upstream_close(id).unwrap();
    assert_eq!(
        notes(&mut vm),
        ["7", "1", "4", "5", "6"],
        "Envoy closes the client's, and says only that"
    );
    assert_eq!(vm.record(id).unwrap().closed_by(), Some(CloseReason::Upstream));

    let (mut vm, id) = open(ENDS, &Connection::default());
    vm.close(id).unwrap();
    assert_eq!(notes(&mut vm), ["7", "2", "4", "5", "6"]);
}

#[test]
fn the_upstreams_end_of_data_is_its_close_of_unknown_origin() {
    let (mut vm, id) = open(ENDS, &Connection::default());
    vm.upstream_data(id, b"bye", true).unwrap();
    assert_eq!(notes(&mut vm), ["8", "0"]);
    assert_eq!(
        events(&vm, id),
        [
            TcpEvent::Dialled,
            TcpEvent::ToClient(b"bye".to_vec()),
            TcpEvent::EndToClient
        ]
    );
}

/// Envoy's `Context::onWrite` reports the upstream's end after the callback, although the close that the callback
/// requested has deleted the context by then.
#[test]
fn after_a_close_on_the_last_upstream_data_a_deleted_context_is_called() {
    let (mut vm, id) = open(&closing(2, 2, 1), &Connection::default());
    vm.upstream_data(id, b"bye", true).unwrap();
    assert_eq!(notes(&mut vm), ["0", "7", "1", "4", "5", "6", "8", "0"]);
}

#[test]
fn what_was_recorded_and_set_stays_readable_until_it_is_forgotten() {
    let mut texts = Literals::new();
    let (name, value) = (texts.put("n"), texts.put("v"));
    let functions = format!(
        r#"(func (export "proxy_on_new_connection") (param i32) (result i32)
               (drop (call $set_property {name} {value})) (drop (call $close (i32.const 2))) (i32.const 1))"#
    );
    let (mut vm, plugin) = start(&module(&texts, &functions), VmOptions::default());
    let id = vm.tcp_connection(plugin, &tls(), TcpOptions::default()).unwrap();
    assert_eq!(vm.record(id).unwrap().closed_by(), Some(CloseReason::Module));
    assert_eq!(vm.filter_state(id, "wasm.n"), Some(b"v".as_slice()));
    vm.close(id).unwrap();
    assert_eq!(vm.filter_state(id, "wasm.n"), None);
}
