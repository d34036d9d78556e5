//! `enforcement: hold`: no upstream connection before the decision.

use std::time::Duration;

use peerwarden_host::{CloseReason, Connection, PluginId, TcpConnectionId, TcpEvent, TcpOptions, Tls, Vm};
use serde_json::json;

use super::{closed_by, ledger, one_vm, update, with};
use crate::fixture::{BACKEND, FRONTEND, mode, peer};

/// The period at which the timer checks held streams.
const TICK: Duration = Duration::from_millis(10);

const DEADLINE: Duration = Duration::from_secs(3);

fn holding() -> (Vm, PluginId) {
    one_vm(ledger(json!({"tcp": {"enforcement": "hold", "deadline": "3s"}})))
}

fn early() -> TcpOptions {
    TcpOptions {
        max_early_data_bytes: Some(1024),
        ..TcpOptions::default()
    }
}

fn open(vm: &mut Vm, plugin: PluginId, connection: &Connection) -> TcpConnectionId {
    vm.tcp_connection(plugin, connection, early()).unwrap()
}

fn dialled(vm: &Vm, connection: TcpConnectionId) -> bool {
    let events = &vm.record(connection).unwrap().events;
    events.iter().any(|(_, event)| *event == TcpEvent::Dialled)
}

#[test]
fn the_upstream_is_dialled_for_whom_it_admits_only() {
    let (mut vm, plugin) = holding();
    let front = open(&mut vm, plugin, &peer(FRONTEND));
    let back = open(&mut vm, plugin, &peer(BACKEND));
    vm.advance(Duration::from_secs(1));
    assert!(!dialled(&vm, front) && !dialled(&vm, back));
    assert!(vm.handshake_done(front).unwrap());
    assert!(vm.handshake_done(back).unwrap());
    assert!(!dialled(&vm, front));
    // A handshake that has taken a second is checked again after an eighth of that.
    vm.advance(Duration::from_millis(140));
    assert!(dialled(&vm, front));
    vm.upstream_data(front, b"5.7.44-log", false).unwrap();
    assert_eq!(vm.record(front).unwrap().to_client(), b"5.7.44-log");
    assert!(!dialled(&vm, back));
    assert_eq!(closed_by(&vm, back), Some(CloseReason::Module));
    assert_eq!(vm.record(back).unwrap().to_client(), b"");
    vm.downstream_data(front, b"quit", false).unwrap();
    assert_eq!(vm.record(front).unwrap().to_upstream(), b"quit");
    assert_eq!(vm.take_violations(), []);
}

#[test]
fn a_client_that_speaks_first_does_not_wait_for_the_timer() {
    let (mut vm, plugin) = holding();
    for (uri, admitted) in [(FRONTEND, true), (BACKEND, false)] {
        let connection = open(&mut vm, plugin, &peer(uri));
        assert!(vm.handshake_done(connection).unwrap());
        vm.downstream_data(connection, b"hello", false).unwrap();
        assert_eq!(dialled(&vm, connection), admitted);
        let sent: &[u8] = if admitted { b"hello" } else { b"" };
        assert_eq!(vm.record(connection).unwrap().to_upstream(), sent);
        assert_eq!(closed_by(&vm, connection).is_some(), !admitted);
    }
    vm.advance(DEADLINE * 2);
    assert_eq!(vm.take_violations(), []);
}

#[test]
fn plaintext_is_decided_by_the_first_tick() {
    let permissive = with("tcp", json!([]), json!({"tcp": {"enforcement": "hold"}}));
    let strict = with(
        "tcp",
        json!([mode("STRICT")]),
        json!({"tcp": {"enforcement": "hold"}}),
    );
    for (configuration, admitted) in [(permissive, true), (strict, false)] {
        let (mut vm, plugin) = one_vm(configuration);
        let connection = open(&mut vm, plugin, &Connection::default());
        assert!(!dialled(&vm, connection));
        vm.advance(TICK);
        assert_eq!(dialled(&vm, connection), admitted);
        assert_eq!(closed_by(&vm, connection).is_some(), !admitted);
    }
}

