//! Open streams follow the newer VM: streams that it does not allow are closed, and none is allowed because of it.

use peerwarden_host::{CloseReason, HttpOutcome, TcpOptions};
use serde_json::json;

use super::{Process, TICK, everybody, nobody, old_vm, plugin};
use crate::fixture::{BACKEND, FRONTEND, allow, get, peer};
use crate::open::{counter, ledger, with};

#[test]
fn the_old_vm_closes_what_the_newer_module_does_not_admit() {
    let mut process = Process::new();
    let (old, _, [front, back]) = old_vm(&mut process);
    let (new, plugin) = process.vm(ledger(json!({})));
    process.advance(TICK * 2);
    assert_eq!(process.closed_by(old, back), Some(CloseReason::Module));
    assert_eq!(process.closed_by(old, front), None);
    process.advance(TICK);
    assert_eq!(counter(&process.vms[old], "revoked"), Some(1));
    assert_eq!(
        process.said(old, "denied by a newer configuration, and closed"),
        1
    );

    // Updates go to the new VM alone; the old one follows each of them.
    let options = self::plugin(nobody());
    process.vms[new].configure(options).unwrap();
    process.vms[new].retire(plugin);
    process.advance(TICK * 2);
    assert_eq!(process.closed_by(old, front), Some(CloseReason::Module));
    for vm in &mut process.vms {
        assert_eq!(vm.take_violations(), []);
    }
}

#[test]
fn one_that_decides_alike_disturbs_nothing() {
    let mut process = Process::new();
    let (old, _, open) = old_vm(&mut process);
    process.vm(everybody());
    process.advance(TICK * 3);
    for connection in open {
        assert_eq!(process.closed_by(old, connection), None);
    }
}

/// It can only close: the old VM's own configuration still decides on streams that begin there, and on held ones.
#[test]
fn nothing_is_let_in_by_it() {
    let mut process = Process::new();
    let settings = json!({"tcp": {"enforcement": "hold", "deadline": "30s"}});
    let (old, plugin) = process.vm(ledger(settings));
    process.advance(TICK);
    let held = |process: &mut Process| {
        let early = TcpOptions {
            max_early_data_bytes: Some(1024),
            ..TcpOptions::default()
        };
        let opened = process.vms[old].tcp_connection(plugin, &peer(BACKEND), early);
        opened.unwrap()
    };
    let waiting = held(&mut process);
    process.vm(everybody());
    process.advance(TICK * 2);
    let late = held(&mut process);
    for connection in [waiting, late] {
        assert_eq!(process.closed_by(old, connection), None);
        process.vms[old].handshake_done(connection).unwrap();
        process.advance(TICK * 2);
        assert_eq!(process.closed_by(old, connection), Some(CloseReason::Module));
    }
}

#[test]
fn requests_follow_if_they_are_covered() {
    for (on_update, goes) in [("close", true), ("keep", false)] {
        let settings = json!({"openConnections": {"onUpdate": on_update}});
        let mut process = Process::new();
        let (old, plugin) = process.vm(with("http", json!([]), settings.clone()));
        let vm = &mut process.vms[old];
        let requests = [FRONTEND, BACKEND].map(|uri| vm.http_stream(plugin, &peer(uri), get("/")).unwrap());
        for request in requests {
            assert_eq!(vm.request_headers(request).unwrap(), HttpOutcome::Continue);
        }
        process.advance(TICK);
        process.vm(with("http", json!([allow(FRONTEND)]), settings));
        process.advance(TICK * 3);
        let revoked = counter(&process.vms[old], "revoked");
        assert_eq!(revoked, Some(u64::from(goes)), "{on_update}");
    }
}
