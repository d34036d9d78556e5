//! A module that denies by identity, in each connect mode of `tcp_proxy`: who sees which byte, and when.

use std::time::Duration;

use peerwarden_host::{
    CloseReason, Connection, PeerCertificate, PluginId, TcpConnectionId, TcpEvent, TcpOptions, Tls,
    UpstreamConnectMode, Vm, VmOptions,
};

use crate::fixture::{Literals, module, notes, start};
use crate::tcp::{events, options};

/// Notes 2 for downstream and 3 for upstream data, and the status of the peer's URI SAN; without one it closes and pauses.
fn denying() -> (Vm, PluginId) {
    let mut texts = Literals::new();
    let path = texts.put("connection\0uri_san_peer_certificate");
    let functions = format!(
        r#"(func $decide (param i32) (result i32) (local $status i32)
               (call $note (local.get 0))
               (local.set $status (call $get_property {path} $out))
               (call $note (local.get $status))
               (if (local.get $status) (then (drop (call $close (i32.const 2)))))
               (local.get $status))
           (func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32) (call $decide (i32.const 2)))
           (func (export "proxy_on_upstream_data") (param i32 i32 i32) (result i32) (call $decide (i32.const 3)))"#
    );
    start(&module(&texts, &functions), VmOptions::default())
}

fn client(named: bool) -> Connection {
    let peer = PeerCertificate {
        uri_sans: vec!["spiffe://td/ns/a/sa/b".to_owned()],
        ..PeerCertificate::default()
    };
    Connection {
        tls: Some(Tls {
            peer: named.then_some(peer),
            ..Tls::default()
        }),
        ..Connection::default()
    }
}

fn open(named: bool, options: TcpOptions) -> (Vm, TcpConnectionId) {
    let (mut vm, plugin) = denying();
    let id = vm.tcp_connection(plugin, &client(named), options).unwrap();
    (vm, id)
}

const CLOSED: TcpEvent = TcpEvent::Closed(CloseReason::Module);

#[test]
fn dialled_at_accept_the_greeting_comes_without_identity_and_denies_everybody() {
    let (mut vm, id) = open(true, TcpOptions::default());
    vm.upstream_data(id, b"hello", false).unwrap();
    assert_eq!(notes(&mut vm), ["3", "1"]);
    assert_eq!(events(&vm, id), [TcpEvent::Dialled, CLOSED]);
}

#[test]
fn dialled_after_the_handshake_the_greeting_comes_with_identity() {
    let mode = || options(UpstreamConnectMode::OnDownstreamTlsHandshake, Some(0));
    let (mut vm, id) = open(true, mode());
    assert!(vm.handshake_done(id).unwrap());
    vm.upstream_data(id, b"hello", false).unwrap();
    assert_eq!(notes(&mut vm), ["3", "0"]);
    assert_eq!(vm.record(id).unwrap().to_client(), b"hello");

    let (mut vm, id) = open(false, mode());
    assert!(vm.handshake_done(id).unwrap());
    vm.upstream_data(id, b"hello", false).unwrap();
    assert_eq!(
        events(&vm, id),
        [TcpEvent::HandshakeDone, TcpEvent::Dialled, CLOSED]
    );
    assert_eq!(vm.record(id).unwrap().to_client(), b"", "not one byte");
}

#[test]
fn dialled_with_the_clients_data_a_denied_client_is_never_dialled_for() {
    let mode = || options(UpstreamConnectMode::OnDownstreamData, Some(1024));
    let (mut vm, id) = open(false, mode());
    assert!(vm.handshake_done(id).unwrap());
    vm.downstream_data(id, b"hi", false).unwrap();
    assert_eq!(notes(&mut vm), ["2", "1"]);
    assert_eq!(events(&vm, id), [TcpEvent::HandshakeDone, CLOSED]);
    assert!(!vm.record(id).unwrap().dialled());

    let (mut vm, id) = open(true, mode());
    assert!(vm.handshake_done(id).unwrap());
    vm.downstream_data(id, b"hi", true).unwrap();
    let expected = [
        TcpEvent::HandshakeDone,
        TcpEvent::Dialled,
        TcpEvent::ToUpstream(b"hi".to_vec()),
        TcpEvent::EndToUpstream,
    ];
    assert_eq!(events(&vm, id), expected);
}

