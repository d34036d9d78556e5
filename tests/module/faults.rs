//! Every host call failing in every way: nothing that is denied ever passes, and the module never traps.

use std::time::Duration;

use peerwarden_host::{
    Connection, Fault, FaultEffect, HttpOutcome, PluginOptions, Request, TcpEvent, TcpOptions, VmOptions,
};
use serde_json::{Value, json};

use crate::fixture::{BACKEND, FRONTEND, ask, configuration, get, peer, policy, vm_with};

pub(crate) const FUNCTIONS: [&str; 13] = [
    "proxy_log",
    "proxy_get_property",
    "proxy_set_property",
    "proxy_get_header_map_value",
    "proxy_get_header_map_pairs",
    "proxy_send_local_response",
    "proxy_close_stream",
    "proxy_define_metric",
    "proxy_increment_metric",
    "proxy_record_metric",
    "proxy_get_metric",
    "proxy_call_foreign_function",
    "proxy_get_current_time_nanoseconds",
];

/// Calls whose answers affect the decision.
const READING: [&str; 3] = [
    "proxy_get_property",
    "proxy_get_header_map_value",
    "proxy_get_header_map_pairs",
];

/// Calls that only the timer makes.
pub(crate) const OF_THE_TIMER: [&str; 5] = [
    "proxy_get_shared_data",
    "proxy_set_shared_data",
    "proxy_set_effective_context",
    "proxy_set_tick_period_milliseconds",
    "proxy_continue_stream",
];

/// How a call can fail. Not found (1) is an answer, not a failure.
fn effects() -> Vec<FaultEffect> {
    let statuses = [2, 3, 6, 7, 10, 12, 99, u32::MAX].map(FaultEffect::Status);
    let bytes = [
        b"\x01".as_slice(),
        b"\xff",
        b"\0\0\0\xff",
        &[0xff; 64],
        b"-----BEGIN CERTIFICATE-----\nAAAA\n",
    ];
    let bytes = bytes.map(|bytes| FaultEffect::Bytes(bytes.to_vec()));
    statuses
        .into_iter()
        .chain(bytes)
        .chain([FaultEffect::NoMemory])
        .collect()
}

/// Uses every kind of attribute: identity, headers, addresses, claims, in ALLOW and in DENY.
fn policies() -> Value {
    json!([
        policy(
            "deny",
            "DENY",
            json!([
                {"from": [{"source": {"principals": ["cluster.local/ns/web/sa/banned"]}}]},
                {"from": [{"source": {"ipBlocks": ["203.0.113.0/24"]}}]},
                {"when": [{"key": "request.headers[x-banned]", "values": ["yes"]}]},
                {"when": [{"key": "request.auth.claims[role]", "values": ["banned"]}]},
            ])
        ),
        policy(
            "allow",
            "ALLOW",
            json!([
                {"from": [{"source": {"principals": ["cluster.local/ns/web/sa/frontend"]}}],
                 "to": [{"operation": {"methods": ["GET"], "paths": ["/orders*"], "hosts": ["orders.shop"]}}],
                 "when": [{"key": "request.headers[x-team]", "values": ["blue"]}]},
            ])
        ),
    ])
}

fn options(function: &str, nth: Option<u32>, effect: &FaultEffect) -> VmOptions {
    VmOptions {
        faults: vec![Fault {
            function: function.to_owned(),
            nth,
            effect: effect.clone(),
        }],
        ..VmOptions::default()
    }
}

fn with(mut request: Request, name: &str, value: &str) -> Request {
    request.headers.push((name.into(), value.into()));
    request
}

/// Requests that are denied without faults.
fn denied() -> Vec<(&'static str, Connection, Request)> {
    let ok = || with(get("/orders/1"), "x-team", "blue");
    let mut far = peer(FRONTEND);
    far.source = "203.0.113.9:4000".parse().unwrap();
    let mut claimed = peer(FRONTEND);
    claimed.dynamic_metadata = json!({"envoy.filters.http.jwt_authn": {"payload": {"role": "banned"}}})
        .as_object()
        .unwrap()
        .clone();
    vec![
        ("another peer", peer(BACKEND), ok()),
        ("plaintext", Connection::default(), ok()),
        (
            "another path",
            peer(FRONTEND),
            with(get("/admin"), "x-team", "blue"),
        ),
        ("a missing header", peer(FRONTEND), get("/orders/1")),
        (
            "a banned peer",
            peer("spiffe://cluster.local/ns/web/sa/banned"),
            ok(),
        ),
        ("a banned address", far, ok()),
        ("a banned header", peer(FRONTEND), with(ok(), "x-banned", "yes")),
        ("a banned claim", claimed, ok()),
    ]
}

#[test]
fn no_denied_request_passes() {
    let configuration = configuration("http", policies());
    let (mut vm, plugin) = vm_with(VmOptions::default(), configuration.clone());
    for (what, connection, request) in denied() {
        let outcome = ask(&mut vm, plugin, &connection, request);
        assert!(
            matches!(outcome, HttpOutcome::LocalResponse(_)),
            "{what}: {outcome:?}"
        );
    }
    let good = with(get("/orders/1"), "x-team", "blue");
    assert_eq!(ask(&mut vm, plugin, &peer(FRONTEND), good), HttpOutcome::Continue);

    for function in FUNCTIONS {
        for effect in effects() {
            let (mut vm, plugin) = vm_with(options(function, None, &effect), configuration.clone());
            for (what, connection, request) in denied() {
                let outcome = ask(&mut vm, plugin, &connection, request);
                assert_ne!(
                    outcome,
                    HttpOutcome::Continue,
                    "{what}: every {function} {effect:?}"
                );
            }
            assert_eq!(vm.failure(), None, "every {function} {effect:?}");
        }
    }
}

