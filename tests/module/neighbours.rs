//! Plugins that share a VM: a mistake in one does not affect the others.

use std::time::Duration;

use peerwarden_host::{
    CloseReason, Connection, HttpOutcome, LogLevel, PluginId, PluginOptions, TcpConnectionId, TcpOptions, Vm,
    VmOptions,
};
use serde_json::json;

use crate::fixture::{BACKEND, FRONTEND, allow, ask, configuration, denied, get, module, peer};

/// A plugin of `protocol` that allows the frontend, beside those in the VM.
fn plugin(vm: &mut Vm, name: &str, protocol: &str) -> PluginId {
    let options = PluginOptions {
        name: name.to_owned(),
        configuration: configuration(protocol, json!([allow(FRONTEND)])),
        ..PluginOptions::default()
    };
    vm.configure(options).unwrap()
}

struct Neighbours {
    vm: Vm,
    http: PluginId,
    tcp: PluginId,
    /// Open before anything goes wrong.
    open: TcpConnectionId,
}

fn neighbours() -> Neighbours {
    let mut vm = Vm::new(module(), VmOptions::default()).unwrap();
    let http = plugin(&mut vm, "orders", "http");
    let tcp = plugin(&mut vm, "ledger", "tcp");
    let open = connection(&mut vm, tcp, FRONTEND);
    Neighbours { vm, http, tcp, open }
}

fn connection(vm: &mut Vm, plugin: PluginId, uri: &str) -> TcpConnectionId {
    let id = vm
        .tcp_connection(plugin, &peer(uri), TcpOptions::default())
        .unwrap();
    if vm.handshake_done(id).is_ok() {
        vm.downstream_data(id, b"hello", false).unwrap();
    }
    id
}

impl Neighbours {
    /// Checks that nothing has changed.
    fn never_notice(mut self) {
        let Self { vm, http, tcp, open } = &mut self;
        assert_eq!(ask(vm, *http, &peer(FRONTEND), get("/")), HttpOutcome::Continue);
        assert_eq!(denied(ask(vm, *http, &peer(BACKEND), get("/"))).code, 403);
        let admitted = connection(vm, *tcp, FRONTEND);
        assert_eq!(vm.record(admitted).unwrap().to_upstream(), b"hello");
        let refused = connection(vm, *tcp, BACKEND);
        assert_eq!(vm.record(refused).unwrap().closed_by(), Some(CloseReason::Module));
        vm.downstream_data(*open, b" again", false).unwrap();
        assert_eq!(vm.record(*open).unwrap().to_upstream(), b"hello again");
        vm.advance(Duration::from_secs(3));
        assert_eq!((vm.failure(), vm.violations()), (None, [].as_slice()));
    }
}

/// The log lines about a wrong configuration.
fn blamed(vm: &mut Vm) -> Vec<String> {
    let lines = vm.take_logs().into_iter();
    let errors = lines.filter(|line| line.level == LogLevel::Error);
    errors.map(|line| line.message).collect()
}

#[test]
fn a_tcp_plugin_in_an_http_chain_denies_and_says_which_key_is_wrong() {
    let mut neighbours = neighbours();
    let vm = &mut neighbours.vm;
    let mistaken = plugin(vm, "mistaken", "tcp");
    vm.take_logs();
    for uri in [FRONTEND, BACKEND] {
        let mut request = get("/");
        request.end_of_stream = false;
        let stream = vm.http_stream(mistaken, &peer(uri), request).unwrap();
        let response = denied(vm.request_headers(stream).unwrap());
        assert_eq!(
            (response.code, response.body.as_slice()),
            (403, b"RBAC: access denied".as_slice())
        );
        let state = vm.filter_state(stream, "wasm.peerwarden.decision");
        assert_eq!(state, Some(b"deny not-configured".as_slice()));
        vm.close(stream).unwrap();
    }
    let lines = vm
        .logs()
        .iter()
        .filter(|line| line.message.contains("denied \"GET\""))
        .count();
    assert_eq!(lines, 2);
    let blamed = blamed(vm);
    assert_eq!(blamed.len(), 1, "once: {blamed:?}");
    for part in ["denies all", "`protocol` is `tcp`", r#"set `"protocol": "http"`"#] {
        assert!(blamed[0].contains(part), "{blamed:?}");
    }
    neighbours.never_notice();
}

#[test]
fn an_http_plugin_in_a_tcp_chain_closes_before_the_upstream_is_dialled() {
    let mut neighbours = neighbours();
    let vm = &mut neighbours.vm;
    let mistaken = plugin(vm, "mistaken", "http");
    vm.take_logs();
    for source in [peer(FRONTEND), peer(BACKEND), Connection::default()] {
        let id = vm
            .tcp_connection(mistaken, &source, TcpOptions::default())
            .unwrap();
        let record = vm.record(id).unwrap();
        assert_eq!(
            (record.dialled(), record.closed_by()),
            (false, Some(CloseReason::Module))
        );
        vm.close(id).unwrap();
    }
    let blamed = blamed(vm);
    assert_eq!(blamed.len(), 1, "once: {blamed:?}");
    for part in ["`protocol` is `http`", r#"set `"protocol": "tcp"`"#] {
        assert!(blamed[0].contains(part), "{blamed:?}");
    }
    neighbours.never_notice();
}

/// Two filters of one configuration and name are one plugin to Envoy, with one root context, whatever chains they are
/// in.
#[test]
fn one_plugin_in_both_chains_serves_the_one_that_it_is_for() {
    let mut neighbours = neighbours();
    let vm = &mut neighbours.vm;
    let both = plugin(vm, "both", "http");
    let id = vm
        .tcp_connection(both, &peer(FRONTEND), TcpOptions::default())
        .unwrap();
    assert_eq!(vm.record(id).unwrap().closed_by(), Some(CloseReason::Module));
    assert_eq!(ask(vm, both, &peer(FRONTEND), get("/")), HttpOutcome::Continue);
    assert_eq!(denied(ask(vm, both, &peer(BACKEND), get("/"))).code, 403);
    neighbours.never_notice();
}

#[test]
fn it_is_mended_by_the_next_configuration() {
    let mut neighbours = neighbours();
    let vm = &mut neighbours.vm;
    let mistaken = plugin(vm, "mistaken", "tcp");
    assert_eq!(denied(ask(vm, mistaken, &peer(FRONTEND), get("/"))).code, 403);
    let mended = plugin(vm, "mistaken", "http");
    vm.retire(mistaken);
    assert_eq!(ask(vm, mended, &peer(FRONTEND), get("/")), HttpOutcome::Continue);
    neighbours.never_notice();
}
