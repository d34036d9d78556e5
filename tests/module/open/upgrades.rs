//! The module's file is replaced: a new VM beside the old one, which keeps the open streams.

mod faults;
mod follow;
mod order;

use std::time::Duration;

use peerwarden_host::{
    CloseReason, Fault, FaultEffect, PluginId, PluginOptions, SharedState, TcpConnectionId, Vm, VmOptions,
};
use serde_json::json;

use super::{closed_by, connected};
use crate::fixture::{BACKEND, FRONTEND, configuration, module, peer, policy};

const VM_ID: &str = "peerwarden";

/// The timer fires at least once.
const TICK: Duration = Duration::from_secs(1);

/// For this long, new streams do not show that a VM is back in use.
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

    /// The key of the published data.
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

    /// Writes what another module of the `vm_id` may write.
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

/// An old VM with a connection of the frontend and one of the backend; its configuration allows both.
fn old_vm(process: &mut Process) -> (usize, PluginId, [TcpConnectionId; 2]) {
    let (old, plugin) = process.vm(everybody());
    let open = [FRONTEND, BACKEND].map(|uri| process.stream(old, plugin, uri));
    process.advance(TICK);
    (old, plugin, open)
}