/// A single missing answer could change a decision: a DENY rule that cannot be evaluated must match.
#[test]
fn no_denied_request_passes_for_a_single_failure() {
    let configuration = configuration("http", policies());
    for function in READING {
        for effect in effects() {
            for nth in 1..=8 {
                for (what, connection, request) in denied() {
                    let (mut vm, plugin) =
                        vm_with(options(function, Some(nth), &effect), configuration.clone());
                    let outcome = ask(&mut vm, plugin, &connection, request);
                    assert_ne!(
                        outcome,
                        HttpOutcome::Continue,
                        "{what}: {function} #{nth} {effect:?}"
                    );
                    assert_eq!(vm.failure(), None, "{what}: {function} #{nth} {effect:?}");
                }
            }
        }
    }
}

#[test]
fn no_denied_connection_passes() {
    let rules = json!([{"from": [{"source": {"principals": ["cluster.local/ns/web/sa/frontend"]}}]}]);
    let configuration = configuration("tcp", json!([policy("allow", "ALLOW", rules)]));
    for function in FUNCTIONS {
        for effect in effects() {
            let (mut vm, plugin) = vm_with(options(function, None, &effect), configuration.clone());
            for server_first in [false, true] {
                let connection = vm
                    .tcp_connection(plugin, &peer(BACKEND), TcpOptions::default())
                    .unwrap();
                if server_first {
                    vm.upstream_data(connection, b"greeting", false).unwrap();
                } else {
                    assert!(vm.handshake_done(connection).unwrap());
                    vm.downstream_data(connection, b"hello", false).unwrap();
                }
                let record = vm.record(connection).unwrap();
                let passed = (record.to_client(), record.to_upstream());
                assert_eq!(
                    passed,
                    (Vec::new(), Vec::new()),
                    "{function} {effect:?} {server_first}"
                );
            }
            assert_eq!(vm.failure(), None, "{function} {effect:?}");
        }
    }
}

#[test]
fn a_module_that_runs_out_of_fuel_fails_closed() {
    let options = VmOptions {
        fuel: 300_000,
        ..VmOptions::default()
    };
    let mut huge = get("/orders");
    huge.headers
        .extend((0..20_000).map(|number| (format!("x-{number}").into_bytes(), vec![b'x'; 200])));
    let rules = json!([{"when": [{"key": "request.headers[x-none]", "values": ["*a"]}]}]);
    let (mut vm, plugin) = vm_with(
        options,
        configuration("http", json!([policy("allow", "ALLOW", rules)])),
    );
    let outcome = ask(&mut vm, plugin, &peer(FRONTEND), huge);
    let HttpOutcome::LocalResponse(response) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(
        (response.code, response.details.as_str()),
        (503, "wasm_fail_stream")
    );
    assert!(vm.failure().is_some());
}

/// A held stream continues only after a decision, and open ones are judged again without a trap.
#[test]
fn nothing_that_is_held_passes_and_the_timer_never_traps() {
    let rules = json!([{"from": [{"source": {"principals": ["cluster.local/ns/web/sa/frontend"]}}]}]);
    let narrow = || {
        let mut written: Value = serde_json::from_slice(&configuration(
            "tcp",
            json!([policy("allow", "ALLOW", rules.clone())]),
        ))
        .unwrap();
        written["tcp"] = json!({"enforcement": "hold", "deadline": "1s"});
        written.to_string().into_bytes()
    };
    for function in FUNCTIONS.into_iter().chain(OF_THE_TIMER) {
        for effect in effects() {
            let (mut vm, plugin) = vm_with(options(function, None, &effect), narrow());
            let early = TcpOptions {
                max_early_data_bytes: Some(1024),
                ..TcpOptions::default()
            };
            let held = vm.tcp_connection(plugin, &peer(BACKEND), early).unwrap();
            assert!(vm.handshake_done(held).unwrap());
            vm.advance(Duration::from_secs(2));
            let record = vm.record(held).unwrap();
            let dialled = record.events.iter().any(|(_, event)| *event == TcpEvent::Dialled);
            assert!(!dialled, "{function} {effect:?}");
            assert_eq!(vm.failure(), None, "{function} {effect:?}");

            let (mut vm, plugin) = vm_with(options(function, None, &effect), configuration("tcp", json!([])));
            for uri in [FRONTEND, BACKEND] {
                let open = vm
                    .tcp_connection(plugin, &peer(uri), TcpOptions::default())
                    .unwrap();
                assert!(vm.handshake_done(open).unwrap());
                vm.downstream_data(open, b"hello", false).unwrap();
            }
            let update = PluginOptions {
                configuration: narrow(),
                ..PluginOptions::default()
            };
            vm.configure(update).unwrap();
            vm.advance(Duration::from_secs(2));
            assert_eq!(vm.failure(), None, "{function} {effect:?}");
        }
    }
}
