//! The effect of each answer.

use peerwarden_host::{CalloutRequest, CalloutResponse, HttpOutcome};
use serde_json::json;

use super::{asking, configuration, custom, hold, options, response, values};
use crate::fixture::{FRONTEND, ask, denied, get, peer, policy, vm_with};

#[test]
fn an_http_authorizer_gets_the_request_and_no_more_of_its_headers_than_it_should() {
    let (mut vm, plugin) = asking("http");
    let mut request = get("/admin?x=1");
    for (name, value) in [
        ("x-team", "blue"),
        ("x-team", "red"),
        ("x-a-1", " one\t"),
        ("x-mesh", "forged"),
        ("x-secret", "no"),
        ("authorization", "Bearer t"),
        ("content-length", "12"),
    ] {
        request.headers.push((name.into(), value.into()));
    }
    let (_, _, CalloutRequest::Http { headers, body, .. }) = hold(&mut vm, plugin, request) else {
        panic!("no HTTP call");
    };
    assert_eq!(body, b"");
    for (name, expected) in [
        (":method", vec!["GET"]),
        (":path", vec!["/check/admin?x=1"]),
        (":authority", vec!["orders.shop"]),
        ("x-team", vec!["blue", "red"]),
        ("x-a-1", vec!["one"]),
        ("x-mesh", vec!["shop"]),
        ("x-secret", vec![]),
        ("authorization", vec!["Bearer t"]),
        ("content-length", vec!["0"]),
    ] {
        assert_eq!(values(&headers, name), expected, "{name}");
    }
    assert_eq!(vm.violations(), []);
}

/// As rules see it, so that a client cannot send the authorizer a value that the module reads differently.
#[test]
fn a_grpc_authorizer_gets_values_without_the_blanks_around_them() {
    let (mut vm, plugin) = asking("grpc");
    let mut request = get("/admin?x=1");
    for (name, value) in [
        ("x-team", " blue"),
        ("x-team", "red \t"),
        ("x-inner", "\ta  b "),
        ("x-empty", " \t "),
        ("x-request-id", " 7 "),
        ("content-length", " 12 "),
    ] {
        request.headers.push((name.into(), value.into()));
    }
    let (_, _, CalloutRequest::Grpc { message, .. }) = hold(&mut vm, plugin, request) else {
        panic!("no gRPC call");
    };
    let has = |part: &[u8]| message.windows(part.len()).any(|window| window == part);
    let header = |name: &str, value: &str| {
        // proto3 omits empty fields.
        let value = if value.is_empty() {
            Vec::new()
        } else {
            field(2, value.as_bytes())
        };
        field(3, &[field(1, name.as_bytes()), value].concat())
    };
    for (name, value) in [
        ("x-team", "blue,red"),
        ("x-inner", "a  b"),
        ("x-empty", ""),
        ("x-request-id", "7"),
        ("content-length", "12"),
        // Without blanks everything arrives unchanged.
        (":path", "/admin?x=1"),
    ] {
        assert!(
            has(&header(name, value)),
            "{name}: {}",
            String::from_utf8_lossy(&message)
        );
    }
    assert!(has(&field(1, b"7")), "the id of the request");
    for blank in ["blue ", " blue", "red ", " red", "\ta  b", "a  b "] {
        assert!(!has(blank.as_bytes()), "{blank:?}");
    }
    assert_eq!(vm.violations(), []);
}

#[test]
fn a_yes_changes_the_request_and_the_response() {
    let (mut vm, plugin) = asking("http");
    let mut request = get("/admin");
    request.headers.push(("x-user".into(), "forged".into()));
    let (stream, token, _) = hold(&mut vm, plugin, request);
    let yes = response(
        "200",
        &[("x-user", "alice"), ("x-seen", "yes"), ("x-other", "no")],
        "",
    );
    vm.answer_call(token, yes).unwrap();
    assert_eq!(vm.outcome(stream).unwrap(), HttpOutcome::Continue);
    let headers = vm.headers_of(stream).unwrap().clone();
    assert_eq!(values(&headers, "x-user"), ["alice"]);
    assert_eq!(values(&headers, "x-other"), [""; 0]);
    let from_upstream = vec![(b":status".to_vec(), b"200".to_vec())];
    vm.response_headers(stream, from_upstream, true).unwrap();
    let headers = vm.response_headers_of(stream).unwrap().unwrap();
    assert_eq!(values(headers, "x-seen"), ["yes"]);
    assert_eq!(vm.violations(), []);
}

