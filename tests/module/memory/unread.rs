//! A configuration that is too large even to be parsed.

use std::time::Duration;

use peerwarden_host::{HttpOutcome, MetricValue, Vm};
use serde_json::json;

use super::{bulky, configure, large, padded};
use crate::fixture::{BACKEND, FRONTEND, allow, ask, denied, get, peer};

fn is_said(vm: &Vm, what: &str) -> bool {
    vm.logs().iter().any(|line| line.message.contains(what))
}

fn denying(vm: &Vm, plugin: &str) -> Option<u64> {
    match vm.metric(&format!("peerwarden.{plugin}.denying")) {
        Some(MetricValue::Gauge(count)) => Some(count),
        _ => None,
    }
}

/// Other plugins use the memory until they are removed. Parsing the last one takes more than compiling one of the
/// others.
#[test]
fn denies_until_there_is_memory_to_read_it() {
    let mut vm = large(700 << 20);
    let mut others = Vec::new();
    while !is_said(&vm, "trying again") {
        let number = others.len();
        assert!(number < 60, "there is memory for all of them");
        let written = padded(2_000_000, number, "http", vec![], json!({}));
        others.push(configure(&mut vm, &format!("plugin-{number}"), written).unwrap());
    }
    vm.take_logs();
    let last = bulky(7_200_000, 0, "http", vec![allow(FRONTEND)]);
    let last = configure(&mut vm, "last", last).unwrap();
    assert!(is_said(&vm, "not enough memory to read"), "{:?}", vm.logs());
    for uri in [FRONTEND, BACKEND] {
        let answer = denied(ask(&mut vm, last, &peer(uri), get("/")));
        assert_eq!(
            (answer.code, &*answer.body),
            (403, b"RBAC: access denied".as_slice())
        );
    }
    assert!(
        is_said(&vm, "there is no usable configuration"),
        "{:?}",
        vm.logs()
    );
    vm.advance(Duration::from_secs(5));
    assert_eq!(denying(&vm, "last"), Some(1));
    assert_eq!(denied(ask(&mut vm, last, &peer(FRONTEND), get("/"))).code, 403);

    for other in others.drain(..) {
        vm.retire(other);
    }
    vm.advance(Duration::from_secs(2));
    assert_eq!(
        ask(&mut vm, last, &peer(FRONTEND), get("/")),
        HttpOutcome::Continue
    );
    assert_eq!(denied(ask(&mut vm, last, &peer(BACKEND), get("/"))).code, 403);
    assert_eq!(denying(&vm, "last"), Some(0));
    assert_eq!(vm.failure(), None);
    assert_eq!(vm.take_violations(), []);
}
