//! TCP: who sends first, when the upstream is connected to, and that not one byte passes before the decision.

use std::time::Duration;

use peerwarden_host::{
    CloseReason, Connection, PluginId, TcpConnectionId, TcpEvent, TcpOptions, UpstreamConnectMode, Vm,
};
use serde_json::json;

use crate::fixture::{BACKEND, FRONTEND, allow, configuration, mode, peer, vm};

const GREETING: &[u8] = b"5.7.44-log mysql_native_password";

fn ledger() -> (Vm, PluginId) {
    vm(configuration("tcp", json!([allow(FRONTEND)])))
}

fn options(connect_mode: UpstreamConnectMode) -> TcpOptions {
    TcpOptions {
        connect_mode,
        max_early_data_bytes: Some(0),
        ..TcpOptions::default()
    }
}

fn nothing_passed(vm: &Vm, connection: TcpConnectionId) {
    let record = vm.record(connection).unwrap();
    assert_eq!(
        (record.to_client(), record.to_upstream()),
        (Vec::new(), Vec::new()),
        "{record:?}"
    );
    assert_eq!(record.closed_by(), Some(CloseReason::Module), "{record:?}");
}

#[test]
fn client_first_in_every_mode() {
    let modes = [
        TcpOptions::default(),
        options(UpstreamConnectMode::OnDownstreamData),
        options(UpstreamConnectMode::OnDownstreamTlsHandshake),
    ];
    for options in modes {
        let (mut vm, plugin) = ledger();
        let mut open = |uri: &str| {
            let connection = vm.tcp_connection(plugin, &peer(uri), options.clone()).unwrap();
            assert!(vm.handshake_done(connection).unwrap());
            vm.downstream_data(connection, b"select 1", false).unwrap();
            connection
        };
        let (frontend, backend) = (open(FRONTEND), open(BACKEND));
        assert_eq!(
            vm.record(frontend).unwrap().to_upstream(),
            b"select 1",
            "{options:?}"
        );
        nothing_passed(&vm, backend);
        // Allowed connections continue in both directions; denied ones are over.
        vm.upstream_data(frontend, b"1", false).unwrap();
        vm.downstream_data(frontend, b"quit", true).unwrap();
        let record = vm.record(frontend).unwrap();
        assert_eq!(
            (record.to_client(), record.to_upstream()),
            (b"1".to_vec(), b"select 1quit".to_vec())
        );
        assert_eq!(record.events.last().unwrap().1, TcpEvent::EndToUpstream);
        assert!(vm.downstream_data(backend, b"again", false).is_err());
        assert_eq!(vm.violations(), [], "{options:?}");
    }
}

#[test]
fn a_greeting_waits_for_the_handshake_and_then_for_the_decision() {
    let (mut vm, plugin) = ledger();
    let mode = options(UpstreamConnectMode::OnDownstreamTlsHandshake);
    for (uri, admitted) in [(FRONTEND, true), (BACKEND, false)] {
        let connection = vm.tcp_connection(plugin, &peer(uri), mode.clone()).unwrap();
        assert!(!vm.record(connection).unwrap().dialled());
        vm.advance(Duration::from_millis(300));
        assert!(vm.handshake_done(connection).unwrap());
        assert!(vm.record(connection).unwrap().dialled());
        vm.upstream_data(connection, GREETING, false).unwrap();
        if admitted {
            assert_eq!(vm.record(connection).unwrap().to_client(), GREETING);
        } else {
            nothing_passed(&vm, connection);
        }
    }
    assert_eq!(vm.violations(), []);
}

#[test]
fn a_greeting_before_the_handshake_closes_rather_than_leaks() {
    let (mut vm, plugin) = ledger();
    let connection = vm
        .tcp_connection(plugin, &peer(FRONTEND), TcpOptions::default())
        .unwrap();
    assert!(vm.record(connection).unwrap().dialled());
    vm.upstream_data(connection, GREETING, false).unwrap();
    nothing_passed(&vm, connection);
    let hint = "upstream_connect_mode";
    assert!(
        vm.logs().iter().any(|line| line.message.contains(hint)),
        "{:?}",
        vm.logs()
    );
}

