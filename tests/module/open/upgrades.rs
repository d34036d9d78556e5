//! The module's file is replaced: a new VM beside the old one, which keeps the open streams.

use std::time::Duration;

use peerwarden_host::{
    CloseReason, Fault, FaultEffect, HttpOutcome, LogLevel, PluginId, PluginOptions, SharedState,
    TcpConnectionId, TcpOptions, Vm, VmOptions,
};
use serde_json::json;

use super::{closed_by, connected, counter, ledger, with};
use crate::fixture::{BACKEND, FRONTEND, allow, configuration, get, module, peer, policy};

const VM_ID: &str = "peerwarden";

/// The timer goes off at least once.
const TICK: Duration = Duration::from_secs(1);

/// So long streams do not show that a VM is back in use.
const GRACE: Duration = Duration::from_secs(6);

/// The VMs of one process, whose timers fire together.
struct Process {
    shared: SharedState,
    vms: Vec<Vm>,
}

impl Process {
    fn new() -> Self {
        Self {
            shared: SharedState::default(),
            vms: Vec::new(),
        }
    }

    /// Another VM, as each worker has one for each module.
    fn vm(&mut self, configuration: Vec<u8>) -> (usize, PluginId) {
        let options = VmOptions {
            vm_id: VM_ID.to_owned(),
            shared: self.shared.clone(),
            ..VmOptions::default()
        };
        self.vm_with(options, configuration)
    }

    fn vm_with(&mut self, options: VmOptions, configuration: Vec<u8>) -> (usize, PluginId) {
        let mut vm = Vm::new(module(), options).unwrap();
        let plugin = vm.configure(plugin(configuration)).unwrap();
        self.vms.push(vm);
        (self.vms.len() - 1, plugin)
    }

    fn advance(&mut self, by: Duration) {
        let steps = by.as_millis() / TICK.as_millis();
        for _ in 0..steps.max(1) {
            self.vms.iter_mut().for_each(|vm| vm.advance(TICK));
        }
    }

    /// The key of what is published.
    fn key(&self, what: &str) -> Vec<u8> {
        let keys = self.shared.keys(VM_ID);
        let found = keys
            .into_iter()
            .find(|key| String::from_utf8_lossy(key).contains(what));
        found.unwrap_or_else(|| panic!("nothing is published as {what}"))
    }

    fn published(&self) -> Vec<u8> {
        self.shared.get(VM_ID, &self.key("configuration")).unwrap().0
    }

    /// What another module of the `vm_id` may write.
    fn publish(&self, value: Vec<u8>) {
        for (what, value) in [("configuration", value), ("changed", b"x".to_vec())] {
            self.shared.set(VM_ID, &self.key(what), value, 0).unwrap();
        }
    }

    fn stream(&mut self, vm: usize, plugin: PluginId, uri: &str) -> TcpConnectionId {
        connected(&mut self.vms[vm], plugin, &peer(uri))
    }

    fn closed_by(&self, vm: usize, connection: TcpConnectionId) -> Option<CloseReason> {
        closed_by(&self.vms[vm], connection)
    }

    fn said(&self, vm: usize, text: &str) -> usize {
        let logs = self.vms[vm].logs().iter();
        logs.filter(|line| line.message.contains(text)).count()
    }
}

fn fault(function: &str, nth: Option<u32>) -> Fault {
    Fault {
        function: function.to_owned(),
        nth,
        effect: FaultEffect::Status(10),
    }
}

fn plugin(configuration: Vec<u8>) -> PluginOptions {
    PluginOptions {
        name: "ledger".to_owned(),
        configuration,
        ..PluginOptions::default()
    }
}

fn everybody() -> Vec<u8> {
    configuration("tcp", json!([]))
}

fn nobody() -> Vec<u8> {
    configuration("tcp", json!([policy("nobody", "ALLOW", json!([]))]))
}

/// An old VM with a connection each of the frontend and the backend, whom its configuration both admits.
fn old_vm(process: &mut Process) -> (usize, PluginId, [TcpConnectionId; 2]) {
    let (old, plugin) = process.vm(everybody());
    let open = [FRONTEND, BACKEND].map(|uri| process.stream(old, plugin, uri));
    process.advance(TICK);
    (old, plugin, open)
}

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

/// It can only close: the old VM's own configuration still decides about what begins there, and about what it holds.
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

/// Envoy tries each configuration on its main thread, whose timers never go off, and may drop it then.
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

/// A rollback is newer than what it rolls back, whether Envoy configures a VM for it or still has the old one.
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
    // Envoy uses the VM that it still has, and tells it nothing.
    process.stream(old, plugin, BACKEND);
    process.advance(TICK * 2);
    let back = process.stream(old, plugin, BACKEND);
    process.advance(TICK * 3);
    assert_eq!(process.closed_by(old, back), None, "what is in use admits it");
    assert_eq!(process.closed_by(new, front), None, "everybody is admitted");
    // And what is newer by then counts again.
    process.vm(nobody());
    process.advance(TICK * 2);
    assert_eq!(process.closed_by(old, back), Some(CloseReason::Module));
    assert_eq!(process.closed_by(new, front), Some(CloseReason::Module));
}

/// Threads do not change all at once: what begins on one of them in the old VM for a moment does not make that the newest.
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

/// Two listeners with two modules of one plugin's name: neither judges the other's streams.
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
    // Its checksum is that of another release, which is not what this is about: it is written by the module's own rule.
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
        assert_eq!(revoked, goes.then_some(1), "{on_update}");
    }
}

/// Workers of one process have a VM each, and come to a configuration one after the other.
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

/// One that does not know its workload decides for all of its name, as it does in one VM: it denies.
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

    // What comes with a workload then is newer, also if it is what there was before.
    let (new, plugin) = process.vm(everybody());
    process.advance(TICK * 2);
    let back = process.stream(new, plugin, BACKEND);
    process.advance(TICK * 3);
    assert_eq!(process.closed_by(new, back), None);
    assert_eq!(process.said(new, "does not know its workload"), 0);
}

/// A VM that cannot publish can read all the same.
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

/// A call that fails once costs a second, not the change: whichever it is of those that publish and read.
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
