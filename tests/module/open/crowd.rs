//! `enforcement: hold` among thousands of strangers who connect and send nothing.

use std::time::Duration;

use peerwarden_host::{Connection, PluginId, TcpConnectionId, TcpOptions, Tls, Vm};
use serde_json::json;

use super::{closed_by, ledger, one_vm};
use crate::fixture::{FRONTEND, peer};

const TICK: Duration = Duration::from_millis(10);

/// As docs/mtls.md says: with this many strangers an allowed client waits for less than a second.
const STRANGERS: usize = 5_000;
/// The number of timer callbacks while the strangers arrive, and after they have been there for a second.
const AMONG_NEW: usize = 60;
const AMONG_OLD: usize = 5;

/// Bytes of the module's memory for an unfinished connection, as docs/mtls.md states them.
const BYTES: usize = 1024;

fn holding() -> (Vm, PluginId) {
    one_vm(ledger(json!({"tcp": {"enforcement": "hold", "deadline": "10s"}})))
}

fn open(vm: &mut Vm, plugin: PluginId, connection: &Connection) -> TcpConnectionId {
    let early = TcpOptions {
        max_early_data_bytes: Some(1024),
        ..TcpOptions::default()
    };
    vm.tcp_connection(plugin, connection, early).unwrap()
}

fn strangers(vm: &mut Vm, plugin: PluginId) -> Vec<TcpConnectionId> {
    let stranger = Connection {
        tls: Some(Tls::default()),
        ..Connection::default()
    };
    (0..STRANGERS).map(|_| open(vm, plugin, &stranger)).collect()
}

/// The number of timer callbacks before the upstream is connected to for a client whose handshake is over.
fn ticks_until_dialled(vm: &mut Vm, plugin: PluginId) -> usize {
    let client = open(vm, plugin, &peer(FRONTEND));
    assert!(vm.handshake_done(client).unwrap());
    let dialled = (1..1000).find(|_| {
        vm.advance(TICK);
        vm.record(client).unwrap().dialled()
    });
    vm.close(client).unwrap();
    dialled.unwrap()
}

#[test]
fn strangers_who_say_nothing_do_not_keep_a_client_waiting() {
    let (mut vm, plugin) = holding();
    let strangers = strangers(&mut vm, plugin);
    // While they arrive, while they wait, and while they are closed at their deadline.
    let ticks = ticks_until_dialled(&mut vm, plugin);
    assert!(ticks <= AMONG_NEW, "{ticks} ticks");
    for until in [1_200, 3_000, 9_990, 10_100] {
        vm.advance(Duration::from_millis(until).saturating_sub(vm.now()));
        let ticks = ticks_until_dialled(&mut vm, plugin);
        assert!(ticks <= AMONG_OLD, "{ticks} ticks, after {until} ms");
    }
    vm.advance(Duration::from_secs(3));
    assert!(
        strangers
            .iter()
            .all(|stranger| closed_by(&vm, *stranger).is_some())
    );
    assert_eq!((vm.failure(), vm.violations()), (None, [].as_slice()));
}

#[test]
fn an_unfinished_connection_takes_little_memory_and_leaves_none_behind() {
    let (mut vm, plugin) = holding();
    let before = vm.memory_size();
    for stranger in strangers(&mut vm, plugin) {
        vm.downstream_close(stranger).unwrap();
    }
    let first = vm.memory_size();
    let each = (first - before) / STRANGERS;
    assert!((1..=BYTES).contains(&each), "{each} bytes for each");
    for _ in 0..9 {
        for stranger in strangers(&mut vm, plugin) {
            vm.downstream_close(stranger).unwrap();
        }
    }
    let all = vm.memory_size() - before;
    assert!(all <= BYTES * STRANGERS, "what is over makes room: {all} bytes");
}
