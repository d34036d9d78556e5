//! Dry runs, AUDIT and waypoints in the module: what access logs and counters show.

use std::time::Duration;

use peerwarden_host::{Connection, HttpOutcome, MetricValue, Vm};
use serde_json::{Value, json};

use crate::fixture::{BACKEND, FRONTEND, allow, ask, configuration, get, peer, policy, vm};

fn dry_run(mut policy: Value) -> Value {
    policy["metadata"]["annotations"] = json!({"istio.io/dry-run": "true"});
    policy
}

/// Asks once, and returns whether it passed and the filter state.
fn asked(
    vm: &mut Vm,
    plugin: peerwarden_host::PluginId,
    connection: &Connection,
) -> (bool, [Option<String>; 3]) {
    let stream = vm.http_stream(plugin, connection, get("/admin")).unwrap();
    let passed = vm.request_headers(stream).unwrap() == HttpOutcome::Continue;
    let state = |name| {
        vm.filter_state(stream, name)
            .map(|state| String::from_utf8_lossy(state).into_owned())
    };
    let states = [
        "wasm.peerwarden.decision",
        "wasm.peerwarden.shadow",
        "wasm.peerwarden.audit",
    ]
    .map(state);
    vm.close(stream).unwrap();
    (passed, states)
}

#[test]
fn a_dry_run_and_audit_are_said_and_change_nothing() {
    let everything = json!([{}]);
    let resources = json!([
        allow(FRONTEND),
        dry_run(policy("lock", "DENY", everything.clone())),
        policy("log", "AUDIT", everything),
    ]);
    let (mut vm, plugin) = vm(configuration("http", resources));
    let (passed, states) = asked(&mut vm, plugin, &peer(FRONTEND));
    assert!(passed);
    assert_eq!(
        states.map(Option::unwrap),
        [
            "allow allow-rule AuthorizationPolicy ns[shop]-policy[allow]-rule[0]",
            "deny deny-rule AuthorizationPolicy ns[shop]-policy[lock]-rule[0]",
            "AuthorizationPolicy ns[shop]-policy[log]-rule[0]",
        ]
    );
    assert!(!asked(&mut vm, plugin, &peer(BACKEND)).0);
    vm.advance(Duration::from_secs(1));
    for (name, count) in [
        ("shadow_denied", 2),
        ("audited", 2),
        ("allowed", 1),
        ("denied", 1),
    ] {
        assert_eq!(
            vm.metric(&format!("peerwarden.{name}")),
            Some(MetricValue::Counter(count)),
            "{name}"
        );
    }
    assert_eq!(
        vm.metric("peerwarden.shadow_allowed"),
        Some(MetricValue::Counter(0))
    );
}

#[test]
fn without_them_nothing_is_left_and_nothing_is_asked() {
    let (mut vm, plugin) = vm(configuration("http", json!([allow(FRONTEND)])));
    let (_, [decision, shadow, audit]) = asked(&mut vm, plugin, &peer(FRONTEND));
    assert_eq!((decision.is_some(), shadow, audit), (true, None, None));
}

/// A waypoint sees no certificate of the peer: the tunnel's end left the principal in filter state.
#[test]
fn a_waypoint_believes_the_tunnel_and_no_certificate() {
    let mut policy = allow(FRONTEND);
    policy["spec"]["targetRefs"] = json!([{"kind": "Service", "group": "", "name": "orders"}]);
    let workload = json!({
        "kind": "waypoint", "namespace": "shop", "services": [{"name": "orders", "namespace": "shop"}],
    });
    let configuration = json!({"workload": workload, "resources": [policy], "report": "all"})
        .to_string()
        .into_bytes();
    let (mut vm, plugin) = vm(configuration);
    let tunnelled = |principal: &str| Connection {
        filter_state: [(
            "io.istio.peer_principal".to_owned(),
            principal.as_bytes().to_vec(),
        )]
        .into(),
        ..Connection::default()
    };
    assert_eq!(
        ask(&mut vm, plugin, &tunnelled(FRONTEND), get("/")),
        HttpOutcome::Continue
    );
    for stranger in [
        tunnelled(BACKEND),
        tunnelled(""),
        tunnelled("-"),
        tunnelled(&format!("{FRONTEND},{BACKEND}")),
        Connection::default(),
        peer(FRONTEND),
    ] {
        assert_ne!(
            ask(&mut vm, plugin, &stranger, get("/")),
            HttpOutcome::Continue,
            "{stranger:?}"
        );
    }
}