#[test]
fn a_no_is_told_to_the_client_as_the_authorizer_puts_it() {
    let (mut vm, plugin) = asking("http");
    let (stream, token, _) = hold(&mut vm, plugin, get("/admin"));
    let no = response(
        "401",
        &[
            ("x-why", "no session"),
            ("x-other", "no"),
            ("www-authenticate", "Basic"),
        ],
        "log in first",
    );
    vm.answer_call(token, no).unwrap();
    let said = denied(vm.outcome(stream).unwrap());
    assert_eq!(
        (said.code, said.details.as_str(), said.body.as_slice()),
        (401, "ext_authz_denied", b"log in first".as_slice())
    );
    assert_eq!(values(&said.headers, "x-why"), ["no session"]);
    assert_eq!(values(&said.headers, "www-authenticate"), ["Basic"]);
    assert_eq!(values(&said.headers, "x-other"), [""; 0]);
    assert_eq!(vm.violations(), []);
}

/// Later policies see what the authorizer adds; an allow is no more than that.
#[test]
fn the_other_policies_judge_the_request_as_it_goes_on() {
    let banned = policy(
        "banned",
        "DENY",
        json!([{"when": [{"key": "request.headers[x-user]", "values": ["mallory"]}]}]),
    );
    let (mut vm, plugin) = vm_with(options(), configuration("http", json!([custom("http"), banned])));
    for (user, passes) in [("alice", true), ("mallory", false)] {
        let (stream, token, _) = hold(&mut vm, plugin, get("/admin"));
        vm.answer_call(token, response("200", &[("x-user", user)], ""))
            .unwrap();
        let outcome = vm.outcome(stream).unwrap();
        if passes {
            assert_eq!(outcome, HttpOutcome::Continue);
        } else {
            let said = denied(outcome);
            assert_eq!(
                said.details,
                "rbac_access_denied_matched_policy[ns[shop]-policy[banned]-rule[0]]"
            );
        }
    }
}

#[test]
fn no_usable_answer_denies_unless_it_is_said_otherwise() {
    let http = [
        CalloutResponse::Failed,
        response("500", &[], ""),
        response("503", &[], ""),
        response("100", &[], ""),
        response("abc", &[], ""),
        response("99999", &[], ""),
        // Envoy's own, if the client's `content-type` is gRPC's and part of the question.
        response(
            "200",
            &[("content-type", "application/grpc"), ("grpc-status", "14")],
            "",
        ),
        response("200", &[("grpc-status", "14")], ""),
        response("200", &[("content-type", "application/grpc+proto")], ""),
    ];
    let grpc = [
        CalloutResponse::Failed,
        CalloutResponse::GrpcStatus(13, "boom".to_owned()),
        CalloutResponse::Grpc(Vec::new()),
        CalloutResponse::Grpc(b"\xff\xff\xff".to_vec()),
        // `denied_response` with status OK; a change of the query; a header with a line break; an invalid field.
        CalloutResponse::Grpc(b"\x0a\x00\x12\x00".to_vec()),
        CalloutResponse::Grpc(b"\x0a\x00\x1a\x02\x3a\x00".to_vec()),
        CalloutResponse::Grpc(b"\x0a\x00\x1a\x0b\x12\x09\x0a\x07\x0a\x01x\x12\x02\r\n".to_vec()),
        CalloutResponse::Grpc(b"\x08\x01".to_vec()),
    ];
    let cases = http
        .iter()
        .map(|answer| ("http", 503, answer))
        .chain(grpc.iter().map(|answer| ("grpc", 403, answer)));
    for (provider, status, answer) in cases {
        let (mut vm, plugin) = asking(provider);
        let (stream, token, _) = hold(&mut vm, plugin, get("/admin"));
        vm.answer_call(token, answer.clone()).unwrap();
        let said = denied(vm.outcome(stream).unwrap());
        assert_eq!(
            (said.code, said.details.as_str()),
            (status, "ext_authz_error"),
            "{answer:?}"
        );
        assert_eq!(vm.failure(), None, "{answer:?}");
        assert_eq!(vm.violations(), [], "{answer:?}");

        let (mut vm, plugin) = asking(&format!("{provider}-open"));
        let (stream, token, _) = hold(&mut vm, plugin, get("/admin"));
        vm.answer_call(token, answer.clone()).unwrap();
        assert_eq!(vm.outcome(stream).unwrap(), HttpOutcome::Continue, "{answer:?}");
    }
}

/// A field of bytes of a protobuf message: tag, length, bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).unwrap();
    assert!(length < 0x80);
    [&[(number << 3) | 2, length], bytes].concat()
}

#[test]
fn a_grpc_authorizer_may_say_no_in_its_own_words() {
    let (mut vm, plugin) = asking("grpc");
    let (stream, token, _) = hold(&mut vm, plugin, get("/admin"));
    let header = field(1, &[field(1, b"x-why"), field(2, b"session")].concat());
    let response = [field(1, b"\x08\x91\x03"), field(2, &header), field(3, b"log in")];
    let message = [field(1, b"\x08\x07"), field(2, &response.concat())].concat();
    vm.answer_call(token, CalloutResponse::Grpc(message)).unwrap();
    let said = denied(vm.outcome(stream).unwrap());
    assert_eq!((said.code, said.body.as_slice()), (401, b"log in".as_slice()));
    assert_eq!(values(&said.headers, "x-why"), ["session"]);
}

