//! The mark on what is allowed, for Envoy's own filters behind the module.

use std::time::Duration;

use peerwarden_host::{
    Connection, EnvoyVersion, HttpOutcome, PluginOptions, StreamId, TcpConnectionId, TcpOptions,
    UpstreamConnectMode, Vm, VmOptions,
};
use serde_json::{Value, json};

use crate::fixture::{BACKEND, FRONTEND, allow, configuration, get, peer, vm, vm_with};

/// Allows the frontend; `more` is the rest of the configuration.
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

/// The marks after a request was decided: that of the request, and that of the connection.
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

/// A `tcp_proxy` whose own cluster has no endpoints.
fn nowhere(enforcement: &str) -> TcpOptions {
    let (connect_mode, early) = match enforcement {
        "hold" => (UpstreamConnectMode::Immediate, 16384),
        _ => (UpstreamConnectMode::OnDownstreamTlsHandshake, 0),
    };
    TcpOptions {
        connect_mode,
        max_early_data_bytes: Some(early),
        cluster: "peerwarden-denied".to_owned(),
        clusters_with_endpoints: ["ledger".to_owned()].into(),
        ..TcpOptions::default()
    }
}

/// How a connection ended, and its filter state: the cluster, and the mark.
fn told(vm: &Vm, connection: TcpConnectionId) -> (bool, [Option<String>; 2]) {
    let keys = ["envoy.tcp_proxy.cluster", "wasm.peerwarden.connection"];
    let dialled = vm.record(connection).unwrap().dialled();
    (dialled, keys.map(|key| state(vm, connection, key)))
}

fn texts(cluster: Option<&str>, mark: Option<&str>) -> [Option<String>; 2] {
    [cluster, mark].map(|text| text.map(str::to_owned))
}

#[test]
fn a_connection_goes_on_to_the_cluster_that_the_module_names() {
    let lock = json!({"lock": {"cluster": "ledger"}});
    let (mut vm, plugin) = vm(with("tcp", &lock));
    for (uri, mark) in [(FRONTEND, Some("1")), (BACKEND, None)] {
        let connection = vm
            .tcp_connection(plugin, &peer(uri), nowhere("handshake"))
            .unwrap();
        assert_eq!(
            told(&vm, connection),
            (false, texts(Some("ledger"), None)),
            "{uri}"
        );
        assert!(vm.handshake_done(connection).unwrap());
        vm.downstream_data(connection, b"hello", false).unwrap();
        assert_eq!(
            told(&vm, connection),
            (true, texts(Some("ledger"), mark)),
            "{uri}"
        );
    }
    assert_eq!(vm.take_violations(), []);
}

#[test]
fn held_it_has_the_cluster_once_it_is_allowed() {
    let lock = json!({"lock": {"cluster": "ledger"}, "tcp": {"enforcement": "hold"}});
    let (mut vm, plugin) = vm(with("tcp", &lock));
    for (uri, allowed) in [(FRONTEND, true), (BACKEND, false)] {
        // From the timer, and on the client's first data.
        for speaks in [false, true] {
            let connection = vm.tcp_connection(plugin, &peer(uri), nowhere("hold")).unwrap();
            assert!(vm.handshake_done(connection).unwrap());
            assert_eq!(told(&vm, connection), (false, texts(None, None)), "{uri}");
            if speaks {
                vm.downstream_data(connection, b"hello", false).unwrap();
            } else {
                vm.advance(Duration::from_millis(20));
            }
            let state = if allowed {
                texts(Some("ledger"), Some("1"))
            } else {
                texts(None, None)
            };
            assert_eq!(told(&vm, connection), (allowed, state), "{uri} {speaks}");
        }
    }
    assert_eq!(vm.take_violations(), []);
}

/// Envoy 1.36 lets a module name the cluster only within the connection's own callbacks, and shows no data of a held
/// client.
#[test]
fn where_the_timer_cannot_name_the_cluster_nothing_is_dialled() {
    let lock = json!({"lock": {"cluster": "ledger"}, "tcp": {"enforcement": "hold"}});
    let options = VmOptions {
        version: EnvoyVersion::V1_36,
        ..VmOptions::default()
    };
    let mut settings: Value = serde_json::from_slice(&with("tcp", &lock)).unwrap();
    settings["resources"] = json!([]);
    let (mut vm, plugin) = vm_with(options, settings.to_string().into_bytes());
    let settings = TcpOptions {
        max_early_data_bytes: None,
        ..nowhere("hold")
    };
    let connection = vm
        .tcp_connection(plugin, &Connection::default(), settings)
        .unwrap();
    vm.advance(Duration::from_secs(1));
    assert_eq!(told(&vm, connection), (false, texts(None, None)));
    vm.advance(Duration::from_secs(11));
    assert_eq!(told(&vm, connection), (false, texts(None, None)));
    assert!(vm.record(connection).unwrap().closed());
    let said = vm.take_logs().pop().unwrap().message;
    assert!(said.contains("Envoy 1.39 or later"), "{said}");
}

#[test]
fn a_connections_mark_is_taken_back_too() {
    let lock = json!({"lock": {"cluster": "ledger"}});
    let (mut vm, old) = vm(with("tcp", &lock));
    let connection = vm
        .tcp_connection(old, &peer(FRONTEND), nowhere("handshake"))
        .unwrap();
    assert!(vm.handshake_done(connection).unwrap());
    vm.downstream_data(connection, b"hello", false).unwrap();
    assert_eq!(told(&vm, connection), (true, texts(Some("ledger"), Some("1"))));
    let mut newer: Value = serde_json::from_slice(&with("tcp", &lock)).unwrap();
    newer["resources"] = json!([allow(BACKEND)]);
    vm.configure(PluginOptions {
        configuration: newer.to_string().into_bytes(),
        ..PluginOptions::default()
    })
    .unwrap();
    vm.retire(old);
    vm.advance(Duration::from_millis(20));
    assert_eq!(told(&vm, connection), (true, texts(Some("ledger"), Some(""))));
    assert!(vm.record(connection).unwrap().closed());
}
