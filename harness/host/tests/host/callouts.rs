//! Calls to other services.

use std::time::Duration;

use peerwarden_host::{
    CalloutRequest, CalloutResponse, Connection, HttpOutcome, PluginId, StreamError, Vm, VmOptions,
};

use crate::fixture::{Literals, get, module, notes, start, violations};

const HEADERS: &[u8] = b"\x03\0\0\0\x07\0\0\0\x03\0\0\0\x05\0\0\0\x01\0\0\0\x0a\0\0\0\x01\0\0\0\
    :method\0GET\0:path\0/\0:authority\0x\0";

/// Calls a service for each request, holds it, and continues it if the answer has a body.
fn asking(timeout: u32) -> (Vm, PluginId) {
    let mut texts = Literals::new();
    let (cluster, headers, unknown) = (texts.put("auth"), texts.put(HEADERS), texts.put("nobody"));
    let (body, name) = (texts.put("question"), texts.put(":status"));
    let none = "(i32.const 0) (i32.const 0)";
    let functions = format!(
        r#"(global $stream (mut i32) (i32.const 0))
           (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
               (global.set $stream (local.get 0))
               (call $note (call $http_call {unknown} {headers} {body} {none} (i32.const 1) (i32.const 100)))
               (call $note (call $http_call {cluster} {none} {body} {none} (i32.const 1) (i32.const 100)))
               (call $note (call $http_call {cluster} {headers} {body} {none} (i32.const {timeout}) (i32.const 100)))
               (call $note (i32.load (i32.const 100)))
               (i32.const 1))
           (func (export "proxy_on_http_call_response") (param i32 i32 i32 i32 i32)
               (call $note (i32.const 999))
               (call $note (i32.ne (local.get 0) (global.get $stream)))
               (call $note (local.get 1)) (call $note (local.get 2))
               (call $note (local.get 3)) (call $note (local.get 4))
               (call $note (call $header (i32.const 6) {name} $out))
               (call $note (call $buffer (i32.const 4) (i32.const 0) (i32.const 99) $out))
               (if (local.get 3) (then
                   (call $result)
                   (drop (call $effective (global.get $stream)))
                   (drop (call $continue (i32.const 0))))))"#
    );
    let options = VmOptions {
        clusters: ["auth".to_owned()].into(),
        ..VmOptions::default()
    };
    start(&module(&texts, &functions), options)
}

#[test]
fn the_root_hears_the_answer_and_lets_the_request_go_on() {
    let (mut vm, plugin) = asking(0);
    let stream = vm.http_stream(plugin, &Connection::default(), get("/")).unwrap();
    assert_eq!(vm.request_headers(stream).unwrap(), HttpOutcome::Paused);
    assert_eq!(notes(&mut vm), ["2", "2", "0", "4"]);
    let callouts: Vec<_> = vm.callouts().cloned().collect();
    assert_eq!(callouts.len(), 1);
    assert_eq!(
        (callouts[0].cluster.as_str(), callouts[0].timeout),
        ("auth", None)
    );
    let CalloutRequest::Http { headers, body, .. } = &callouts[0].request else {
        panic!()
    };
    assert_eq!(body, b"question");
    assert_eq!(headers.last(), Some(&(b"content-length".to_vec(), b"8".to_vec())));

    // No timeout was requested.
    vm.advance(Duration::from_secs(100_000));
    let answer = || CalloutResponse::Http {
        headers: vec![(b":status".to_vec(), b"200".to_vec())],
        body: b"yes".to_vec(),
        trailers: Vec::new(),
    };
    assert_eq!(
        vm.answer_call(4, CalloutResponse::Grpc(Vec::new())),
        Err(StreamError::NoCall(4))
    );
    vm.answer_call(4, answer()).unwrap();
    assert_eq!(notes(&mut vm), ["999", "1", "4", "1", "3", "0", "0", "0", "yes"]);
    assert_eq!(vm.outcome(stream).unwrap(), HttpOutcome::Continue);
    assert_eq!(vm.answer_call(4, answer()), Err(StreamError::NoCall(4)));
    assert!(
        violations(&mut vm)
            .iter()
            .all(|line| line.starts_with("proxy_http_call during"))
    );
}

