//! Unexpected callbacks, and requests of every shape: the module denies anything unknown, and never traps, as a trap
//! fails every filter of the VM.

use std::time::Duration;

use peerwarden_host::{HttpOutcome, PluginId, Request, TcpOptions, Vm};
use serde_json::json;

use crate::fixture::{BACKEND, FRONTEND, allow, ask, configuration, denied, get, peer, policy, vm};

const PAUSE: Option<u32> = Some(1);

/// Callbacks of a stream, with the number of arguments after the context.
const OF_CONNECTIONS: [(&str, usize); 3] = [
    ("proxy_on_new_connection", 0),
    ("proxy_on_downstream_data", 2),
    ("proxy_on_upstream_data", 2),
];
const OF_REQUESTS: [(&str, usize); 3] = [
    ("proxy_on_request_headers", 2),
    ("proxy_on_request_body", 2),
    ("proxy_on_request_trailers", 1),
];

fn call(vm: &mut Vm, (callback, arguments): (&'static str, usize), context: u32) -> Option<u32> {
    vm.call_out_of_turn(callback, context, &vec![1; arguments])
}

/// Checks that allowed callers are still allowed, and nobody else.
fn goes_on(vm: &mut Vm, plugin: PluginId) {
    assert_eq!(vm.failure(), None);
    assert_eq!(ask(vm, plugin, &peer(FRONTEND), get("/")), HttpOutcome::Continue);
    assert_eq!(denied(ask(vm, plugin, &peer(BACKEND), get("/"))).code, 403);
}

fn admitting(protocol: &str) -> (Vm, PluginId) {
    vm(configuration(protocol, json!([allow(FRONTEND)])))
}

#[test]
fn contexts_that_are_not_there_are_denied() {
    let (mut vm, plugin) = admitting("http");
    for context in [0, 1, 77, u32::MAX] {
        for callback in OF_CONNECTIONS.into_iter().chain(OF_REQUESTS) {
            assert_eq!(
                call(&mut vm, callback, context),
                PAUSE,
                "{callback:?} of {context}"
            );
        }
        let response = vm.call_out_of_turn("proxy_on_response_headers", context, &[1, 1]);
        assert_eq!(response, Some(0), "there is nothing to hold back");
    }
    let said = vm
        .logs()
        .iter()
        .filter(|line| line.message.contains("for an unknown context"));
    assert!(said.count() > 0);
    for context in [0, 77, u32::MAX] {
        vm.call_out_of_turn("proxy_on_tick", context, &[]);
        vm.call_out_of_turn("proxy_on_delete", context, &[]);
        let configured = vm.call_out_of_turn("proxy_on_configure", context, &[3]);
        assert_eq!(configured, Some(1), "no thread refuses alone");
    }
    goes_on(&mut vm, plugin);
}

#[test]
fn a_stream_of_one_kind_is_not_of_the_other() {
    let (mut vm, plugin) = admitting("http");
    // The root context is 1, the stream 2.
    let stream = vm.http_stream(plugin, &peer(FRONTEND), get("/")).unwrap();
    assert_eq!(vm.request_headers(stream).unwrap(), HttpOutcome::Continue);
    for callback in OF_CONNECTIONS {
        assert_eq!(call(&mut vm, callback, 2), PAUSE, "{callback:?}");
    }
    vm.close(stream).unwrap();
    goes_on(&mut vm, plugin);

    let (mut vm, plugin) = admitting("tcp");
    let id = vm
        .tcp_connection(plugin, &peer(FRONTEND), TcpOptions::default())
        .unwrap();
    for callback in OF_REQUESTS {
        assert_eq!(call(&mut vm, callback, 2), PAUSE, "{callback:?}");
    }
    vm.close(id).unwrap();
    assert_eq!(vm.failure(), None);
}

#[test]
fn contexts_made_twice_out_of_order_or_under_nothing() {
    let (mut vm, plugin) = admitting("http");
    let mut create = |context, root| {
        vm.call_out_of_turn("proxy_on_context_create", context, &[root]);
    };
    // The root again, as Envoy does when it configures again after a failure; a stream without a root, under itself,
    // twice.
    create(1, 0);
    create(90, 80);
    create(91, 91);
    create(92, 1);
    create(92, 1);
    create(93, 92);
    for context in [90, 91, 93] {
        for callback in OF_CONNECTIONS.into_iter().chain(OF_REQUESTS) {
            assert_eq!(
                call(&mut vm, callback, context),
                PAUSE,
                "{callback:?} of {context}"
            );
        }
    }
    for context in [93, 92, 92, 91, 90] {
        vm.call_out_of_turn("proxy_on_delete", context, &[]);
    }
    goes_on(&mut vm, plugin);
}

#[test]
fn a_root_that_is_gone_before_its_streams_denies_new_ones() {
    let (mut vm, plugin) = admitting("http");
    let open = vm.http_stream(plugin, &peer(FRONTEND), get("/")).unwrap();
    assert_eq!(vm.request_headers(open).unwrap(), HttpOutcome::Continue);
    vm.call_out_of_turn("proxy_on_delete", 1, &[]);
    vm.advance(Duration::from_secs(2));
    vm.close(open).unwrap();
    assert_eq!(denied(ask(&mut vm, plugin, &peer(FRONTEND), get("/"))).code, 403);
    assert_eq!(vm.failure(), None);
}

#[test]
fn answers_to_calls_that_nobody_made() {
    let (mut vm, plugin) = admitting("http");
    let stream = vm.http_stream(plugin, &peer(FRONTEND), get("/")).unwrap();
    vm.request_headers(stream).unwrap();
    for token in [0, 1, 5, u32::MAX] {
        vm.call_out_of_turn("proxy_on_http_call_response", 1, &[token, 1, 1, 1]);
        vm.call_out_of_turn("proxy_on_grpc_receive", 1, &[token, 1]);
        vm.call_out_of_turn("proxy_on_grpc_close", 1, &[token, 14]);
    }
    vm.close(stream).unwrap();
    goes_on(&mut vm, plugin);
}

/// A host that leaves out `proxy_on_request_headers`, as a list of capabilities may: the next callback is still
/// decided.
#[test]
fn a_request_whose_headers_were_not_shown_is_decided_by_what_follows() {
    for callback in OF_REQUESTS {
        let (mut vm, _) = admitting("http");
        vm.call_out_of_turn("proxy_on_context_create", 50, &[1]);
        assert_eq!(call(&mut vm, callback, 50), PAUSE, "{callback:?}");
        assert_eq!(vm.failure(), None);
    }
}

#[test]
fn requests_of_every_shape() {
    let rules = json!([{
        "from": [{"source": {"principals": ["cluster.local/ns/web/sa/frontend"]}}],
        "to": [{"operation": {"methods": ["GET"], "paths": ["/*"], "hosts": ["*"]}}],
        "when": [{"key": "request.headers[x-team]", "values": ["*"]},
                 {"key": "request.headers[x-tier]", "notValues": ["gold"]}],
    }]);
    let (mut vm, plugin) = vm(configuration("http", json!([policy("a", "ALLOW", rules)])));
    let with = |headers: Vec<(Vec<u8>, Vec<u8>)>| {
        let mut request = get("/");
        request.headers.extend(headers);
        request
    };
    let line = |name: &[u8], value: &[u8]| (name.to_vec(), value.to_vec());
    let many = |count: usize, size: usize| {
        let lines = (0..count).map(|n| (format!("x-{n}").into_bytes(), vec![b'v'; size]));
        lines.collect::<Vec<_>>()
    };
    let bare = |headers| Request {
        headers,
        ..Request::default()
    };
    let shapes = [
        bare(Vec::new()),
        bare(vec![line(b":path", b"")]),
        bare(vec![line(b"", b"")]),
        with(vec![line(b"", b"x"), line(b"x-team", b"")]),
        with(vec![line(b"x-team", b"\xff\xfe\0\x80"), line(b"\xff", b"\xff")]),
        with(many(1_024, 0)),
        with(many(5_000, 8)),
        with(vec![line(b"x-team", &vec![0xc3; 1 << 20])]),
        with(many(64, 16 << 10)),
    ];
    for (number, request) in shapes.into_iter().enumerate() {
        for uri in [FRONTEND, BACKEND] {
            let outcome = ask(&mut vm, plugin, &peer(uri), request.clone());
            assert!(
                uri == FRONTEND || matches!(outcome, HttpOutcome::LocalResponse(_)),
                "{number}: {outcome:?}"
            );
            assert_eq!(vm.failure(), None, "{number}");
        }
    }
    let mut good = get("/");
    good.headers.push(line(b"x-team", b"blue"));
    assert_eq!(ask(&mut vm, plugin, &peer(FRONTEND), good), HttpOutcome::Continue);
}
