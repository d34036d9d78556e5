//! gRPC calls: answered, failed, too late, cancelled.

use std::time::Duration;

use peerwarden_host::{CalloutRequest, CalloutResponse, StreamError, Vm, VmOptions};

use crate::fixture::{Literals, module, notes, start, violations};

const METADATA: &[u8] = b"\x01\0\0\0\x03\0\0\0\x01\0\0\0x-a\0b\0";

/// One call at the start, with a time-out of 50 ms; 1 is noted for an answer, 2 with status and message for a close.
fn calling(more: &str) -> Vm {
    let mut texts = Literals::new();
    let (cluster, service, method) = (texts.put("auth"), texts.put("a.Auth"), texts.put("Check"));
    let (metadata, message) = (texts.put(METADATA), texts.put("ask"));
    let functions = format!(
        r#"(func (export "proxy_on_configure") (param i32 i32) (result i32)
               (call $note (call $grpc_call {cluster} {service} {method} {metadata} {message}
                   (i32.const 50) (i32.const 100)))
               {more}
               (i32.const 1))
           (func (export "proxy_on_grpc_receive") (param i32 i32 i32)
               (call $note (i32.const 1)) (call $note (local.get 2)))
           (func (export "proxy_on_grpc_close") (param i32 i32 i32)
               (call $note (i32.const 2)) (call $note (local.get 2))
               (call $note (call $status (i32.const 108) $out)) (call $note (i32.load (i32.const 108)))
               (call $result))"#
    );
    let options = VmOptions {
        clusters: ["auth".to_owned()].into(),
        ..VmOptions::default()
    };
    start(&module(&texts, &functions), options).0
}

#[test]
fn a_call_is_there_to_be_answered() {
    let mut vm = calling("");
    let calls: Vec<_> = vm.callouts().cloned().collect();
    assert_eq!(
        (calls[0].cluster.as_str(), calls[0].timeout),
        ("auth", Some(Duration::from_millis(50)))
    );
    let expected = CalloutRequest::Grpc {
        service: "a.Auth".into(),
        method: "Check".into(),
        metadata: vec![(b"x-a".to_vec(), b"b".to_vec())],
        message: b"ask".to_vec(),
    };
    assert_eq!(calls[0].request, expected);
    notes(&mut vm);
    let of_http = CalloutResponse::Http {
        headers: Vec::new(),
        body: Vec::new(),
        trailers: Vec::new(),
    };
    assert_eq!(
        vm.answer_call(calls[0].token, of_http),
        Err(StreamError::NoCall(calls[0].token)),
        "an answer of the wrong kind leaves it"
    );
    vm.answer_call(calls[0].token, CalloutResponse::Grpc(b"good".to_vec()))
        .unwrap();
    assert_eq!(notes(&mut vm), ["1", "4"]);
    vm.advance(Duration::from_secs(1));
    assert_eq!(
        notes(&mut vm),
        Vec::<String>::new(),
        "an answered call is not late"
    );
}

#[test]
fn one_that_fails_says_how() {
    let refused = "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure\
        {upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}}";
    for (response, status, message) in [
        (CalloutResponse::Refused, "14", refused),
        (
            CalloutResponse::TimedOut,
            "14",
            "upstream request timeout{response_timeout}",
        ),
        (CalloutResponse::Failed, "13", ""),
        (CalloutResponse::GrpcStatus(7, "no".into()), "7", "no"),
        // OK without an answer does not count.
        (CalloutResponse::GrpcStatus(0, "fine".into()), "13", ""),
    ] {
        let mut vm = calling("");
        notes(&mut vm);
        vm.answer_call(5, response.clone()).unwrap();
        assert_eq!(
            notes(&mut vm),
            ["2", status, "0", status, message],
            "{response:?}"
        );
    }
}

#[test]
fn one_that_is_late_is_unavailable() {
    let mut vm = calling("");
    notes(&mut vm);
    vm.advance(Duration::from_millis(49));
    assert_eq!(notes(&mut vm), Vec::<String>::new());
    vm.advance(Duration::from_millis(1));
    let message = "upstream request timeout{response_timeout}";
    assert_eq!(notes(&mut vm), ["2", "14", "0", "14", message]);
    assert_eq!(
        vm.answer_call(5, CalloutResponse::Failed),
        Err(StreamError::NoCall(5))
    );
}

#[test]
fn an_empty_answer_is_an_answer() {
    let mut vm = calling("");
    notes(&mut vm);
    vm.answer_call(5, CalloutResponse::Grpc(Vec::new())).unwrap();
    assert_eq!(notes(&mut vm), ["1", "0"]);
}

#[test]
fn one_that_is_closed_by_the_module_is_heard_of_no_more() {
    let mut vm = calling("(call $note (call $grpc_close (i32.load (i32.const 100))))");
    assert_eq!(notes(&mut vm), ["0", "0"]);
    assert_eq!(vm.callouts().count(), 0);
    vm.advance(Duration::from_secs(1));
    assert_eq!(notes(&mut vm), Vec::<String>::new());
    assert_eq!(violations(&mut vm), Vec::<String>::new());
}
