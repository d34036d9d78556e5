//! An answer that arrives when the program that called is no longer in memory: it is judged by the same policies, or
//! denied.

use peerwarden_host::{
    CalloutResponse, CloseReason, HttpOutcome, HttpStreamId, PluginId, PluginOptions, TcpConnectionId,
    TcpOptions, Vm, VmOptions,
};
use serde_json::json;

use super::{configuration, custom, options, response};
use crate::fixture::{BACKEND, FRONTEND, allow, denied, get, module, peer};
use crate::memory::bulky;

const CALLERS: [(&str, bool); 2] = [(FRONTEND, true), (BACKEND, false)];

fn configure(vm: &mut Vm, configuration: Vec<u8>) -> PluginId {
    let options = PluginOptions {
        configuration,
        ..PluginOptions::default()
    };
    vm.configure(options).unwrap()
}

/// Calls an authorizer, and allows the frontend if the answer does.
fn asking(protocol: &str, provider: &str) -> Vec<u8> {
    configuration(protocol, json!([custom(provider), allow(FRONTEND)]))
}

/// Allows everyone: it did not judge what an answer allows.
fn open(protocol: &str) -> Vec<u8> {
    configuration(protocol, json!([]))
}

/// Two configurations that replace it: with the second its program is freed.
fn superseded(vm: &mut Vm, first: PluginId, protocol: &str) -> PluginId {
    let second = configure(vm, open(protocol));
    vm.retire(first);
    let third = configure(vm, open(protocol));
    vm.retire(second);
    third
}

/// A waiting request, and the token of its call.
fn request(vm: &mut Vm, plugin: PluginId, uri: &str) -> (HttpStreamId, u32) {
    let stream = vm.http_stream(plugin, &peer(uri), get("/admin")).unwrap();
    assert_eq!(vm.request_headers(stream).unwrap(), HttpOutcome::Paused);
    (stream, vm.callouts().last().unwrap().token)
}

/// A waiting connection, with its client's data.
fn connection(vm: &mut Vm, plugin: PluginId, uri: &str) -> (TcpConnectionId, u32) {
    let connection = vm
        .tcp_connection(plugin, &peer(uri), TcpOptions::default())
        .unwrap();
    assert!(vm.handshake_done(connection).unwrap());
    vm.downstream_data(connection, b"hello", false).unwrap();
    (connection, vm.callouts().last().unwrap().token)
}

fn yes(provider: &str) -> CalloutResponse {
    match provider {
        "http" => response("200", &[], ""),
        _ => CalloutResponse::Grpc(b"\x0a\x00".to_vec()),
    }
}

/// How often a program was compiled, since the log was last taken.
fn compiled(vm: &mut Vm) -> usize {
    let logs = vm.take_logs();
    let is_announced = |message: &str| message.contains(": configured for ");
    logs.iter().filter(|line| is_announced(&line.message)).count()
}

#[test]
fn a_request_is_judged_by_the_policies_that_asked() {
    for provider in ["http", "grpc"] {
        let mut vm = Vm::new(module(), options()).unwrap();
        let first = configure(&mut vm, asking("http", provider));
        let held = CALLERS.map(|(uri, admitted)| (request(&mut vm, first, uri), admitted));
        superseded(&mut vm, first, "http");
        compiled(&mut vm);
        for ((stream, token), admitted) in held {
            vm.answer_call(token, yes(provider)).unwrap();
            let outcome = vm.outcome(stream).unwrap();
            if admitted {
                assert_eq!(outcome, HttpOutcome::Continue, "{provider}");
            } else {
                assert_eq!(denied(outcome).code, 403, "{provider}");
            }
        }
        assert_eq!(compiled(&mut vm), 1, "freed, and compiled again");
        assert_eq!((vm.failure(), vm.violations()), (None, [].as_slice()));
    }
}

/// The newer policies must allow it as well.
#[test]
fn a_late_yes_lets_nobody_in_whom_the_newer_policies_deny() {
    for provider in ["http", "grpc"] {
        let mut vm = Vm::new(module(), options()).unwrap();
        let first = configure(&mut vm, asking("http", provider));
        let (stream, token) = request(&mut vm, first, FRONTEND);
        configure(&mut vm, configuration("http", json!([allow(BACKEND)])));
        vm.retire(first);
        vm.answer_call(token, yes(provider)).unwrap();
        let answer = denied(vm.outcome(stream).unwrap());
        assert_eq!(answer.code, 403, "{provider}");
        assert!(
            answer.details.contains("rbac_access_denied"),
            "{}",
            answer.details
        );
    }
    let mut vm = Vm::new(module(), options()).unwrap();
    let first = configure(&mut vm, asking("tcp", "grpc"));
    let (held, token) = connection(&mut vm, first, FRONTEND);
    configure(&mut vm, configuration("tcp", json!([allow(BACKEND)])));
    vm.retire(first);
    vm.answer_call(token, yes("grpc")).unwrap();
    let record = vm.record(held).unwrap();
    assert_eq!(record.to_upstream(), b"");
    assert_eq!(record.closed_by(), Some(CloseReason::Module));
    assert_eq!((vm.failure(), vm.violations()), (None, [].as_slice()));
}

