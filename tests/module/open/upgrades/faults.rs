//! Shared data that cannot be read or written.

use peerwarden_host::{CloseReason, LogLevel, VmOptions};
use serde_json::json;

use super::{Process, TICK, VM_ID, everybody, fault, old_vm};
use crate::fixture::{BACKEND, FRONTEND};
use crate::open::{ledger, with};

#[test]
fn what_cannot_be_read_closes_what_is_covered() {
    let keep = json!({"openConnections": {"onUpdate": "keep"}});
    let whole = {
        let mut process = Process::new();
        old_vm(&mut process);
        process.published()
    };
    let cut = |length: usize| whole[..length].to_vec();
    let mut version = whole.clone();
    *version.last_mut().unwrap() = 2;
    let mut flipped = whole.clone();
    flipped[3] ^= 1;
    let garbage = [
        Vec::new(),
        b"garbage".to_vec(),
        vec![0xff; 4096],
        cut(whole.len() - 1),
        cut(whole.len() / 2),
        whole[1..].to_vec(),
        version,
        flipped,
    ];
    for value in garbage {
        let shown = String::from_utf8_lossy(&value).into_owned();
        let mut process = Process::new();
        let (old, _, open) = old_vm(&mut process);
        let (kept, plugin) = process.vm(with("tcp", json!([]), keep.clone()));
        let stays = process.stream(kept, plugin, BACKEND);
        process.advance(TICK * 2);
        assert!(open.iter().all(|open| process.closed_by(old, *open).is_none()));
        process.publish(value);
        process.advance(TICK * 2);
        for connection in open {
            assert_eq!(
                process.closed_by(old, connection),
                Some(CloseReason::Module),
                "{shown}"
            );
        }
        assert_eq!(process.closed_by(kept, stays), None, "{shown}");
        assert_eq!(process.said(old, "cannot be read here"), 1, "{shown}");
        for vm in &mut process.vms {
            assert_eq!(
                (vm.take_violations(), vm.failure()),
                (Vec::new(), None),
                "{shown}"
            );
        }
    }
}

/// A configuration with a key of a later release.
#[test]
fn a_configuration_that_is_too_new_closes_too() {
    let mut process = Process::new();
    let (old, _, [front, _]) = old_vm(&mut process);
    let mut later: serde_json::Value = serde_json::from_slice(&everybody()).unwrap();
    later["fromALaterRelease"] = json!(true);
    let trailer = process.published().len() - everybody().len();
    let mut value = later.to_string().into_bytes();
    // Its checksum is another release's, which does not matter here: it is written by the module's own rule.
    let checksum = peerwarden_engine::checksum(&value[..]);
    value.push(0);
    value.extend(checksum.to_le_bytes());
    value.extend(&process.published()[process.published().len() - 8..]);
    assert_eq!(value.len(), later.to_string().len() + trailer);
    process.publish(value);
    process.advance(TICK * 2);
    assert_eq!(process.closed_by(old, front), Some(CloseReason::Module));
    assert_eq!(
        process.said(old, "fromALaterRelease"),
        1,
        "{:?}",
        process.vms[old].logs()
    );
}

#[test]
fn without_shared_data_it_says_so_once_and_goes_on() {
    for function in ["proxy_get_shared_data", "proxy_set_shared_data"] {
        let mut process = Process::new();
        let options = VmOptions {
            vm_id: VM_ID.to_owned(),
            shared: process.shared.clone(),
            faults: vec![fault(function, None)],
            ..VmOptions::default()
        };
        let (vm, plugin) = process.vm_with(options, everybody());
        let open = process.stream(vm, plugin, FRONTEND);
        process.advance(TICK * 5);
        assert_eq!(process.closed_by(vm, open), None);
        assert_eq!(process.said(vm, "shared data"), 1);
        let errors = process.vms[vm]
            .logs()
            .iter()
            .filter(|line| line.level == LogLevel::Error);
        assert_eq!(errors.count(), 1);
    }
}

/// A VM that cannot publish can still read.
#[test]
fn one_that_cannot_publish_follows() {
    let mut process = Process::new();
    let options = VmOptions {
        vm_id: VM_ID.to_owned(),
        shared: process.shared.clone(),
        faults: vec![fault("proxy_set_shared_data", None)],
        ..VmOptions::default()
    };
    let (old, plugin) = process.vm_with(options, everybody());
    let open = process.stream(old, plugin, BACKEND);
    process.advance(TICK);
    process.vm(ledger(json!({})));
    process.advance(TICK * 2);
    assert_eq!(process.closed_by(old, open), Some(CloseReason::Module));
}

/// A single failed call costs a second, not the change: for each call that publishes or reads.
#[test]
fn a_call_that_fails_once_is_made_again() {
    for function in ["proxy_get_shared_data", "proxy_set_shared_data"] {
        for nth in 1..=8 {
            let mut process = Process::new();
            let (old, _, [front, back]) = old_vm(&mut process);
            let options = VmOptions {
                vm_id: VM_ID.to_owned(),
                shared: process.shared.clone(),
                faults: vec![fault(function, Some(nth))],
                ..VmOptions::default()
            };
            process.vm_with(options, ledger(json!({})));
            process.advance(TICK * 4);
            assert_eq!(
                (process.closed_by(old, front), process.closed_by(old, back)),
                (None, Some(CloseReason::Module)),
                "{function} {nth}"
            );
        }
    }
}