#[test]
fn a_call_that_is_late_or_refused_is_answered_by_envoy() {
    for (late, status, body) in [
        (true, "504", "upstream request timeout"),
        (
            false,
            "503",
            "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure",
        ),
    ] {
        let (mut vm, plugin) = asking(50);
        let stream = vm.http_stream(plugin, &Connection::default(), get("/")).unwrap();
        vm.request_headers(stream).unwrap();
        notes(&mut vm);
        vm.advance(Duration::from_millis(49));
        assert_eq!(notes(&mut vm), Vec::<String>::new());
        if late {
            vm.advance(Duration::from_millis(1));
        } else {
            vm.answer_call(4, CalloutResponse::Refused).unwrap();
        }
        let size = body.len().to_string();
        assert_eq!(
            notes(&mut vm),
            ["999", "1", "4", "3", &size, "0", "0", "0", body],
            "{status}"
        );
        assert_eq!(vm.callouts().count(), 0);
    }
}

#[test]
fn a_call_that_breaks_off_brings_nothing() {
    let (mut vm, plugin) = asking(50);
    let stream = vm.http_stream(plugin, &Connection::default(), get("/")).unwrap();
    vm.request_headers(stream).unwrap();
    notes(&mut vm);
    vm.answer_call(4, CalloutResponse::Failed).unwrap();
    assert_eq!(notes(&mut vm), ["999", "1", "4", "0", "0", "0", "2", "1"]);
    assert_eq!(vm.outcome(stream).unwrap(), HttpOutcome::Paused);
    assert_eq!(vm.callouts().count(), 0);
}

#[test]
fn an_answer_comes_even_when_its_request_is_closed() {
    let (mut vm, plugin) = asking(0);
    let stream = vm.http_stream(plugin, &Connection::default(), get("/")).unwrap();
    vm.request_headers(stream).unwrap();
    vm.close(stream).unwrap();
    notes(&mut vm);
    vm.answer_call(4, CalloutResponse::Failed).unwrap();
    assert_eq!(notes(&mut vm)[0], "999");
    assert_eq!(vm.failure(), None);
}

#[test]
fn grpc() {
    let mut texts = Literals::new();
    let (cluster, unknown) = (texts.put("auth"), texts.put("nobody"));
    let (service, method, message) = (texts.put("a.Auth"), texts.put("Check"), texts.put("ask"));
    let none = "(i32.const 0) (i32.const 0)";
    let functions = format!(
        r#"(func $ask (param i32 i32) (result i32)
               (call $grpc_call (local.get 0) (local.get 1) {service} {method} {none} {message}
                   (i32.const 10) (i32.const 100)))
           (func (export "proxy_on_configure") (param i32 i32) (result i32)
               (call $note (call $ask {unknown}))
               (call $note (call $ask {cluster})) (call $note (i32.load (i32.const 100)))
               (call $note (call $ask {cluster})) (call $note (i32.load (i32.const 100)))
               (call $note (call $ask {cluster})) (call $note (i32.load (i32.const 100)))
               (call $note (call $grpc_cancel (i32.const 13)))
               (i32.const 1))
           (func (export "proxy_on_grpc_receive") (param i32 i32 i32)
               (call $note (local.get 1)) (call $note (local.get 2))
               (call $note (call $buffer (i32.const 5) (i32.const 0) (i32.const 99) $out)) (call $result))
           (func (export "proxy_on_grpc_close") (param i32 i32 i32)
               (call $note (local.get 1)) (call $note (local.get 2))
               (call $note (call $status (i32.const 108) $out))
               (call $note (i32.load (i32.const 108))) (call $result))"#
    );
    let options = VmOptions {
        clusters: ["auth".to_owned()].into(),
        ..VmOptions::default()
    };
    let (mut vm, _) = start(&module(&texts, &functions), options);
    assert_eq!(notes(&mut vm), ["4", "0", "5", "0", "9", "0", "13", "0"]);
    assert_eq!(vm.callouts().map(|call| call.token).collect::<Vec<_>>(), [5, 9]);
    vm.answer_call(5, CalloutResponse::Grpc(b"yes".to_vec())).unwrap();
    assert_eq!(
        notes(&mut vm),
        ["5", "3", "0", "yes"],
        "a good answer is not followed by a close"
    );
    vm.answer_call(9, CalloutResponse::GrpcStatus(7, "no".into()))
        .unwrap();
    assert_eq!(notes(&mut vm), ["9", "7", "0", "7", "no"]);
}
