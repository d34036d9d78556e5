//! The module, configurations and peers that the tests share.

use std::sync::OnceLock;

use peerwarden_host::{
    Connection, HttpOutcome, Module, PeerCertificate, PluginId, PluginOptions, Request, Tls, Vm, VmOptions,
};
use serde_json::{Value, json};

pub(crate) const FRONTEND: &str = "spiffe://cluster.local/ns/web/sa/frontend";
pub(crate) const BACKEND: &str = "spiffe://cluster.local/ns/shop/sa/backend";

/// The module, compiled once for all tests.
pub(crate) fn module() -> &'static Module {
    static MODULE: OnceLock<Module> = OnceLock::new();
    MODULE.get_or_init(|| {
        let path = peerwarden_lab::locate::module().unwrap_or_else(|error| panic!("{error:#}"));
        Module::from_file(path).unwrap()
    })
}

/// A plugin configuration for a workload in `shop`.
pub(crate) fn configuration(protocol: &str, resources: Value) -> Vec<u8> {
    let workload = json!({"namespace": "shop", "labels": {"app": "orders"}});
    json!({"workload": workload, "resources": resources, "protocol": protocol, "report": "all"})
        .to_string()
        .into_bytes()
}

/// A policy in `shop`.
pub(crate) fn policy(name: &str, action: &str, rules: Value) -> Value {
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"action": action, "rules": rules},
    })
}

/// Allows one principal.
pub(crate) fn allow(uri: &str) -> Value {
    let principal = uri.trim_start_matches("spiffe://");
    policy(
        "allow",
        "ALLOW",
        json!([{"from": [{"source": {"principals": [principal]}}]}]),
    )
}

/// The mode of the whole mesh.
pub(crate) fn mode(mode: &str) -> Value {
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "PeerAuthentication",
        "metadata": {"name": "default", "namespace": "istio-system"},
        "spec": {"mtls": {"mode": mode}},
    })
}

/// A VM with one plugin.
pub(crate) fn vm(configuration: Vec<u8>) -> (Vm, PluginId) {
    vm_with(VmOptions::default(), configuration)
}

/// A VM with options, and one plugin.
pub(crate) fn vm_with(options: VmOptions, configuration: Vec<u8>) -> (Vm, PluginId) {
    let mut vm = Vm::new(module(), options).unwrap();
    let options = PluginOptions {
        configuration,
        ..PluginOptions::default()
    };
    let plugin = vm
        .configure(options)
        .unwrap_or_else(|error| panic!("{error}: {:?}", error.logs()));
    (vm, plugin)
}

/// Mutual TLS as one SPIFFE ID.
pub(crate) fn peer(uri: &str) -> Connection {
    Connection {
        tls: Some(Tls {
            peer: Some(PeerCertificate {
                uri_sans: vec![uri.to_owned()],
                ..PeerCertificate::default()
            }),
            ..Tls::default()
        }),
        ..Connection::default()
    }
}

/// A request for `path`.
pub(crate) fn get(path: &str) -> Request {
    Request::new([
        (":method", "GET"),
        (":path", path),
        (":scheme", "http"),
        (":authority", "orders.shop"),
    ])
}

/// Asks once.
pub(crate) fn ask(vm: &mut Vm, plugin: PluginId, connection: &Connection, request: Request) -> HttpOutcome {
    let stream = vm.http_stream(plugin, connection, request).unwrap();
    let outcome = vm.request_headers(stream).unwrap();
    vm.close(stream).unwrap();
    outcome
}

/// The response of a denied request.
pub(crate) fn denied(outcome: HttpOutcome) -> peerwarden_host::LocalResponse {
    match &outcome {
        HttpOutcome::LocalResponse(response) => response.clone(),
        HttpOutcome::Continue | HttpOutcome::Paused | HttpOutcome::Reset => panic!("not denied: {outcome:?}"),
    }
}
