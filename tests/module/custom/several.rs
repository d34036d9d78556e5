//! Several providers on one workload, as the mesh allows it: asked one after another, each about the request as the former left it.

use peerwarden_host::{
    CalloutRequest, CalloutResponse, HttpOutcome, PluginId, PluginOptions, TcpOptions, Vm,
};
use serde_json::{Value, json};

use super::{custom, options, providers, response, values};
use crate::fixture::{FRONTEND, denied, get, peer, policy, vm_with};

/// A CUSTOM policy about everything but `/open`, of another name.
fn named(name: &str, provider: &str) -> Value {
    let mut policy = custom(provider);
    policy["metadata"]["name"] = json!(name);
    policy
}

fn configuration(protocol: &str, resources: Value) -> Vec<u8> {
    json!({
        "workload": {"namespace": "shop"}, "protocol": protocol, "resources": resources, "report": "all",
        "extensionProviders": providers(), "mesh": {"multipleCustomAuthzProviders": true},
        "openConnections": {"onUpdate": "close"},
    })
    .to_string()
    .into_bytes()
}

/// `grpc` comes before `http`, in whatever order the policies are.
fn asking(protocol: &str) -> (Vm, PluginId) {
    let resources = json!([named("a", "http"), named("b", "grpc")]);
    vm_with(options(), configuration(protocol, resources))
}

fn yes() -> CalloutResponse {
    CalloutResponse::Grpc(b"\x0a\x00".to_vec())
}

/// The one call under way, and its cluster.
fn call(vm: &Vm) -> (u32, String, CalloutRequest) {
    let calls: Vec<_> = vm.callouts().collect();
    assert_eq!(calls.len(), 1, "one at a time");
    (calls[0].token, calls[0].cluster.clone(), calls[0].request.clone())
}

