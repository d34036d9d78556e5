//! The mark of what is allowed, for Envoy's own filters behind the module.

use std::time::Duration;

use peerwarden_host::{Connection, HttpOutcome, PluginOptions, StreamId, Vm};
use serde_json::{Value, json};

use crate::fixture::{BACKEND, FRONTEND, allow, configuration, get, peer, vm};

/// The frontend may come in; `more` is what else the configuration says.
fn with(protocol: &str, more: &Value) -> Vec<u8> {
    let mut written: Value =
        serde_json::from_slice(&configuration(protocol, json!([allow(FRONTEND)]))).unwrap();
    for (name, value) in more.as_object().unwrap() {
        written[name] = value.clone();
    }
    written.to_string().into_bytes()
}

fn state(vm: &Vm, stream: impl Into<StreamId>, key: &str) -> Option<String> {
    let bytes = vm.filter_state(stream, key)?;
    Some(String::from_utf8(bytes.to_vec()).unwrap())
}

/// What is there once a request was decided: the mark of a request, and that of a connection.
fn marks(more: &Value, connection: &Connection) -> (HttpOutcome, [Option<String>; 2]) {
    let (mut vm, plugin) = vm(with("http", more));
    let stream = vm.http_stream(plugin, connection, get("/")).unwrap();
    let outcome = vm.request_headers(stream).unwrap();
    let keys = ["wasm.peerwarden.request", "wasm.peerwarden.connection"];
    let marks = keys.map(|key| state(&vm, stream, key));
    assert_eq!(vm.take_violations(), []);
    (outcome, marks)
}

#[test]
fn a_request_is_marked_if_it_is_allowed_and_the_configuration_asks_for_it() {
    let (outcome, marked) = marks(&json!({"lock": true}), &peer(FRONTEND));
    assert_eq!(outcome, HttpOutcome::Continue);
    assert_eq!(marked, [Some("1".to_owned()), None]);

    let (outcome, marked) = marks(&json!({"lock": true}), &peer(BACKEND));
    assert!(matches!(outcome, HttpOutcome::LocalResponse(_)), "{outcome:?}");
    assert_eq!(marked, [None, None]);

    for more in [json!({}), json!({"lock": false}), json!({"lock": null})] {
        let (outcome, marked) = marks(&more, &peer(FRONTEND));
        assert_eq!(outcome, HttpOutcome::Continue);
        assert_eq!(marked, [None, None], "{more}");
    }
}

#[test]
fn the_mark_is_taken_back_when_a_newer_configuration_denies() {
    let keeps = json!({"lock": true, "openConnections": {"onUpdate": "close"}});
    let (mut vm, old) = vm(with("http", &keeps));
    let stream = vm.http_stream(old, &peer(FRONTEND), get("/events")).unwrap();
    assert_eq!(vm.request_headers(stream).unwrap(), HttpOutcome::Continue);
    assert_eq!(
        state(&vm, stream, "wasm.peerwarden.request").as_deref(),
        Some("1")
    );
    let mut written: Value = serde_json::from_slice(&with("http", &keeps)).unwrap();
    written["resources"] = json!([allow(BACKEND)]);
    vm.configure(PluginOptions {
        configuration: written.to_string().into_bytes(),
        ..PluginOptions::default()
    })
    .unwrap();
    vm.retire(old);
    vm.advance(Duration::from_millis(20));
    assert!(matches!(
        vm.outcome(stream).unwrap(),
        HttpOutcome::LocalResponse(_)
    ));
    assert_eq!(state(&vm, stream, "wasm.peerwarden.request").as_deref(), Some(""));
}