/// The callback after the upstream's last data must find its context: a trap would cost every connection.
#[test]
fn a_greeting_that_is_all_the_upstream_says() {
    let (mut vm, plugin) = ledger();
    let modes = [
        (TcpOptions::default(), true),
        (TcpOptions::default(), false),
        (options(UpstreamConnectMode::OnDownstreamTlsHandshake), true),
    ];
    for (mode, handshake) in modes {
        for uri in [FRONTEND, BACKEND] {
            let connection = vm.tcp_connection(plugin, &peer(uri), mode.clone()).unwrap();
            if handshake {
                assert!(vm.handshake_done(connection).unwrap());
            }
            vm.upstream_data(connection, GREETING, true).unwrap();
            if handshake && uri == FRONTEND {
                assert_eq!(vm.record(connection).unwrap().to_client(), GREETING);
            } else {
                nothing_passed(&vm, connection);
            }
            assert_eq!(vm.failure(), None);
        }
    }
    assert_eq!(vm.violations(), []);
}

#[test]
fn what_does_not_depend_on_the_peer_may_pass_before_the_handshake() {
    let (mut vm, plugin) = vm(configuration("tcp", json!([])));
    let connection = vm
        .tcp_connection(plugin, &peer(BACKEND), TcpOptions::default())
        .unwrap();
    vm.upstream_data(connection, GREETING, false).unwrap();
    assert_eq!(vm.record(connection).unwrap().to_client(), b"", "TLS holds it");
    assert!(vm.handshake_done(connection).unwrap());
    assert_eq!(vm.record(connection).unwrap().to_client(), GREETING);
}

#[test]
fn plaintext_is_refused_by_strict_whoever_speaks_first() {
    let (mut vm, plugin) = vm(configuration("tcp", json!([mode("STRICT")])));
    for server_first in [true, false] {
        let connection = vm
            .tcp_connection(plugin, &Connection::default(), TcpOptions::default())
            .unwrap();
        if server_first {
            vm.upstream_data(connection, GREETING, false).unwrap();
        } else {
            vm.downstream_data(connection, b"hello", false).unwrap();
        }
        nothing_passed(&vm, connection);
        let state = vm.filter_state(connection, "wasm.peerwarden.decision").unwrap();
        let state = String::from_utf8_lossy(state);
        assert_eq!(
            state,
            "deny mtls-required PeerAuthentication ns[istio-system]-policy[default]"
        );
    }
}

#[test]
fn the_end_alone_is_decided_too() {
    let (mut vm, plugin) = ledger();
    let connection = vm
        .tcp_connection(plugin, &peer(BACKEND), TcpOptions::default())
        .unwrap();
    assert!(vm.handshake_done(connection).unwrap());
    vm.downstream_data(connection, b"", true).unwrap();
    nothing_passed(&vm, connection);
}

#[test]
fn nothing_is_asked_at_accept_and_nothing_after_the_decision() {
    let (mut vm, plugin) = ledger();
    vm.take_accounting();
    let connection = vm
        .tcp_connection(plugin, &peer(FRONTEND), TcpOptions::default())
        .unwrap();
    let accept: u32 = vm.take_accounting().iter().map(|record| record.calls()).sum();
    assert_eq!(accept, 0, "identity read before the handshake is poisonous");
    assert!(vm.handshake_done(connection).unwrap());
    vm.downstream_data(connection, b"first", false).unwrap();
    let decision: u32 = vm.take_accounting().iter().map(|record| record.calls()).sum();
    assert!(decision > 0);
    for _ in 0..10 {
        vm.downstream_data(connection, b"more", false).unwrap();
        vm.upstream_data(connection, b"more", false).unwrap();
    }
    let after: u32 = vm.take_accounting().iter().map(|record| record.calls()).sum();
    assert_eq!(after, 0);
}

#[test]
fn each_connection_has_its_own_verdict() {
    let (mut vm, plugin) = ledger();
    let connections: Vec<_> = [FRONTEND, BACKEND, FRONTEND, BACKEND]
        .map(|uri| {
            (
                uri,
                vm.tcp_connection(plugin, &peer(uri), TcpOptions::default())
                    .unwrap(),
            )
        })
        .into();
    for (_, connection) in &connections {
        assert!(vm.handshake_done(*connection).unwrap());
    }
    for (_, connection) in connections.iter().rev() {
        vm.downstream_data(*connection, b"x", false).unwrap();
    }
    for (uri, connection) in connections {
        assert_eq!(vm.record(connection).unwrap().closed(), uri == BACKEND);
    }
}