#[test]
fn who_does_not_show_a_certificate_is_denied_by_the_deadline() {
    let (mut vm, plugin) = holding();
    let anonymous = Connection {
        tls: Some(Tls::default()),
        ..Connection::default()
    };
    let silent = open(&mut vm, plugin, &peer(FRONTEND));
    let nobody = open(&mut vm, plugin, &anonymous);
    assert!(vm.handshake_done(nobody).unwrap());
    vm.advance(DEADLINE - TICK);
    assert_eq!((closed_by(&vm, silent), closed_by(&vm, nobody)), (None, None));
    vm.advance(TICK * 2);
    for connection in [silent, nobody] {
        assert_eq!(closed_by(&vm, connection), Some(CloseReason::Module));
        assert!(!dialled(&vm, connection));
        let state = vm.filter_state(connection, "wasm.peerwarden.decision");
        assert_eq!(state, Some(&b"deny deadline-passed"[..]));
    }
    let said = vm.take_logs().pop().unwrap().message;
    assert!(
        said.contains("max_early_data_bytes") && said.contains("after 3s"),
        "{said}"
    );
}

/// Without `max_early_data_bytes` the handshake never ends, so the deadline ends it, and the message names the required
/// setting.
#[test]
fn a_listener_that_cannot_hold_is_denied_and_named() {
    let (mut vm, plugin) = holding();
    let connection = vm
        .tcp_connection(plugin, &peer(FRONTEND), TcpOptions::default())
        .unwrap();
    assert!(!vm.handshake_done(connection).unwrap());
    vm.advance(DEADLINE + TICK);
    assert_eq!(closed_by(&vm, connection), Some(CloseReason::Module));
    let said = vm.take_logs().pop().unwrap().message;
    assert!(said.contains("max_early_data_bytes"), "{said}");
}

#[test]
fn who_goes_away_is_forgotten() {
    let (mut vm, plugin) = holding();
    let connection = open(&mut vm, plugin, &peer(FRONTEND));
    vm.downstream_close(connection).unwrap();
    vm.advance(DEADLINE * 2);
    assert_eq!(vm.take_violations(), []);
    assert_eq!(vm.failure(), None);
}

#[test]
fn the_timer_goes_off_once_a_second_while_nothing_is_held() {
    let (mut vm, plugin) = one_vm(with("tcp", json!([]), json!({"tcp": {"enforcement": "hold"}})));
    let connection = open(&mut vm, plugin, &Connection::default());
    vm.advance(TICK);
    assert!(dialled(&vm, connection));
    vm.advance(TICK);
    vm.close(connection).unwrap();
    vm.take_accounting();
    vm.advance(Duration::from_secs(60));
    assert_eq!(vm.accounting().len(), 60);
}

/// A newer configuration applies to streams that were held when it arrived.
#[test]
fn an_update_meanwhile() {
    let (mut vm, old) = one_vm(with(
        "tcp",
        json!([]),
        json!({"tcp": {"enforcement": "hold", "deadline": "3s"}}),
    ));
    let connection = open(&mut vm, old, &peer(BACKEND));
    update(
        &mut vm,
        old,
        ledger(json!({"tcp": {"enforcement": "hold", "deadline": "3s"}})),
    );
    assert!(vm.handshake_done(connection).unwrap());
    vm.advance(TICK * 4);
    assert_eq!(closed_by(&vm, connection), Some(CloseReason::Module));
    assert_eq!(vm.take_violations(), []);
}

/// Clients that open connections and do nothing else cost little: they are checked less and less often.
#[test]
fn handshakes_that_do_not_end_are_looked_at_ever_more_seldom() {
    let (mut vm, plugin) = one_vm(ledger(json!({"tcp": {"enforcement": "hold", "deadline": "10s"}})));
    let silent: Vec<_> = (0..20).map(|_| open(&mut vm, plugin, &peer(FRONTEND))).collect();
    vm.take_accounting();
    vm.advance(Duration::from_secs(9));
    let looks: u32 = vm.take_accounting().iter().map(|record| record.calls()).sum();
    let ticks = 900;
    // A clock and a context at each callback, and for each connection an attribute at each check: fifty times in nine
    // seconds.
    assert!(looks < 3 * ticks + 20 * 50 * 3, "{looks} host calls");
    vm.advance(Duration::from_secs(3));
    for connection in silent {
        assert_eq!(closed_by(&vm, connection), Some(CloseReason::Module));
    }
}