#[test]
fn a_no_stays_a_no() {
    let mut vm = Vm::new(module(), options()).unwrap();
    let first = configure(&mut vm, asking("http", "http"));
    let (stream, token) = request(&mut vm, first, FRONTEND);
    superseded(&mut vm, first, "http");
    vm.answer_call(token, response("401", &[], "log in")).unwrap();
    let answer = denied(vm.outcome(stream).unwrap());
    assert_eq!((answer.code, &*answer.details), (401, "ext_authz_denied"));
}

#[test]
fn a_connection_is_judged_by_the_policies_that_asked() {
    let mut vm = Vm::new(module(), options()).unwrap();
    let first = configure(&mut vm, asking("tcp", "grpc"));
    let held = CALLERS.map(|(uri, admitted)| (connection(&mut vm, first, uri), admitted));
    superseded(&mut vm, first, "tcp");
    compiled(&mut vm);
    for ((connection, token), admitted) in held {
        vm.answer_call(token, yes("grpc")).unwrap();
        let record = vm.record(connection).unwrap();
        let passed: &[u8] = if admitted { b"hello" } else { b"" };
        let closed = (!admitted).then_some(CloseReason::Module);
        assert_eq!(
            (record.to_upstream(), record.closed_by()),
            (passed.to_vec(), closed)
        );
    }
    assert_eq!(compiled(&mut vm), 1, "freed, and compiled again");
    assert_eq!((vm.failure(), vm.violations()), (None, [].as_slice()));
}

/// Many large configurations replace it, so its bytes are not kept either.
#[test]
fn what_cannot_be_judged_any_more_is_denied() {
    let options = VmOptions {
        fuel: u64::MAX / 4,
        accounting: false,
        ..options()
    };
    let mut vm = Vm::new(module(), options).unwrap();
    let requests = configure(&mut vm, asking("http", "http"));
    let connections = configure(&mut vm, asking("tcp", "grpc"));
    let (stream, of_stream) = request(&mut vm, requests, FRONTEND);
    let (connection, of_connection) = connection(&mut vm, connections, FRONTEND);
    superseded(&mut vm, connections, "tcp");
    let mut last = superseded(&mut vm, requests, "http");
    for generation in 0..5 {
        // Envoy keeps them while each has open streams.
        let kept = vm.http_stream(last, &peer(FRONTEND), get("/events")).unwrap();
        assert_eq!(vm.request_headers(kept).unwrap(), HttpOutcome::Continue);
        let next = configure(&mut vm, bulky(7_200_000, generation, "http", vec![]));
        vm.retire(std::mem::replace(&mut last, next));
    }
    vm.take_logs();
    vm.answer_call(of_stream, yes("http")).unwrap();
    vm.answer_call(of_connection, yes("grpc")).unwrap();
    let answer = denied(vm.outcome(stream).unwrap());
    assert_eq!(
        (answer.code, &*answer.body),
        (403, b"RBAC: access denied".as_slice())
    );
    let record = vm.record(connection).unwrap();
    assert_eq!(
        (record.to_upstream(), record.closed_by()),
        (Vec::new(), Some(CloseReason::Module))
    );
    let logs = vm.take_logs();
    let why = |line: &&peerwarden_host::LogLine| line.message.contains("which is no longer kept");
    assert_eq!(logs.iter().filter(why).count(), 2, "{logs:?}");
    assert_eq!((vm.failure(), vm.violations()), (None, [].as_slice()));
}

/// Nobody can be asked again about a request that waits: the answer is a whole one, of which a client reads no part as the next response.
#[test]
fn a_yes_of_one_whom_newer_policies_do_not_name_is_denied_with_a_status() {
    let mut vm = Vm::new(module(), options()).unwrap();
    let first = configure(&mut vm, asking("http", "grpc"));
    let (stream, token) = request(&mut vm, first, FRONTEND);
    let second = configure(&mut vm, asking("http", "http"));
    vm.retire(first);
    vm.answer_call(token, yes("grpc")).unwrap();
    let answer = denied(vm.outcome(stream).unwrap());
    assert_eq!((answer.code, answer.details.as_str()), (403, "ext_authz_error"));
    assert_eq!(vm.failure(), None);
    vm.retire(second);
}