/// Pauses each new connection; a timer of 5 ms closes it if it has no identity after 20 ms, and otherwise continues it.
fn with_deadline() -> (Vm, PluginId) {
    let mut texts = Literals::new();
    let path = texts.put("connection\0mtls");
    let functions = format!(
        r#"(global $connection (mut i32) (i32.const 0))
           (global $left (mut i32) (i32.const 4))
           (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
               (drop (call $tick (i32.const 5))) (i32.const 1))
           (func (export "proxy_on_new_connection") (param i32) (result i32)
               (global.set $connection (local.get 0)) (i32.const 1))
           (func (export "proxy_on_tick") (param i32)
               (if (i32.eqz (global.get $connection)) (then (return)))
               (drop (call $effective (global.get $connection)))
               (drop (call $get_property {path} $out))
               (if (i32.load8_u (i32.load (i32.const 100)))
                   (then (global.set $connection (i32.const 0)) (drop (call $continue (i32.const 2))) (return)))
               (global.set $left (i32.sub (global.get $left) (i32.const 1)))
               (if (i32.eqz (global.get $left))
                   (then (global.set $connection (i32.const 0)) (drop (call $close (i32.const 2))))))"#
    );
    start(&module(&texts, &functions), VmOptions::default())
}

#[test]
fn a_client_without_certificate_runs_into_the_deadline_and_is_never_dialled_for() {
    for (named, last) in [(true, TcpEvent::Dialled), (false, CLOSED)] {
        let (mut vm, plugin) = with_deadline();
        let early = options(UpstreamConnectMode::Immediate, Some(1024));
        let id = vm.tcp_connection(plugin, &client(named), early).unwrap();
        vm.advance(Duration::from_millis(1));
        assert!(vm.handshake_done(id).unwrap());
        vm.advance(Duration::from_secs(1));
        assert_eq!(events(&vm, id), [TcpEvent::HandshakeDone, last.clone()]);
        let (time, _) = vm.record(id).unwrap().events[1];
        assert_eq!(time, Duration::from_millis(if named { 5 } else { 20 }));
    }
}

#[test]
fn a_close_between_callbacks_reaches_neither_side() {
    let (mut vm, id) = open(
        true,
        options(UpstreamConnectMode::OnDownstreamTlsHandshake, Some(0)),
    );
    vm.downstream_close(id).unwrap();
    assert!(vm.handshake_done(id).is_err());
    assert!(vm.upstream_data(id, b"hello", false).is_err());
    assert_eq!(events(&vm, id), [TcpEvent::Closed(CloseReason::Client)]);
}

#[test]
fn ends_of_data_wait_as_data_does() {
    // The upstream's, for the handshake.
    let functions =
        r#"(func (export "proxy_on_upstream_connection_close") (param i32 i32) (call $note (local.get 1)))"#;
    let (mut vm, plugin) = start(&module(&Literals::new(), functions), VmOptions::default());
    let id = vm
        .tcp_connection(plugin, &client(true), TcpOptions::default())
        .unwrap();
    vm.upstream_data(id, b"bye", true).unwrap();
    assert_eq!(
        notes(&mut vm),
        ["0"],
        "the module hears of it at once, from an unknown side"
    );
    assert_eq!(events(&vm, id), [TcpEvent::Dialled]);
    assert!(vm.handshake_done(id).unwrap());
    assert_eq!(
        events(&vm, id)[1..],
        [
            TcpEvent::HandshakeDone,
            TcpEvent::ToClient(b"bye".to_vec()),
            TcpEvent::EndToClient
        ]
    );
    // The client's, for the upstream.
    let slow = TcpOptions {
        connects_at_once: false,
        ..options(UpstreamConnectMode::Immediate, Some(64))
    };
    let id = vm.tcp_connection(plugin, &Connection::default(), slow).unwrap();
    vm.downstream_data(id, b"hi", true).unwrap();
    assert_eq!(events(&vm, id), [TcpEvent::Dialled]);
    vm.upstream_connected(id).unwrap();
    assert_eq!(
        events(&vm, id)[1..],
        [TcpEvent::ToUpstream(b"hi".to_vec()), TcpEvent::EndToUpstream]
    );
}
