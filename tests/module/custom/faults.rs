//! Every host call of a question to an authorizer, failing; and random answers.

use peerwarden_host::{CalloutResponse, Fault, FaultEffect, HttpOutcome, VmOptions};
use serde_json::json;

use super::{asking, configuration, custom, hold, options, response};
use crate::fixture::{FRONTEND, get, peer, vm_with};

pub(crate) const FUNCTIONS: [&str; 13] = [
    "proxy_get_header_map_pairs",
    "proxy_get_header_map_value",
    "proxy_get_buffer_bytes",
    "proxy_get_property",
    "proxy_http_call",
    "proxy_grpc_call",
    "proxy_send_local_response",
    "proxy_continue_stream",
    "proxy_add_header_map_value",
    "proxy_remove_header_map_value",
    "proxy_replace_header_map_value",
    "proxy_set_property",
    "proxy_log",
];

/// A denial stays a denial whatever fails around it, and a module that cannot make the changes of an allow lets nothing
/// pass.
#[test]
fn nothing_that_is_refused_passes() {
    for provider in ["http", "grpc"] {
        for function in FUNCTIONS {
            // From the second call on: the first is the configuration's.
            for nth in 2..=12 {
                let fault = Fault {
                    function: function.to_owned(),
                    nth: Some(nth),
                    effect: FaultEffect::Status(10),
                };
                let options = VmOptions {
                    faults: vec![fault],
                    ..options()
                };
                let (mut vm, plugin) = vm_with(options, configuration("http", json!([custom(provider)])));
                let stream = vm.http_stream(plugin, &peer(FRONTEND), get("/admin")).unwrap();
                let outcome = vm.request_headers(stream).unwrap();
                assert_ne!(outcome, HttpOutcome::Continue, "{provider} {function} {nth}");
                let call = vm.callouts().last().map(|call| call.token);
                if let Some(token) = call {
                    let no = match provider {
                        "http" => response("403", &[], ""),
                        _ => CalloutResponse::Grpc(b"\x0a\x02\x08\x07".to_vec()),
                    };
                    vm.answer_call(token, no).unwrap();
                    let outcome = vm.outcome(stream).unwrap();
                    assert_ne!(outcome, HttpOutcome::Continue, "{provider} {function} {nth}");
                }
                assert_eq!(vm.failure(), None, "{provider} {function} {nth}");
            }
        }
    }
}

#[test]
fn a_yes_that_cannot_be_done_is_none() {
    let fault = Fault {
        function: "proxy_replace_header_map_value".to_owned(),
        nth: None,
        effect: FaultEffect::Status(2),
    };
    let options = VmOptions {
        faults: vec![fault],
        ..options()
    };
    let (mut vm, plugin) = vm_with(options, configuration("http", json!([custom("http")])));
    let (stream, token, _) = hold(&mut vm, plugin, get("/admin"));
    vm.answer_call(token, response("200", &[("x-user", "alice")], ""))
        .unwrap();
    assert!(matches!(
        vm.outcome(stream).unwrap(),
        HttpOutcome::LocalResponse(_)
    ));
}

/// Mutations of valid messages, and meaningless bytes: each ends in a verdict, and no refusal becomes an allow.
#[test]
fn answers_of_any_bytes() {
    let (mut vm, plugin) = asking("grpc");
    let mut seed = 1_u64;
    let mut random = move || {
        // A linear congruential generator (Knuth, TAOCP 2, 3.3.4): the same bytes in each run.
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap()
    };
    let no: &[u8] = b"\x0a\x02\x08\x07\x12\x0d\x0a\x03\x08\x91\x03\x1a\x06log in";
    let mut ended = 0;
    for round in 0..3_000 {
        let mut message = no.to_vec();
        if round % 3 == 0 {
            message = (0..random() % 40)
                .map(|_| u8::try_from(random() % 256).unwrap())
                .collect();
        } else {
            for _ in 0..=random() % 3 {
                let place = random() % message.len();
                message[place] = u8::try_from(random() % 256).unwrap();
            }
        }
        let (stream, token, _) = hold(&mut vm, plugin, get("/admin"));
        vm.answer_call(token, CalloutResponse::Grpc(message.clone()))
            .unwrap();
        let outcome = vm.outcome(stream).unwrap();
        assert_ne!(outcome, HttpOutcome::Paused, "{message:?}");
        ended += u32::from(outcome != HttpOutcome::Continue);
        vm.close(stream).unwrap();
        assert_eq!(vm.failure(), None, "{message:?}");
    }
    assert!(ended > 2_000, "{ended}");
}