/// `OkHttpResponse` that sets `x-team` of the request, and `x-seen` of the response.
fn setting() -> CalloutResponse {
    let field =
        |number: u8, bytes: &[u8]| [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat();
    let option = |name: &str, value: &str| {
        field(
            1,
            &[field(1, name.as_bytes()), field(2, value.as_bytes())].concat(),
        )
    };
    let headers = [
        field(2, &option("x-team", "blue")),
        field(6, &option("x-seen", "grpc")),
    ]
    .concat();
    CalloutResponse::Grpc([field(1, b""), field(3, &headers)].concat())
}

#[test]
fn the_next_one_is_asked_about_what_the_former_left() {
    let (mut vm, plugin) = asking("http");
    let stream = vm.http_stream(plugin, &peer(FRONTEND), get("/admin")).unwrap();
    assert_eq!(vm.request_headers(stream).unwrap(), HttpOutcome::Paused);
    let (token, cluster, _) = call(&vm);
    assert_eq!(cluster, super::GRPC_CLUSTER);
    vm.answer_call(token, setting()).unwrap();
    assert_eq!(
        vm.outcome(stream).unwrap(),
        HttpOutcome::Paused,
        "a second one is asked"
    );
    let (token, cluster, request) = call(&vm);
    assert_eq!(cluster, super::HTTP_CLUSTER);
    let CalloutRequest::Http { headers, .. } = request else {
        panic!("no HTTP call");
    };
    assert_eq!(values(&headers, "x-team"), ["blue"]);
    vm.answer_call(
        token,
        response("200", &[("x-user", "ann"), ("x-seen", "http")], ""),
    )
    .unwrap();
    assert_eq!(vm.outcome(stream).unwrap(), HttpOutcome::Continue);
    let headers = vm.headers_of(stream).unwrap().clone();
    assert_eq!(
        (values(&headers, "x-team"), values(&headers, "x-user")),
        (vec!["blue".to_owned()], vec!["ann".to_owned()])
    );
    // The filters of a response are passed from the last to the first.
    vm.response_headers(stream, vec![(b":status".to_vec(), b"200".to_vec())], true)
        .unwrap();
    let seen = vm.response_headers_of(stream).unwrap().unwrap().clone();
    assert_eq!(values(&seen, "x-seen"), ["http", "grpc"]);
    assert_eq!((vm.failure(), vm.violations()), (None, [].as_slice()));
}

#[test]
fn the_first_no_ends_it() {
    let (mut vm, plugin) = asking("http");
    let stream = vm.http_stream(plugin, &peer(FRONTEND), get("/admin")).unwrap();
    vm.request_headers(stream).unwrap();
    let (token, ..) = call(&vm);
    vm.answer_call(token, CalloutResponse::Grpc(b"\x0a\x02\x08\x07".to_vec()))
        .unwrap();
    assert_eq!(denied(vm.outcome(stream).unwrap()).details, "ext_authz_denied");
    assert_eq!(vm.callouts().count(), 0, "nobody else is asked");
    let stream = vm.http_stream(plugin, &peer(FRONTEND), get("/admin")).unwrap();
    vm.request_headers(stream).unwrap();
    let (token, ..) = call(&vm);
    vm.answer_call(token, yes()).unwrap();
    let (token, ..) = call(&vm);
    vm.answer_call(token, response("401", &[("x-why", "scan")], "no"))
        .unwrap();
    let answer = denied(vm.outcome(stream).unwrap());
    assert_eq!((answer.code, answer.body.as_slice()), (401, b"no".as_slice()));
    assert_eq!(values(&answer.headers, "x-why"), ["scan"]);
    assert_eq!(vm.violations(), []);
}

/// An answer that none of them gave does not count as a yes, however late it is.
#[test]
fn one_that_does_not_answer_denies_also_after_a_yes() {
    let (mut vm, plugin) = asking("http");
    let stream = vm.http_stream(plugin, &peer(FRONTEND), get("/admin")).unwrap();
    vm.request_headers(stream).unwrap();
    let (first, ..) = call(&vm);
    vm.answer_call(first, yes()).unwrap();
    assert!(vm.answer_call(first, yes()).is_err(), "an answer comes once");
    let (second, ..) = call(&vm);
    vm.answer_call(second, CalloutResponse::Failed).unwrap();
    let answer = denied(vm.outcome(stream).unwrap());
    assert_eq!((answer.code, answer.details.as_str()), (503, "ext_authz_error"));
}

/// Envoy has no such cluster: a provider with `failOpen` is skipped at once, and the next one is still asked.
#[test]
fn one_that_cannot_be_called_and_fails_open_does_not_answer_for_the_next() {
    let resources = json!([named("a", "grpc-open"), named("b", "http")]);
    let mut options = options();
    options.clusters.remove(super::GRPC_CLUSTER);
    let (mut vm, plugin) = vm_with(options, configuration("http", resources));
    let stream = vm.http_stream(plugin, &peer(FRONTEND), get("/admin")).unwrap();
    assert_eq!(vm.request_headers(stream).unwrap(), HttpOutcome::Paused);
    let (token, cluster, _) = call(&vm);
    assert_eq!(cluster, super::HTTP_CLUSTER);
    vm.answer_call(token, response("403", &[], "")).unwrap();
    assert_eq!(denied(vm.outcome(stream).unwrap()).code, 403);
}

#[test]
fn a_connection_waits_for_all_that_are_asked_by_grpc() {
    let resources = json!([named("a", "grpc"), named("b", "http"), named("c", "grpc-open")]);
    for (second, passes) in [
        (yes(), true),
        (CalloutResponse::Grpc(b"\x0a\x02\x08\x07".to_vec()), false),
    ] {
        let (mut vm, plugin) = vm_with(options(), configuration("tcp", resources.clone()));
        let connection = vm
            .tcp_connection(plugin, &peer(FRONTEND), TcpOptions::default())
            .unwrap();
        assert!(vm.handshake_done(connection).unwrap());
        vm.downstream_data(connection, b"hello", false).unwrap();
        let (token, ..) = call(&vm);
        vm.answer_call(token, yes()).unwrap();
        assert_eq!(vm.record(connection).unwrap().to_upstream(), b"");
        assert!(!vm.record(connection).unwrap().closed());
        vm.downstream_data(connection, b" again", false).unwrap();
        let (token, ..) = call(&vm);
        vm.answer_call(token, second).unwrap();
        let record = vm.record(connection).unwrap();
        assert_eq!(record.to_upstream() == b"hello again", passes);
        assert_eq!(record.closed(), !passes);
        assert_eq!((vm.failure(), vm.violations()), (None, [].as_slice()));
    }
}

/// What was allowed is compared with a newer configuration: a yes stands, one that was never asked for is none.
#[test]
fn what_is_open_stays_while_the_newer_policies_ask_no_one_else() {
    for (newer, stays) in [
        (
            json!([
                named("a", "http"),
                named("b", "grpc"),
                policy("d", "DENY", json!([{"to": [{"operation": {"paths": ["/x"]}}]}]))
            ]),
            true,
        ),
        (json!([named("b", "grpc")]), true),
        (
            json!([named("a", "http"), named("b", "grpc"), named("c", "grpc-open")]),
            false,
        ),
    ] {
        let (mut vm, plugin) = asking("http");
        let stream = vm.http_stream(plugin, &peer(FRONTEND), get("/admin")).unwrap();
        vm.request_headers(stream).unwrap();
        let (token, ..) = call(&vm);
        vm.answer_call(token, yes()).unwrap();
        let (token, ..) = call(&vm);
        vm.answer_call(token, response("200", &[], "")).unwrap();
        assert_eq!(vm.outcome(stream).unwrap(), HttpOutcome::Continue);
        vm.configure(PluginOptions {
            configuration: configuration("http", newer.clone()),
            ..PluginOptions::default()
        })
        .unwrap();
        vm.retire(plugin);
        vm.advance(std::time::Duration::from_secs(5));
        let open = vm.outcome(stream).unwrap() == HttpOutcome::Continue;
        assert_eq!(open, stays, "{newer}");
    }
}
