//! The time line of a connection in each connect mode of `tcp_proxy`.

use std::time::Duration;

use peerwarden_host::{
    CloseReason, Connection, EnvoyVersion, PeerCertificate, StreamError, TcpConnectionId, TcpEvent,
    TcpOptions, Tls, UpstreamConnectMode, Vm, VmOptions,
};

use crate::fixture::{Literals, module, notes, start};

/// Notes each callback: 1 new connection, 2 downstream, 3 upstream data with its size. Lets everything pass.
const WATCHING: &str = r#"
    (func (export "proxy_on_new_connection") (param i32) (result i32) (call $note (i32.const 1)) (i32.const 0))
    (func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32)
        (call $note (i32.const 2)) (call $note (local.get 1)) (i32.const 0))
    (func (export "proxy_on_upstream_data") (param i32 i32 i32) (result i32)
        (call $note (i32.const 3)) (call $note (local.get 1)) (i32.const 0))"#;

pub(crate) fn tls() -> Connection {
    Connection {
        tls: Some(Tls::default()),
        ..Connection::default()
    }
}

/// TLS with a client's certificate.
pub(crate) fn mutual() -> Connection {
    Connection {
        tls: Some(Tls {
            peer: Some(PeerCertificate::default()),
            ..Tls::default()
        }),
        ..Connection::default()
    }
}

pub(crate) fn options(connect_mode: UpstreamConnectMode, early: Option<u32>) -> TcpOptions {
    TcpOptions {
        connect_mode,
        max_early_data_bytes: early,
        ..TcpOptions::default()
    }
}

fn open(connection: &Connection, options: TcpOptions) -> (Vm, TcpConnectionId) {
    let (mut vm, plugin) = start(&module(&Literals::new(), WATCHING), VmOptions::default());
    let id = vm.tcp_connection(plugin, connection, options).unwrap();
    (vm, id)
}

pub(crate) fn events(vm: &Vm, id: TcpConnectionId) -> Vec<TcpEvent> {
    vm.record(id)
        .unwrap()
        .events
        .iter()
        .map(|(_, event)| event.clone())
        .collect()
}

fn to_client(bytes: &[u8]) -> TcpEvent {
    TcpEvent::ToClient(bytes.to_vec())
}

fn to_upstream(bytes: &[u8]) -> TcpEvent {
    TcpEvent::ToUpstream(bytes.to_vec())
}

#[test]
fn dialled_at_accept_a_greeting_passes_the_module_before_the_handshake_and_waits_in_tls() {
    let (mut vm, id) = open(&tls(), TcpOptions::default());
    assert_eq!(events(&vm, id), [TcpEvent::Dialled]);
    vm.upstream_data(id, b"hello", false).unwrap();
    assert_eq!(notes(&mut vm), ["1", "3", "5"]);
    assert_eq!(vm.record(id).unwrap().to_client(), b"");
    vm.advance(Duration::from_millis(300));
    assert!(vm.handshake_done(id).unwrap());
    let expected = [TcpEvent::Dialled, TcpEvent::HandshakeDone, to_client(b"hello")];
    assert_eq!(events(&vm, id), expected);
    let times: Vec<_> = vm
        .record(id)
        .unwrap()
        .events
        .iter()
        .map(|(time, _)| time.as_millis())
        .collect();
    assert_eq!(times, [0, 300, 300]);
    assert!(matches!(vm.handshake_done(id), Err(StreamError::OutOfOrder(_))));
}

#[test]
fn dialled_at_accept_there_is_no_handshake_until_the_upstream_is_connected() {
    let slow = TcpOptions {
        connects_at_once: false,
        ..TcpOptions::default()
    };
    let (mut vm, id) = open(&tls(), slow.clone());
    assert!(!vm.handshake_done(id).unwrap());
    assert!(matches!(
        vm.upstream_data(id, b"x", false),
        Err(StreamError::OutOfOrder(_))
    ));
    vm.upstream_connected(id).unwrap();
    assert!(vm.handshake_done(id).unwrap());
    assert!(matches!(
        vm.upstream_connected(id),
        Err(StreamError::OutOfOrder(_))
    ));

    // On plaintext the client's data waits in the socket: the module does not see it.
    let (mut vm, id) = open(&Connection::default(), slow);
    vm.downstream_data(id, b"ab", false).unwrap();
    assert_eq!(notes(&mut vm), ["1"]);
    vm.downstream_data(id, b"c", false).unwrap();
    vm.upstream_connected(id).unwrap();
    assert_eq!(notes(&mut vm), ["2", "3"]);
    assert_eq!(events(&vm, id), [TcpEvent::Dialled, to_upstream(b"abc")]);
}