#[test]
fn a_grpc_authorizer_may_set_add_and_remove_headers() {
    let (mut vm, plugin) = asking("grpc");
    let mut request = get("/admin");
    for (name, value) in [("x-set", "client"), ("x-add", "client"), ("x-gone", "client")] {
        request.headers.push((name.into(), value.into()));
    }
    let (stream, token, _) = hold(&mut vm, plugin, request);
    let option = |name: &[u8], value: &[u8], append: &[u8]| {
        let header = field(1, &[field(1, name), field(2, value)].concat());
        field(2, &[header, append.to_vec()].concat())
    };
    let changes = [
        option(b"x-set", b"a", b""),
        option(b"x-add", b"a", &field(2, b"\x08\x01")),
        field(5, b"X-Gone"),
    ];
    let message = [field(1, b""), field(3, &changes.concat())].concat();
    vm.answer_call(token, CalloutResponse::Grpc(message)).unwrap();
    assert_eq!(vm.outcome(stream).unwrap(), HttpOutcome::Continue);
    let headers = vm.headers_of(stream).unwrap().clone();
    assert_eq!(values(&headers, "x-set"), ["a"]);
    assert_eq!(values(&headers, "x-add"), ["client,a"]);
    assert_eq!(values(&headers, "x-gone"), [""; 0]);
}

/// The client must not be able to make an authorizer with `failOpen` fail.
#[test]
fn what_cannot_be_put_to_an_authorizer_is_denied_whatever_fail_open_says() {
    let (mut vm, plugin) = asking("http-open");
    for (name, value) in [(":path", b"/admin\xff".as_slice()), ("x-team", b"\xff")] {
        let mut request = get("/admin");
        request.headers.retain(|(own, _)| own != name.as_bytes());
        request.headers.push((name.into(), value.to_vec()));
        let said = denied(ask(&mut vm, plugin, &peer(FRONTEND), request));
        assert_eq!(said.details, "ext_authz_error", "{name}");
        assert_eq!(vm.callouts().count(), 0);
    }
}

/// Policies and application must read one request: what Envoy would not have let a client write, an authorizer may not write either.
#[test]
fn a_grpc_authorizer_may_not_write_what_is_read_in_two_ways() {
    let answer = |name: &str, value: &str, append: &[u8]| {
        let header = field(
            1,
            &[field(1, name.as_bytes()), field(2, value.as_bytes())].concat(),
        );
        let option = field(2, &[header, append.to_vec()].concat());
        CalloutResponse::Grpc([field(1, b""), field(3, &option)].concat())
    };
    let append = field(2, b"\x08\x01");
    for (name, value, append) in [
        (":path", "/x/../admin", b"".as_slice()),
        (":path", "/admin HTTP/1.1", b""),
        (":path", "/also", &append),
        (":method", "GET /admin", b""),
        (":method", "CONNECT", b""),
        (":authority", "a b", b""),
        ("host", "b", &append),
        (":protocol", "websocket", b""),
    ] {
        let (mut vm, plugin) = asking("grpc");
        let (stream, token, _) = hold(&mut vm, plugin, get("/admin"));
        vm.answer_call(token, answer(name, value, append)).unwrap();
        let said = denied(vm.outcome(stream).unwrap());
        assert_eq!(
            (said.code, said.details.as_str()),
            (403, "ext_authz_error"),
            "{name} {value}"
        );
        assert_eq!(vm.violations(), [], "{name} {value}");
    }
    let (mut vm, plugin) = asking("grpc");
    let (stream, token, _) = hold(&mut vm, plugin, get("/admin"));
    vm.answer_call(token, answer(":path", "/other?x=/../y", b""))
        .unwrap();
    assert_eq!(vm.outcome(stream).unwrap(), HttpOutcome::Continue);
    let headers = vm.headers_of(stream).unwrap().clone();
    assert_eq!(values(&headers, ":path"), ["/other?x=/../y"]);
}

/// A response with this status has no body: a client would read it as the beginning of the next response.
#[test]
fn a_denial_without_content_has_no_body() {
    let (mut vm, plugin) = asking("grpc");
    let (stream, token, _) = hold(&mut vm, plugin, get("/admin"));
    let response = [field(1, b"\x08\xcc\x01"), field(3, b"denied")];
    let message = [field(1, b"\x08\x07"), field(2, &response.concat())].concat();
    vm.answer_call(token, CalloutResponse::Grpc(message)).unwrap();
    let said = denied(vm.outcome(stream).unwrap());
    assert_eq!((said.code, said.body.as_slice()), (204, b"".as_slice()));
}
