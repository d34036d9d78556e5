//! The gauges that show a plugin's configuration.

use std::time::Duration;

use peerwarden_engine::{Config, Fingerprint};
use peerwarden_host::{HttpOutcome, MetricValue, PluginId, PluginOptions, Vm, VmOptions};
use serde_json::json;

use crate::fixture::{BACKEND, FRONTEND, allow, ask, configuration, get, module, peer};

const TICK: Duration = Duration::from_secs(1);

fn gauge(vm: &Vm, name: &str) -> Option<u64> {
    match vm.metric(&format!("peerwarden.{name}")) {
        Some(MetricValue::Gauge(value)) => Some(value),
        None => None,
        other => panic!("{name}: {other:?}"),
    }
}

/// `configuration`, `threads` and `denying` of a plugin.
fn gauges(vm: &Vm, plugin: &str) -> [Option<u64>; 3] {
    ["configuration", "threads", "denying"].map(|what| gauge(vm, &format!("{plugin}.{what}")))
}

fn fingerprint(configuration: &[u8]) -> Option<u64> {
    let config = Config::parse(configuration).unwrap();
    Fingerprint::of(&config).map(Fingerprint::number)
}

fn plugin(vm: &mut Vm, name: &str, configuration: &[u8]) -> PluginId {
    let options = PluginOptions {
        name: name.to_owned(),
        configuration: configuration.to_vec(),
        ..PluginOptions::default()
    };
    vm.configure(options).unwrap()
}

fn new_vm() -> Vm {
    Vm::new(module(), VmOptions::default()).unwrap()
}

#[test]
fn the_number_that_the_command_prints() {
    let mut vm = new_vm();
    let (first, second) = (
        configuration("http", json!([allow(FRONTEND)])),
        configuration("http", json!([allow(BACKEND)])),
    );
    let old = plugin(&mut vm, "orders", &first);
    assert_eq!(
        gauges(&vm, "orders"),
        [None; 3],
        "the main thread of Envoy tries configurations too, and has no timer"
    );
    vm.advance(TICK);
    assert_eq!(gauges(&vm, "orders"), [fingerprint(&first), Some(1), Some(0)]);
    assert_ne!(fingerprint(&first), fingerprint(&second));

    let stream = vm.http_stream(old, &peer(FRONTEND), get("/")).unwrap();
    assert_eq!(vm.request_headers(stream).unwrap(), HttpOutcome::Continue);
    let new = plugin(&mut vm, "orders", &second);
    vm.retire(old);
    vm.advance(TICK);
    assert_eq!(
        gauges(&vm, "orders"),
        [fingerprint(&second), Some(1), Some(0)],
        "one thread, though the old one is there too"
    );
    vm.close(stream).unwrap();
    vm.advance(TICK);
    assert_eq!(gauges(&vm, "orders"), [fingerprint(&second), Some(1), Some(0)]);
    vm.retire(new);
    assert_eq!(
        gauge(&vm, "orders.threads"),
        Some(0),
        "nobody decides by it any more"
    );
    assert_eq!(vm.violations(), []);
}

#[test]
fn costs_a_request_nothing() {
    let mut vm = new_vm();
    let orders = plugin(
        &mut vm,
        "orders",
        &configuration("http", json!([allow(FRONTEND)])),
    );
    vm.advance(TICK);
    vm.take_accounting();
    assert_eq!(
        ask(&mut vm, orders, &peer(FRONTEND), get("/")),
        HttpOutcome::Continue
    );
    let callbacks = vm.take_accounting();
    let calls = callbacks.iter().flat_map(|callback| callback.host_calls.keys());
    let metrics: Vec<_> = calls.filter(|call| call.contains("metric")).collect();
    assert!(metrics.is_empty(), "{metrics:?}");
}

#[test]
fn one_that_denies_everything_says_so() {
    let mut vm = new_vm();
    let old = plugin(
        &mut vm,
        "orders",
        &json!({"resources": []}).to_string().into_bytes(),
    );
    vm.advance(TICK);
    assert_eq!(gauges(&vm, "orders"), [Some(0), Some(1), Some(1)]);
    let good = configuration("http", json!([]));
    plugin(&mut vm, "orders", &good);
    vm.retire(old);
    vm.advance(TICK);
    assert_eq!(gauges(&vm, "orders"), [fingerprint(&good), Some(1), Some(0)]);
}

/// Each name has its own gauges, whatever characters it has.
#[test]
fn names_are_escaped_and_stay_apart() {
    let mut vm = new_vm();
    let names = [
        ("", "_"),
        ("peerwarden-http", "peerwarden-http"),
        ("a.b", "a_2eb"),
        ("a_b", "a_5fb"),
        ("a_2eb", "a_5f2eb"),
        ("ä ", "_c3_a4_20"),
    ];
    for (name, _) in names {
        plugin(&mut vm, name, &configuration("http", json!([])));
    }
    vm.advance(TICK);
    for (name, escaped) in names {
        assert_eq!(gauge(&vm, &format!("{escaped}.threads")), Some(1), "{name}");
    }
}
