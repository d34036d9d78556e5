//! How much memory configurations take, and what happens to one that does not fit.

mod room;
mod shapes;
mod superseded;
mod unread;
mod updates;

use peerwarden_host::{ConfigureError, PluginId, PluginOptions, Vm, VmOptions};
use serde_json::{Value, json};

use crate::fixture::{configuration, module, policy};

/// A VM that never runs out of fuel, as Envoy's does not.
fn large(memory: usize) -> Vm {
    let options = VmOptions {
        fuel: u64::MAX / 4,
        accounting: false,
        memory,
        ..VmOptions::default()
    };
    Vm::new(module(), options).unwrap()
}

/// The memory that V8 in Envoy provides.
const GIB: usize = 1 << 30;

fn configure(vm: &mut Vm, name: &str, configuration: Vec<u8>) -> Result<PluginId, ConfigureError> {
    vm.configure(PluginOptions {
        name: name.to_owned(),
        configuration,
        ..PluginOptions::default()
    })
}

fn with(protocol: &str, resources: Value, more: Value) -> Vec<u8> {
    let mut written: Value = serde_json::from_slice(&configuration(protocol, resources)).unwrap();
    for (name, value) in more.as_object().unwrap() {
        written[name] = value.clone();
    }
    written.to_string().into_bytes()
}

/// Denies many unused ports and paths, which takes space; the rest is like the others. Each generation differs.
fn padded(bytes: usize, generation: usize, protocol: &str, mut policies: Vec<Value>, more: Value) -> Vec<u8> {
    let mut written = 0;
    while written < bytes {
        let from = policies.len() * 10_000;
        let values: Vec<String> = (from..from + 10_000.min(1 + (bytes - written) / 8))
            .map(|value| format!("{}-{generation}", shapes::short(value)))
            .collect();
        written += values.iter().map(|value| value.len() + 3).sum::<usize>() + 100;
        let name = format!("padding-{}", policies.len());
        let source = json!({"source": {"namespaces": values}});
        policies.push(policy(&name, "DENY", json!([{"from": [source]}])));
    }
    with(protocol, Value::from(policies), more)
}

/// Denies long unused names: many bytes that cost little more than themselves.
pub(crate) fn bulky(bytes: usize, generation: usize, protocol: &str, mut policies: Vec<Value>) -> Vec<u8> {
    let names: Vec<String> = (0..bytes / 8_004)
        .map(|number| format!("{generation:04}-{number:06}-{}", "x".repeat(7_988)))
        .collect();
    let rule = json!({"from": [{"source": {"principals": names}}]});
    policies.push(policy("names", "DENY", json!([rule])));
    with(protocol, Value::from(policies), json!({}))
}
