//! While an authorizer is being called.

use std::time::Duration;

use peerwarden_host::{HttpOutcome, VmOptions};
use serde_json::json;

use super::{asking, configuration, custom, hold, response};
use crate::fixture::{FRONTEND, ask, denied, get, peer, vm_with};

#[test]
fn nothing_passes_and_others_are_served() {
    let (mut vm, plugin) = asking("http");
    let stream = vm.http_stream(plugin, &peer(FRONTEND), get("/admin")).unwrap();
    assert_eq!(vm.request_headers(stream).unwrap(), HttpOutcome::Paused);
    let token = vm.callouts().last().unwrap().token;
    vm.request_body(stream, b"secret", true).unwrap();
    assert_eq!(vm.body_of(stream).unwrap(), b"");
    let open = ask(&mut vm, plugin, &peer(FRONTEND), get("/open"));
    assert_eq!(open, HttpOutcome::Continue);
    vm.answer_call(token, response("200", &[], "")).unwrap();
    assert_eq!(vm.outcome(stream).unwrap(), HttpOutcome::Continue);
    assert_eq!(vm.body_of(stream).unwrap(), b"secret");
    assert_eq!(vm.violations(), []);
}

#[test]
fn answers_find_the_request_that_asked() {
    let (mut vm, plugin) = asking("grpc");
    let held: Vec<_> = (0..20).map(|_| hold(&mut vm, plugin, get("/admin"))).collect();
    for (index, (stream, token, _)) in held.iter().enumerate().rev() {
        let answer = if index % 2 == 0 {
            b"\x0a\x00".to_vec()
        } else {
            b"\x0a\x02\x08\x07".to_vec()
        };
        vm.answer_call(*token, peerwarden_host::CalloutResponse::Grpc(answer))
            .unwrap();
        let passed = vm.outcome(*stream).unwrap() == HttpOutcome::Continue;
        assert_eq!(passed, index % 2 == 0);
    }
    assert_eq!(vm.violations(), []);
}

#[test]
fn a_slow_authorizer_is_given_up() {
    let (mut vm, plugin) = asking("http");
    let (stream, _, _) = hold(&mut vm, plugin, get("/admin"));
    vm.advance(Duration::from_millis(1_999));
    assert_eq!(vm.outcome(stream).unwrap(), HttpOutcome::Paused);
    vm.advance(Duration::from_millis(2));
    assert_eq!(denied(vm.outcome(stream).unwrap()).details, "ext_authz_error");
}

#[test]
fn whoever_hangs_up_leaves_nothing_behind() {
    for provider in ["http", "grpc"] {
        let (mut vm, plugin) = asking(provider);
        let hang_up = |vm: &mut peerwarden_host::Vm| {
            let (stream, token, request) = hold(vm, plugin, get("/admin"));
            vm.close(stream).unwrap();
            let late = match request {
                peerwarden_host::CalloutRequest::Http { .. } => response("200", &[], ""),
                peerwarden_host::CalloutRequest::Grpc { .. } => {
                    peerwarden_host::CalloutResponse::Grpc(b"\x0a\x00".to_vec())
                }
            };
            vm.answer_call(token, late).unwrap();
        };
        for _ in 0..200 {
            hang_up(&mut vm);
        }
        let before = vm.memory_size();
        for _ in 0..2_000 {
            hang_up(&mut vm);
        }
        assert_eq!(vm.memory_size(), before, "{provider}");
        assert_eq!(vm.failure(), None);
        assert_eq!(vm.violations(), []);
    }
}

#[test]
fn a_cluster_that_envoy_does_not_have_denies() {
    for (provider, details) in [("http", "ext_authz_error"), ("grpc", "ext_authz_error")] {
        let configuration = configuration("http", json!([custom(provider)]));
        let (mut vm, plugin) = vm_with(VmOptions::default(), configuration);
        let said = denied(ask(&mut vm, plugin, &peer(FRONTEND), get("/admin")));
        assert_eq!(said.details, details);
        let logged = vm
            .logs()
            .iter()
            .any(|line| line.message.contains("Envoy has no cluster"));
        assert!(logged, "{:?}", vm.logs());
        let open = configuration_open(provider);
        let (mut vm, plugin) = vm_with(VmOptions::default(), open);
        assert_eq!(
            ask(&mut vm, plugin, &peer(FRONTEND), get("/admin")),
            HttpOutcome::Continue
        );
    }
}

fn configuration_open(provider: &str) -> Vec<u8> {
    configuration("http", json!([custom(&format!("{provider}-open"))]))
}

#[test]
fn a_provider_that_nobody_defines_denies_as_istio_does_and_says_so() {
    let (mut vm, plugin) = asking("nobody");
    let said = denied(ask(&mut vm, plugin, &peer(FRONTEND), get("/admin")));
    assert_eq!(
        (said.code, said.body.as_slice()),
        (403, b"RBAC: access denied".as_slice())
    );
    let open = ask(&mut vm, plugin, &peer(FRONTEND), get("/open"));
    assert_eq!(open, HttpOutcome::Continue);
    let logged = vm
        .logs()
        .iter()
        .any(|line| line.message.contains("no extension provider `nobody`"));
    assert!(logged, "{:?}", vm.logs());
}
