//! The cluster that `tcp_proxy` connects to, and how a module names it: `set_envoy_filter_state`. Statuses and order
//! are those of Envoy 1.36, 1.39 and 1.40.

use std::time::Duration;

use peerwarden_host::{
    CloseReason, Connection, EnvoyVersion, TcpConnectionId, TcpEvent, TcpOptions, UpstreamConnectMode, Vm,
    VmOptions,
};

use crate::fixture::{Literals, ask, get, module, notes, start, violations};
use crate::tcp::{events, mutual};

const FUNCTION: &str = "set_envoy_filter_state";

/// `SetEnvoyFilterStateArguments` with a cluster for `tcp_proxy`.
fn naming(cluster: &str) -> Vec<u8> {
    let length = u8::try_from(cluster.len()).unwrap();
    [
        b"\x0a\x17envoy.tcp_proxy.cluster\x12",
        [length].as_slice(),
        cluster.as_bytes(),
    ]
    .concat()
}

/// Notes the status of a call with `message`.
fn setting(texts: &mut Literals, message: &[u8]) -> String {
    let none = "(i32.const 0) (i32.const 0)";
    let (function, message) = (texts.put(FUNCTION), texts.put(message));
    format!("(call $note (call $foreign {function} {message} {none}))")
}

/// A configured cluster `empty`, and `up` with an endpoint.
fn locked(connect_mode: UpstreamConnectMode, early: Option<u32>) -> TcpOptions {
    TcpOptions {
        connect_mode,
        max_early_data_bytes: early,
        cluster: "empty".to_owned(),
        clusters_with_endpoints: ["up".to_owned()].into(),
        ..TcpOptions::default()
    }
}

fn new_connection(message: &[u8]) -> (Vm, TcpConnectionId) {
    let mut texts = Literals::new();
    let set = setting(&mut texts, message);
    let body =
        format!(r#"(func (export "proxy_on_new_connection") (param i32) (result i32) {set} (i32.const 0))"#);
    let (mut vm, plugin) = start(&module(&texts, &body), VmOptions::default());
    let options = locked(UpstreamConnectMode::Immediate, None);
    let id = vm
        .tcp_connection(plugin, &Connection::default(), options)
        .unwrap();
    (vm, id)
}

#[test]
fn a_cluster_without_endpoints_is_not_dialled_and_its_connection_closed() {
    let closed = TcpEvent::Closed(CloseReason::NoEndpoint);
    let (mut vm, plugin) = start(&module(&Literals::new(), ""), VmOptions::default());
    let options = locked(UpstreamConnectMode::Immediate, None);
    let id = vm.tcp_connection(plugin, &mutual(), options).unwrap();
    assert_eq!(events(&vm, id), std::slice::from_ref(&closed));

    let options = locked(UpstreamConnectMode::OnDownstreamTlsHandshake, Some(0));
    let id = vm.tcp_connection(plugin, &mutual(), options).unwrap();
    assert_eq!(events(&vm, id), []);
    assert!(vm.handshake_done(id).unwrap());
    assert_eq!(events(&vm, id), [TcpEvent::HandshakeDone, closed.clone()]);

    let options = locked(UpstreamConnectMode::OnDownstreamData, Some(10));
    let id = vm
        .tcp_connection(plugin, &Connection::default(), options)
        .unwrap();
    vm.downstream_data(id, b"hello", false).unwrap();
    assert_eq!(events(&vm, id), [closed]);
}

#[test]
fn a_new_connection_may_name_another_one() {
    let (mut vm, id) = new_connection(&naming("up"));
    assert_eq!(notes(&mut vm), ["0"]);
    assert_eq!(events(&vm, id), [TcpEvent::Dialled]);
    assert_eq!(
        vm.filter_state(id, "envoy.tcp_proxy.cluster"),
        Some(b"up".as_slice())
    );
    for unknown in ["", "elsewhere"] {
        let (mut vm, id) = new_connection(&naming(unknown));
        assert_eq!(notes(&mut vm), ["0"]);
        assert_eq!(events(&vm, id), [TcpEvent::Closed(CloseReason::NoEndpoint)]);
    }
}

#[test]
fn statuses() {
    let whole = naming("up");
    let but_the_last = whole.get(..whole.len() - 1).unwrap();
    let also_unknown = [b"\x4a\x01x", whole.as_slice(), b"\x19\0\0\0\0\0\0\0\0"].concat();
    let twice = [naming("empty"), whole.clone()].concat();
    for (message, status, dialled) in [
        (whole.as_slice(), "0", true),
        (&also_unknown, "0", true),
        (&twice, "0", true),
        (b"\x0a\x0cenvoy.string\x12\x01x", "0", false),
        (b"\x0a\x0ewasm.peerwarden\x12\x01x", "2", false),
        (b"\x0a\x0fwasm.peerwarden\x12\x01x", "1", false),
        (b"\x08\x01\x12\x02up", "1", false),
        (b"", "1", false),
        (but_the_last, "2", false),
        (
            b"\x0a\x17envoy.tcp_proxy.cluster\x12\x02\xff\xfe".as_slice(),
            "2",
            false,
        ),
        (b"\x0a\x10envoy.network.ip\x12\x01x", "12", false),
    ] {
        let (mut vm, id) = new_connection(message);
        assert_eq!(notes(&mut vm), [status], "{message:?}");
        assert_eq!(vm.record(id).unwrap().dialled(), dialled, "{message:?}");
        assert_eq!(violations(&mut vm).is_empty(), status == "0", "{message:?}");
    }
}

#[test]
fn it_has_no_result_and_other_functions_are_not_there() {
    let mut texts = Literals::new();
    let (function, message) = (texts.put(FUNCTION), texts.put(naming("up")));
    let (nowhere, compress) = (texts.put("nowhere"), texts.put("compress"));
    let body = format!(
        r#"(func (export "proxy_on_new_connection") (param i32) (result i32)
               (i32.store (i32.const 100) (i32.const 7)) (i32.store (i32.const 104) (i32.const 7))
               (call $note (call $foreign {nowhere} {message} $out)) (call $note (i32.load (i32.const 100)))
               (call $note (call $foreign {compress} {message} $out)) (call $note (i32.load (i32.const 100)))
               (call $note (call $foreign {function} {message} $out)) (call $note (i32.load (i32.const 100)))
               (call $note (i32.load (i32.const 104)))
               (i32.const 0))"#
    );
    let (mut vm, plugin) = start(&module(&texts, &body), VmOptions::default());
    vm.tcp_connection(plugin, &Connection::default(), TcpOptions::default())
        .unwrap();
    assert_eq!(notes(&mut vm), ["1", "7", "12", "7", "0", "0", "0"]);
}