#[test]
fn dialled_after_the_handshake() {
    let mode = options(UpstreamConnectMode::OnDownstreamTlsHandshake, Some(0));
    let (mut vm, id) = open(&tls(), mode.clone());
    assert_eq!(events(&vm, id), []);
    assert!(matches!(
        vm.upstream_data(id, b"x", false),
        Err(StreamError::OutOfOrder(_))
    ));
    assert!(matches!(
        vm.downstream_data(id, b"x", false),
        Err(StreamError::OutOfOrder(_))
    ));
    assert!(vm.handshake_done(id).unwrap());
    vm.upstream_data(id, b"hello", false).unwrap();
    assert_eq!(
        events(&vm, id),
        [TcpEvent::HandshakeDone, TcpEvent::Dialled, to_client(b"hello")]
    );
    // On plaintext there is none to wait for.
    let (vm, id) = open(&Connection::default(), mode);
    assert_eq!(events(&vm, id), [TcpEvent::Dialled]);
}

#[test]
fn dialled_with_the_clients_data_that_the_module_let_pass() {
    let (mut vm, id) = open(&tls(), options(UpstreamConnectMode::OnDownstreamData, Some(1024)));
    assert!(vm.handshake_done(id).unwrap());
    assert_eq!(events(&vm, id), [TcpEvent::HandshakeDone]);
    vm.downstream_data(id, b"hi", false).unwrap();
    assert_eq!(
        events(&vm, id),
        [TcpEvent::HandshakeDone, TcpEvent::Dialled, to_upstream(b"hi")]
    );
}

#[test]
fn more_early_data_than_allowed_stops_reading() {
    let slow = TcpOptions {
        connects_at_once: false,
        ..options(UpstreamConnectMode::Immediate, Some(2))
    };
    let (mut vm, id) = open(&Connection::default(), slow);
    vm.downstream_data(id, b"ab", false).unwrap();
    vm.downstream_data(id, b"c", false).unwrap();
    vm.downstream_data(id, b"d", false).unwrap();
    assert_eq!(
        notes(&mut vm),
        ["1", "2", "2", "2", "1"],
        "with three bytes it is over the limit"
    );
    vm.upstream_connected(id).unwrap();
    assert_eq!(notes(&mut vm), ["2", "1"]);
    assert_eq!(vm.record(id).unwrap().to_upstream(), b"abcd");
}

#[test]
fn what_envoy_refuses() {
    for mode in [
        UpstreamConnectMode::OnDownstreamData,
        UpstreamConnectMode::OnDownstreamTlsHandshake,
    ] {
        let (mut vm, plugin) = start(&module(&Literals::new(), ""), VmOptions::default());
        assert_eq!(
            vm.tcp_connection(plugin, &tls(), options(mode, None)),
            Err(StreamError::NoEarlyData)
        );
        let old = VmOptions {
            version: EnvoyVersion::V1_36,
            ..VmOptions::default()
        };
        let (mut vm, plugin) = start(&module(&Literals::new(), ""), old);
        assert!(matches!(
            vm.tcp_connection(plugin, &tls(), options(mode, Some(0))),
            Err(StreamError::OutOfOrder(_))
        ));
        assert!(vm.tcp_connection(plugin, &tls(), TcpOptions::default()).is_ok());
    }
}

#[test]
fn half_closed_either_way_and_closed_when_both_have_ended() {
    let (mut vm, id) = open(&Connection::default(), TcpOptions::default());
    vm.downstream_data(id, b"bye", true).unwrap();
    assert_eq!(vm.record(id).unwrap().closed_by(), None);
    assert!(matches!(
        vm.downstream_data(id, b"?", false),
        Err(StreamError::OutOfOrder(_))
    ));
    vm.upstream_data(id, b"answer", false).unwrap();
    vm.upstream_data(id, b"", true).unwrap();
    let expected = [
        TcpEvent::Dialled,
        to_upstream(b"bye"),
        TcpEvent::EndToUpstream,
        to_client(b"answer"),
        TcpEvent::EndToClient,
        TcpEvent::Closed(CloseReason::BothEnded),
    ];
    assert_eq!(events(&vm, id), expected);
    assert_eq!(vm.downstream_data(id, b"", false), Err(StreamError::Closed));
}
