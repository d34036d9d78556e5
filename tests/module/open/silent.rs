//! `enforcement: handshake`: a connection on which nobody says anything keeps an upstream connection no longer than its deadline.

use std::time::Duration;

use peerwarden_host::{CloseReason, PluginId, TcpConnectionId, TcpOptions, Vm};
use serde_json::json;

use super::{closed_by, ledger, one_vm};
use crate::fixture::{BACKEND, FRONTEND, peer};

const BEFORE: Duration = Duration::from_secs(9);

/// Past the deadline, and the tick that follows it.
const AFTER: Duration = Duration::from_secs(3);

fn listening() -> (Vm, PluginId) {
    one_vm(ledger(json!({})))
}

fn silent(vm: &mut Vm, plugin: PluginId, uri: &str) -> TcpConnectionId {
    let connection = vm
        .tcp_connection(plugin, &peer(uri), TcpOptions::default())
        .unwrap();
    assert!(vm.handshake_done(connection).unwrap());
    connection
}

#[test]
fn a_denied_client_that_says_nothing_is_closed() {
    let (mut vm, plugin) = listening();
    let front = silent(&mut vm, plugin, FRONTEND);
    let back = silent(&mut vm, plugin, BACKEND);
    vm.advance(BEFORE);
    assert_eq!((closed_by(&vm, front), closed_by(&vm, back)), (None, None));
    vm.advance(AFTER);
    assert_eq!(closed_by(&vm, back), Some(CloseReason::Module));
    assert_eq!(vm.record(back).unwrap().to_upstream(), b"");
    assert_eq!(closed_by(&vm, front), None);
    // What it says later passes.
    vm.downstream_data(front, b"select 1", false).unwrap();
    vm.upstream_data(front, b"1", false).unwrap();
    let record = vm.record(front).unwrap();
    assert_eq!(
        (record.to_upstream(), record.to_client()),
        (b"select 1".to_vec(), b"1".to_vec())
    );
    assert_eq!(vm.take_violations(), []);
}

#[test]
fn one_whose_handshake_is_not_over_is_closed_too() {
    let (mut vm, plugin) = listening();
    let slow = vm
        .tcp_connection(plugin, &peer(FRONTEND), TcpOptions::default())
        .unwrap();
    vm.advance(BEFORE + AFTER);
    assert_eq!(closed_by(&vm, slow), Some(CloseReason::Module));
    assert_eq!(vm.take_violations(), []);
}

/// They are judged a hundred at a time, and a client that speaks does not wait for them.
#[test]
fn a_crowd_of_them_is_gone_soon() {
    let (mut vm, plugin) = listening();
    let crowd: Vec<_> = (0..1_500).map(|_| silent(&mut vm, plugin, BACKEND)).collect();
    vm.advance(BEFORE + AFTER);
    let front = silent(&mut vm, plugin, FRONTEND);
    vm.downstream_data(front, b"select 1", false).unwrap();
    assert_eq!(vm.record(front).unwrap().to_upstream(), b"select 1");
    vm.advance(Duration::from_secs(1));
    let open = crowd.iter().filter(|one| closed_by(&vm, **one).is_none()).count();
    assert_eq!(open, 0);
    assert_eq!(closed_by(&vm, front), None);
    assert_eq!(vm.take_violations(), []);
}
