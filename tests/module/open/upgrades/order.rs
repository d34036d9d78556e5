//! Which configuration is the newest, and for which streams.

use peerwarden_host::{CloseReason, PluginOptions, Vm, VmOptions};
use serde_json::json;

use super::{GRACE, Process, TICK, VM_ID, everybody, nobody, old_vm, plugin};
use crate::fixture::{BACKEND, FRONTEND, allow, configuration, module};
use crate::open::ledger;

/// Envoy tries each configuration on its main thread, whose timers never fire, and may then drop it.
#[test]
fn what_is_only_configured_is_not_published() {
    let mut process = Process::new();
    let (old, _, [front, back]) = old_vm(&mut process);
    let before = process.published();
    let (tried, _) = process.vm(nobody());
    process.vms.remove(tried);
    process.advance(TICK * 3);
    assert_eq!(process.published(), before);
    assert_eq!(
        (process.closed_by(old, front), process.closed_by(old, back)),
        (None, None)
    );
}

/// A rollback is newer than the configuration that it replaces, whether Envoy configures a VM for it or still has the
/// old one.
#[test]
fn a_rollback_is_the_newest() {
    let mut process = Process::new();
    let (old, _, [_, back]) = old_vm(&mut process);
    let (wrong, narrow) = process.vm(ledger(json!({})));
    process.advance(TICK * 2);
    assert_eq!(process.closed_by(old, back), Some(CloseReason::Module));
    let front = process.stream(wrong, narrow, FRONTEND);

    let (again, plugin) = process.vm(configuration("tcp", json!([allow(BACKEND)])));
    process.advance(TICK * 2);
    assert_eq!(
        process.closed_by(wrong, front),
        Some(CloseReason::Module),
        "the newest does not admit it"
    );
    let back = process.stream(again, plugin, BACKEND);
    process.advance(TICK * 2);
    assert_eq!(process.closed_by(again, back), None);
}

#[test]
fn an_old_vm_that_is_back_in_use_is_the_newest_again() {
    let mut process = Process::new();
    let (old, plugin, _) = old_vm(&mut process);
    let (new, narrow) = process.vm(ledger(json!({})));
    process.advance(TICK * 2);
    let front = process.stream(new, narrow, FRONTEND);
    process.advance(GRACE);
    // Envoy uses the VM that it still has, without a callback.
    process.stream(old, plugin, BACKEND);
    process.advance(TICK * 2);
    let back = process.stream(old, plugin, BACKEND);
    process.advance(TICK * 3);
    assert_eq!(process.closed_by(old, back), None, "what is in use admits it");
    assert_eq!(process.closed_by(new, front), None, "everybody is admitted");
    // The one that is newer by then counts again.
    process.vm(nobody());
    process.advance(TICK * 2);
    assert_eq!(process.closed_by(old, back), Some(CloseReason::Module));
    assert_eq!(process.closed_by(new, front), Some(CloseReason::Module));
}

/// Threads do not switch simultaneously: a stream that begins on one of them in the old VM does not make that VM the
/// newest.
#[test]
fn a_thread_that_is_late_changes_nothing() {
    let mut process = Process::new();
    let (old, plugin, _) = old_vm(&mut process);
    process.vm(ledger(json!({})));
    process.advance(TICK * 2);
    let late = process.stream(old, plugin, BACKEND);
    process.advance(TICK * 2);
    assert_eq!(process.closed_by(old, late), Some(CloseReason::Module));
}

/// Two listeners with two modules and the same plugin name: neither judges the other's streams.
#[test]
fn side_by_side_neither_counts_for_the_other() {
    let mut process = Process::new();
    let (one, wide) = process.vm(everybody());
    process.advance(TICK);
    let (two, narrow) = process.vm(ledger(json!({})));
    let mut open = Vec::new();
    for _ in 0..4 {
        process.advance(GRACE);
        open = vec![
            (one, process.stream(one, wide, BACKEND)),
            (two, process.stream(two, narrow, FRONTEND)),
        ];
    }
    process.advance(TICK * 3);
    for (vm, connection) in open {
        assert_eq!(process.closed_by(vm, connection), None);
    }
    let said: usize = [one, two]
        .iter()
        .map(|vm| process.said(*vm, "with the same plugin name"))
        .sum();
    assert!(said > 0);
}

/// Each worker of a process has a VM, and gets a configuration at a different time.
#[test]
fn workers_publish_the_same_once() {
    let mut process = Process::new();
    let (old, _, [front, back]) = old_vm(&mut process);
    process.vm(everybody());
    process.vm(everybody());
    process.advance(TICK);
    let key = process.key("configuration");
    let (_, place) = process.shared.get(VM_ID, &key).unwrap();
    process.advance(TICK * 5);
    assert_eq!(
        process.shared.get(VM_ID, &key).unwrap().1,
        place,
        "it is written once"
    );
    assert_eq!(
        (process.closed_by(old, front), process.closed_by(old, back)),
        (None, None)
    );
}

#[test]
fn plugins_of_other_names_and_workloads_are_others() {
    let mut process = Process::new();
    let (old, _, [front, back]) = old_vm(&mut process);
    let mut other: serde_json::Value = serde_json::from_slice(&nobody()).unwrap();
    other["workload"]["labels"]["app"] = json!("elsewhere");
    process.vm(other.to_string().into_bytes());
    let mut vm = Vm::new(
        module(),
        VmOptions {
            vm_id: VM_ID.to_owned(),
            shared: process.shared.clone(),
            ..VmOptions::default()
        },
    )
    .unwrap();
    let options = PluginOptions {
        name: "other".to_owned(),
        ..plugin(nobody())
    };
    vm.configure(options).unwrap();
    process.vms.push(vm);
    process.advance(TICK * 3);
    assert_eq!(
        (process.closed_by(old, front), process.closed_by(old, back)),
        (None, None)
    );
}

/// A VM that does not know its workload decides for all of its name, as within one VM: it denies.
#[test]
fn one_without_a_workload_closes_for_all_of_its_name() {
    let mut process = Process::new();
    let (old, _, [front, back]) = old_vm(&mut process);
    let mut unknown: serde_json::Value = serde_json::from_slice(&everybody()).unwrap();
    unknown.as_object_mut().unwrap().remove("workload").unwrap();
    process.vm(unknown.to_string().into_bytes());
    process.advance(TICK * 2);
    for connection in [front, back] {
        assert_eq!(process.closed_by(old, connection), Some(CloseReason::Module));
    }
    assert_eq!(process.said(old, "does not know its workload"), 1);

    // The next one with a workload is newer, even if it is the same as before.
    let (new, plugin) = process.vm(everybody());
    process.advance(TICK * 2);
    let back = process.stream(new, plugin, BACKEND);
    process.advance(TICK * 3);
    assert_eq!(process.closed_by(new, back), None);
    assert_eq!(process.said(new, "does not know its workload"), 0);
}