/// Names the cluster from the timer, with the paused connection as the effective context, and continues it.
fn naming_late(version: EnvoyVersion) -> (Vm, TcpConnectionId) {
    let mut texts = Literals::new();
    let set = setting(&mut texts, &naming("up"));
    let body = format!(
        r#"(global $connection (mut i32) (i32.const 0))
           (func (export "proxy_on_configure") (param i32 i32) (result i32)
               (drop (call $tick (i32.const 5))) (i32.const 1))
           (func (export "proxy_on_new_connection") (param i32) (result i32)
               (global.set $connection (local.get 0)) (i32.const 1))
           (func (export "proxy_on_tick") (param i32)
               {set}
               (drop (call $effective (global.get $connection)))
               {set}
               (drop (call $continue (i32.const 2))))"#
    );
    let options = VmOptions {
        version,
        ..VmOptions::default()
    };
    let (mut vm, plugin) = start(&module(&texts, &body), options);
    let options = locked(UpstreamConnectMode::Immediate, None);
    let id = vm.tcp_connection(plugin, &mutual(), options).unwrap();
    vm.advance(Duration::from_millis(5));
    (vm, id)
}

#[test]
fn the_timer_may_name_it_after_a_pause_but_on_1_36() {
    let (mut vm, id) = naming_late(EnvoyVersion::V1_37);
    assert_eq!(
        notes(&mut vm),
        ["1", "0"],
        "a root context has no stream, the effective one has"
    );
    assert_eq!(events(&vm, id), [TcpEvent::Dialled]);

    let (mut vm, id) = naming_late(EnvoyVersion::V1_36);
    assert_eq!(notes(&mut vm), ["1", "1"]);
    assert_eq!(events(&vm, id), [TcpEvent::Closed(CloseReason::NoEndpoint)]);
}

#[test]
fn the_clients_data_is_too_late_for_it() {
    let mut texts = Literals::new();
    let set = setting(&mut texts, &naming("up"));
    let body = format!(
        r#"(func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32) {set} (i32.const 0))"#
    );
    let (mut vm, plugin) = start(&module(&texts, &body), VmOptions::default());
    let options = locked(UpstreamConnectMode::OnDownstreamData, Some(10));
    let id = vm
        .tcp_connection(plugin, &Connection::default(), options)
        .unwrap();
    vm.downstream_data(id, b"hello", false).unwrap();
    assert_eq!(notes(&mut vm), ["0"]);
    assert_eq!(events(&vm, id), [TcpEvent::Closed(CloseReason::NoEndpoint)]);
}

/// What a request reads of `envoy.string` after it has set it for the request and for the connection.
fn read_by_a_request(connection: &Connection) -> Vec<String> {
    let mut texts = Literals::new();
    let set = setting(&mut texts, b"\x0a\x0cenvoy.string\x12\x01r");
    let set_connection = setting(&mut texts, b"\x0a\x0cenvoy.string\x12\x01c\x18\x02");
    let path = texts.put("filter_state\0envoy.string");
    let read = format!("(drop (call $get_property {path} $out)) (call $result)");
    let body = format!(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
               {set} {read} {set_connection} {read} (i32.const 0))"#
    );
    let (mut vm, plugin) = start(&module(&texts, &body), VmOptions::default());
    let stream = vm.http_stream(plugin, connection, get("/")).unwrap();
    vm.request_headers(stream).unwrap();
    assert_eq!(violations(&mut vm).len(), 1, "one of both was in vain");
    notes(&mut vm)
}

#[test]
fn of_two_life_spans_of_one_key_the_first_stays() {
    assert_eq!(
        read_by_a_request(&Connection::default()),
        ["0", "r", "0", "r"],
        "the request's came first"
    );
    let connection = Connection {
        filter_state: [("envoy.string".to_owned(), b"x".to_vec())].into(),
        ..Connection::default()
    };
    assert_eq!(
        read_by_a_request(&connection),
        ["0", "x", "0", "c"],
        "the connection's was there"
    );
}

#[test]
fn forbidden_it_sets_nothing() {
    let mut texts = Literals::new();
    let set = setting(&mut texts, b"\x0a\x0cenvoy.string\x12\x01r");
    let body = format!(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) {set} (i32.const 0))"#
    );
    let options = VmOptions {
        forbidden: ["proxy_call_foreign_function".to_owned()].into(),
        ..VmOptions::default()
    };
    let (mut vm, plugin) = start(&module(&texts, &body), options);
    ask(&mut vm, plugin, get("/"));
    assert_eq!(notes(&mut vm), ["10"]);
}
