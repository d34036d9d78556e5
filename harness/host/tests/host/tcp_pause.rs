//! Pause: in `on_new_connection`, on data, and continuing from a timer.

use std::time::Duration;

use peerwarden_host::{
    CloseReason, PluginId, TcpConnectionId, TcpEvent, TcpOptions, UpstreamConnectMode, Vm, VmOptions,
};

use crate::fixture::{Literals, module, notes, start, violations};
use crate::tcp::{events, mutual, options};

/// Pauses new connections; a timer continues a connection once there is a client certificate.
fn pausing() -> (Vm, PluginId) {
    let mut texts = Literals::new();
    let path = texts.put("connection\0mtls");
    let functions = format!(
        r#"(global $connection (mut i32) (i32.const 0))
           (func (export "proxy_on_configure") (param i32 i32) (result i32)
               (drop (call $tick (i32.const 5))) (i32.const 1))
           (func (export "proxy_on_new_connection") (param i32) (result i32)
               (global.set $connection (local.get 0)) (i32.const 1))
           (func (export "proxy_on_tick") (param i32)
               (if (i32.eqz (global.get $connection)) (then return))
               (drop (call $effective (global.get $connection)))
               (drop (call $get_property {path} $out))
               (if (i32.load8_u (i32.load (i32.const 100))) (then
                   (global.set $connection (i32.const 0))
                   (drop (call $continue (i32.const 2))))))"#
    );
    start(&module(&texts, &functions), VmOptions::default())
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn open(options: TcpOptions) -> (Vm, TcpConnectionId) {
    let (mut vm, plugin) = pausing();
    let id = vm.tcp_connection(plugin, &mutual(), options).unwrap();
    (vm, id)
}

#[test]
fn with_early_data_the_handshake_goes_on_and_nothing_is_dialled_before_the_timer_says_so() {
    let (mut vm, id) = open(options(UpstreamConnectMode::Immediate, Some(1024)));
    vm.advance(ms(20));
    assert!(vm.handshake_done(id).unwrap());
    assert_eq!(events(&vm, id), [TcpEvent::HandshakeDone]);
    vm.advance(ms(4));
    assert_eq!(events(&vm, id), [TcpEvent::HandshakeDone]);
    vm.advance(ms(1));
    assert_eq!(events(&vm, id), [TcpEvent::HandshakeDone, TcpEvent::Dialled]);
    vm.upstream_data(id, b"hello", false).unwrap();
    assert_eq!(vm.record(id).unwrap().to_client(), b"hello");
}

#[test]
fn without_it_the_handshake_never_ends() {
    let (mut vm, id) = open(TcpOptions::default());
    for _ in 0..100 {
        vm.advance(ms(100));
        assert!(!vm.handshake_done(id).unwrap());
    }
    assert_eq!(events(&vm, id), []);
}

#[test]
fn with_the_tls_mode_there_is_no_cluster_to_dial() {
    let (mut vm, id) = open(options(UpstreamConnectMode::OnDownstreamTlsHandshake, Some(0)));
    assert!(vm.handshake_done(id).unwrap());
    assert_eq!(
        events(&vm, id),
        [TcpEvent::HandshakeDone, TcpEvent::Closed(CloseReason::NoCluster)]
    );
}

#[test]
fn the_clients_data_also_ends_a_pause_of_a_new_connection() {
    let (mut vm, id) = open(options(UpstreamConnectMode::Immediate, Some(1024)));
    assert!(vm.handshake_done(id).unwrap());
    vm.downstream_data(id, b"hi", false).unwrap();
    let expected = [
        TcpEvent::HandshakeDone,
        TcpEvent::Dialled,
        TcpEvent::ToUpstream(b"hi".to_vec()),
    ];
    assert_eq!(events(&vm, id), expected);
}

#[test]
fn paused_data_adds_up_and_can_be_changed() {
    let mut texts = Literals::new();
    let plus = texts.put("+");
    let functions = format!(
        r#"(func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32)
               (call $note (local.get 1))
               (if (i32.lt_u (local.get 1) (i32.const 4)) (then (return (i32.const 77))))
               (call $note (call $set_buffer (i32.const 2) (i32.const 0) (i32.const 0) {plus}))
               (i32.const 0))"#
    );
    let (mut vm, plugin) = start(&module(&texts, &functions), VmOptions::default());
    let id = vm
        .tcp_connection(plugin, &Default::default(), TcpOptions::default())
        .unwrap();
    vm.downstream_data(id, b"ab", false).unwrap();
    assert_eq!(
        vm.record(id).unwrap().to_upstream(),
        b"",
        "any number but 0 pauses"
    );
    vm.downstream_data(id, b"cd", false).unwrap();
    assert_eq!(notes(&mut vm), ["2", "4", "0"]);
    assert_eq!(vm.record(id).unwrap().to_upstream(), b"+abcd");
}

#[test]
fn paused_upstream_data_stays_with_envoy_for_good() {
    let functions = r#"(func (export "proxy_on_upstream_data") (param i32 i32 i32) (result i32)
        (call $note (call $continue (i32.const 3))) (i32.const 1))"#;
    let (mut vm, plugin) = start(&module(&Literals::new(), functions), VmOptions::default());
    let id = vm
        .tcp_connection(plugin, &Default::default(), TcpOptions::default())
        .unwrap();
    vm.upstream_data(id, b"hello", false).unwrap();
    assert_eq!(notes(&mut vm), ["12"]);
    assert_eq!(vm.record(id).unwrap().to_client(), b"");
    let violations = violations(&mut vm);
    assert!(
        violations[0].contains("cannot resume upstream data"),
        "{violations:?}"
    );
    assert!(violations[1].contains("can never go on"), "{violations:?}");
}
