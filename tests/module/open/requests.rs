//! Long-lived HTTP streams.

use std::time::Duration;

use peerwarden_host::{HttpOutcome, HttpStreamId, PluginId, Request, Vm};
use serde_json::{Value, json};

use super::{SOON, one_vm, update, with};
use crate::fixture::{BACKEND, FRONTEND, configuration, denied, peer, policy};

fn events() -> Request {
    Request::new([
        (":method", "GET"),
        (":path", "/events"),
        (":scheme", "http"),
        (":authority", "orders.shop"),
        ("x-team", "blue"),
    ])
}

fn open(vm: &mut Vm, plugin: PluginId, uri: &str) -> HttpStreamId {
    let stream = vm.http_stream(plugin, &peer(uri), events()).unwrap();
    assert_eq!(vm.request_headers(stream).unwrap(), HttpOutcome::Continue);
    stream
}

/// Open requests are judged again.
fn closing(resources: Value) -> Vec<u8> {
    with(
        "http",
        resources,
        json!({"openConnections": {"onUpdate": "close"}}),
    )
}

/// The frontend, with this operation or condition.
fn frontend_only(rule: Value) -> Vec<u8> {
    let mut whole = json!({"from": [{"source": {"principals": [FRONTEND.trim_start_matches("spiffe://")]}}]});
    for (name, value) in rule.as_object().unwrap() {
        whole[name] = value.clone();
    }
    closing(json!([policy("allow", "ALLOW", json!([whole]))]))
}

#[test]
fn without_a_response_it_is_answered_and_with_one_it_is_reset() {
    let (mut vm, old) = one_vm(closing(json!([])));
    let (front, back) = (open(&mut vm, old, FRONTEND), open(&mut vm, old, BACKEND));
    let answered = open(&mut vm, old, BACKEND);
    vm.response_headers(answered, vec![(b":status".to_vec(), b"200".to_vec())], false)
        .unwrap();
    update(&mut vm, old, frontend_only(json!({})));
    vm.advance(SOON);
    assert_eq!(vm.outcome(front).unwrap(), HttpOutcome::Continue);
    let response = denied(vm.outcome(back).unwrap());
    assert_eq!(response.code, 403);
    assert_eq!(response.details, "rbac_access_denied_matched_policy[none]");
    assert_eq!(vm.outcome(answered).unwrap(), HttpOutcome::Reset);
    assert_eq!(vm.take_violations(), []);
}

/// Envoy no longer shows a request's headers after they have passed.
#[test]
fn the_request_is_judged_by_what_it_was() {
    let rules = [
        (
            json!({"to": [{"operation": {"methods": ["GET"], "paths": ["/events"], "hosts": ["orders.shop"]}}]}),
            true,
        ),
        (json!({"to": [{"operation": {"paths": ["/other"]}}]}), false),
        (json!({"to": [{"operation": {"methods": ["POST"]}}]}), false),
        (
            json!({"when": [{"key": "request.headers[x-team]", "values": ["blue"]}]}),
            true,
        ),
        (
            json!({"when": [{"key": "request.headers[x-team]", "values": ["red"]}]}),
            false,
        ),
        (
            json!({"when": [{"key": "request.headers[x-team]", "notValues": ["blue"]}]}),
            false,
        ),
    ];
    for (rule, goes_on) in rules {
        let (mut vm, old) = one_vm(closing(json!([])));
        let front = open(&mut vm, old, FRONTEND);
        update(&mut vm, old, frontend_only(rule.clone()));
        vm.advance(SOON);
        let outcome = vm.outcome(front).unwrap();
        assert_eq!(outcome == HttpOutcome::Continue, goes_on, "{rule}: {outcome:?}");
        assert_eq!(vm.take_violations(), []);
    }
}

#[test]
fn what_has_ended_is_not_looked_for() {
    let (mut vm, old) = one_vm(closing(json!([])));
    for _ in 0..10 {
        let stream = open(&mut vm, old, BACKEND);
        vm.close(stream).unwrap();
    }
    update(&mut vm, old, frontend_only(json!({})));
    vm.take_accounting();
    vm.advance(Duration::from_secs(60));
    assert_eq!(vm.accounting().len(), 60, "nothing but the clock");
    assert_eq!(vm.take_violations(), []);
}

/// As most requests end soon, they are checked again only if the configuration says so.
#[test]
fn requests_go_on_unless_it_is_said_otherwise() {
    let (mut vm, old) = one_vm(configuration("http", json!([])));
    let stream = open(&mut vm, old, BACKEND);
    update(&mut vm, old, frontend_only(json!({})));
    vm.advance(SOON * 10);
    assert_eq!(vm.outcome(stream).unwrap(), HttpOutcome::Continue);
    assert_eq!(vm.take_violations(), []);
}

/// Kept headers have a limit, whatever clients send; headers beyond it are not established, and so allow nothing.
#[test]
fn headers_are_kept_within_a_limit() {
    const EACH: usize = 60 * 1024;
    const LIMIT: usize = 8 * 1024 * 1024;
    let (mut vm, old) = one_vm(closing(json!([])));
    let blue = |vm: &mut Vm| {
        let mut request = events();
        request.headers.push((b"x-team".to_vec(), b"blue".to_vec()));
        let stream = vm.http_stream(old, &peer(FRONTEND), request).unwrap();
        assert_eq!(vm.request_headers(stream).unwrap(), HttpOutcome::Continue);
        stream
    };
    let mut large = events();
    large.headers.push((b"x-large".to_vec(), vec![b'x'; EACH]));
    let streams: Vec<_> = (0..LIMIT / EACH + 5)
        .map(|_| {
            let stream = vm.http_stream(old, &peer(FRONTEND), large.clone()).unwrap();
            assert_eq!(vm.request_headers(stream).unwrap(), HttpOutcome::Continue);
            stream
        })
        .collect();
    let small_memory = vm.memory_size();
    assert!(small_memory < 4 * LIMIT, "{small_memory}");
    // Whoever sends large ones takes no room from those with small ones.
    let beside = blue(&mut vm);
    update(
        &mut vm,
        old,
        frontend_only(json!({"when": [{"key": "request.headers[x-team]", "values": ["blue"]}]})),
    );
    vm.advance(SOON * 10);
    let (last, first) = streams.split_last().unwrap();
    assert_eq!(vm.outcome(first[0]).unwrap(), HttpOutcome::Continue);
    assert_eq!(denied(vm.outcome(*last).unwrap()).code, 403);
    assert_eq!(vm.outcome(beside).unwrap(), HttpOutcome::Continue);
    let lines: Vec<String> = vm.take_logs().into_iter().map(|line| line.message).collect();
    let why = "its headers were not kept: too many requests are open";
    assert!(lines.iter().any(|line| line.contains(why)), "{lines:?}");
    // When some end, there is room again.
    for stream in streams {
        vm.close(stream).unwrap();
    }
    assert_eq!(vm.take_violations(), []);
}
