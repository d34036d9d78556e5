//! Requests: the results of callbacks, their host calls, and the effects.

use peerwarden_host::{Connection, HttpOutcome, LocalResponse, StreamError, VmOptions};

use crate::fixture::{Literals, ask, get, module, notes, start, violations};

fn headers(functions: &str) -> String {
    format!(r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) {functions})"#)
}

#[test]
fn what_callbacks_return() {
    // `FilterHeadersStatus`: 2 is an old value for continue; unknown numbers stop.
    for (result, expected) in [
        (0, HttpOutcome::Continue),
        (1, HttpOutcome::Paused),
        (2, HttpOutcome::Continue),
        (4, HttpOutcome::Paused),
        (99, HttpOutcome::Paused),
    ] {
        let module = module(&Literals::new(), &headers(&format!("(i32.const {result})")));
        let (mut vm, plugin) = start(&module, VmOptions::default());
        assert_eq!(ask(&mut vm, plugin, get("/")), expected, "{result}");
    }
}

#[test]
fn a_module_without_callbacks_lets_everything_pass() {
    let (mut vm, plugin) = start(&module(&Literals::new(), ""), VmOptions::default());
    assert_eq!(ask(&mut vm, plugin, get("/")), HttpOutcome::Continue);
    assert!(vm.accounting().is_empty());
}

#[test]
fn a_local_response_stops_whatever_is_returned_and_passes_the_module_again() {
    let mut texts = Literals::new();
    let (details, body, set) = (texts.put("not\tfor you"), texts.put("no"), texts.put("x-more"));
    let extra = texts.put(b"\x01\0\0\0\x03\0\0\0\x01\0\0\0X-A\0b\0");
    let second = "(i32.const 0) (i32.const 0)";
    let functions = headers(&format!(
        r#"(call $note (call $respond (i32.const 403) {details} {body} {extra} (i32.const 7)))
           (call $note (call $respond (i32.const 500) {second} {second} {second} (i32.const -1)))
           (i32.const 0)"#
    )) + &format!(
        r#"(func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
               (call $note (local.get 1)) (call $note (local.get 2))
               (call $note (call $add_header (i32.const 2) {set} {body})) (i32.const 0))
           (func (export "proxy_on_response_body") (param i32 i32 i32) (result i32)
               (call $note (local.get 1)) (call $note (local.get 2)) (i32.const 0))"#
    );
    let (mut vm, plugin) = start(&module(&texts, &functions), VmOptions::default());
    let stream = vm.http_stream(plugin, &Connection::default(), get("/")).unwrap();
    let expected = LocalResponse {
        code: 403,
        details: "not_for_you".into(),
        body: b"no".to_vec(),
        headers: vec![(b"x-a".to_vec(), b"b".to_vec())],
        grpc_status: 7,
    };
    assert_eq!(
        vm.request_headers(stream).unwrap(),
        HttpOutcome::LocalResponse(expected)
    );
    // Four headers, not the end; a body of two bytes, the end.
    assert_eq!(notes(&mut vm), ["0", "0", "4", "0", "0", "2", "1"]);
    let headers = vm.response_headers_of(stream).unwrap().unwrap();
    let names: Vec<_> = headers
        .iter()
        .map(|(name, _)| String::from_utf8_lossy(name))
        .collect();
    assert_eq!(
        names,
        [":status", "content-length", "content-type", "x-a", "x-more"]
    );
    assert_eq!(violations(&mut vm), Vec::<String>::new());
}

#[test]
fn headers_of_an_answer_that_are_malformed_count_as_none() {
    let mut texts = Literals::new();
    let bad = texts.put(b"\x09\0\0\0");
    let none = "(i32.const 0) (i32.const 0)";
    let functions = headers(&format!(
        "(call $note (call $respond (i32.const 403) {none} {none} {bad} (i32.const -1))) (i32.const 1)"
    ));
    let (mut vm, plugin) = start(&module(&texts, &functions), VmOptions::default());
    let HttpOutcome::LocalResponse(response) = ask(&mut vm, plugin, get("/")) else {
        panic!()
    };
    assert_eq!((response.code, response.headers.len()), (403, 0));
    assert!(violations(&mut vm)[0].contains("malformed"));
}

#[test]
fn a_reset_and_a_response_where_there_is_no_request() {
    let (mut vm, plugin) = start(
        &module(
            &Literals::new(),
            &headers("(call $note (call $close (i32.const 0))) (i32.const 1)"),
        ),
        VmOptions::default(),
    );
    assert_eq!(ask(&mut vm, plugin, get("/")), HttpOutcome::Reset);

    let none = "(i32.const 0) (i32.const 0)";
    let body = format!(
        r#"(func (export "proxy_on_new_connection") (param i32) (result i32)
               (call $note (call $respond (i32.const 403) {none} {none} {none} (i32.const -1))) (i32.const 0))"#
    );
    let (mut vm, plugin) = start(&module(&Literals::new(), &body), VmOptions::default());
    let connection = vm
        .tcp_connection(plugin, &Connection::default(), Default::default())
        .unwrap();
    assert_eq!(notes(&mut vm), ["0"], "Envoy says Ok");
    assert!(!vm.record(connection).unwrap().closed());
    assert!(violations(&mut vm)[0].contains("no request"));
}

#[test]
fn header_maps_have_each_line_and_single_values_the_first() {
    let mut texts = Literals::new();
    let (a, b, path, upper) = (
        texts.put("x-a"),
        texts.put("x-b"),
        texts.put(":path"),
        texts.put("X-A"),
    );
    let functions = headers(&format!(
        r#"(call $note (call $header (i32.const 0) {upper} $out)) (call $result)
           (call $note (call $header (i32.const 0) {b} $out))
           (drop (call $headers (i32.const 0) $out)) (call $note (i32.load (i32.load (i32.const 100))))
           (call $note (call $add_header (i32.const 0) {upper} {b}))
           (call $note (call $replace_header (i32.const 0) {path} {b}))
           (call $note (call $remove_header (i32.const 0) {b}))
           (i32.const 0)"#
    ));
    let _ = a;
    let (mut vm, plugin) = start(&module(&texts, &functions), VmOptions::default());
    let mut request = get("/");
    let line = |name: &str, value: &str| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
    request.headers.extend([line("x-a", "1"), line("x-a", "2")]);
    let stream = vm.http_stream(plugin, &Connection::default(), request).unwrap();
    vm.request_headers(stream).unwrap();
    assert_eq!(notes(&mut vm), ["0", "1", "1", "6", "0", "0", "0"]);
    let headers = vm.headers_of(stream).unwrap();
    assert_eq!(
        headers[3],
        line(":path", "x-b"),
        "a pseudo-header stays ahead: {headers:?}"
    );
    assert_eq!(
        headers[4..],
        [line("x-a", "1"), line("x-a", "2"), line("x-a", "x-b")]
    );
}

#[test]
fn a_whole_map_is_replaced_and_a_malformed_one_empties_it() {
    let mut texts = Literals::new();
    let new = texts.put(b"\x01\0\0\0\x03\0\0\0\x01\0\0\0X-A\0b\0");
    let bad = texts.put(b"\x01\0\0\0\x03\0\0\0\x01\0\0\0X-A\0b!");
    for (map, lines, wrong) in [
        (new, vec![(b"x-a".to_vec(), b"b".to_vec())], 0),
        (bad, Vec::new(), 1),
    ] {
        let functions = headers(&format!(
            "(call $note (call $set_headers (i32.const 0) {map})) (i32.const 0)"
        ));
        let (mut vm, plugin) = start(&module(&texts, &functions), VmOptions::default());
        let stream = vm.http_stream(plugin, &Connection::default(), get("/")).unwrap();
        vm.request_headers(stream).unwrap();
        assert_eq!(notes(&mut vm), ["0"]);
        assert_eq!(vm.headers_of(stream).unwrap(), &lines);
        assert_eq!(violations(&mut vm).len(), wrong);
    }
}

#[test]
fn what_the_module_sets_is_filter_state_with_a_prefix() {
    let mut texts = Literals::new();
    let (name, value) = (texts.put("decision"), texts.put("allow"));
    let functions = headers(&format!(
        "(call $note (call $set_property {name} {value})) (call $note (call $get_property {name} $out)) (call $result)
         (i32.const 0)"
    ));
    let (mut vm, plugin) = start(&module(&texts, &functions), VmOptions::default());
    let stream = vm.http_stream(plugin, &Connection::default(), get("/")).unwrap();
    assert_eq!(vm.filter_state(stream, "wasm.decision"), None);
    vm.request_headers(stream).unwrap();
    assert_eq!(notes(&mut vm), ["0", "0", "allow"]);
    assert_eq!(
        vm.filter_state(stream, "wasm.decision"),
        Some(b"allow".as_slice())
    );
    assert_eq!(vm.filter_state(stream, "decision"), None);
    vm.close(stream).unwrap();
    assert_eq!(vm.filter_state(stream, "wasm.decision"), None);
}

#[test]
fn a_context_is_made_with_the_headers_and_for_the_log_at_the_latest() {
    let body = headers("(call $note (i32.const 2)) (i32.const 0)")
        + r#"(func (export "proxy_on_context_create") (param i32 i32) (call $note (i32.const 1)))
             (func (export "proxy_on_log") (param i32) (call $note (i32.const 3)))
             (func (export "proxy_on_done") (param i32) (result i32) (call $note (i32.const 4)) (i32.const 1))
             (func (export "proxy_on_delete") (param i32) (call $note (i32.const 5)))"#;
    let (mut vm, plugin) = start(&module(&Literals::new(), &body), VmOptions::default());
    notes(&mut vm);
    let stream = vm.http_stream(plugin, &Connection::default(), get("/")).unwrap();
    assert_eq!(notes(&mut vm), Vec::<String>::new());
    vm.request_headers(stream).unwrap();
    assert!(matches!(
        vm.request_headers(stream),
        Err(StreamError::OutOfOrder(_))
    ));
    vm.close(stream).unwrap();
    assert_eq!(notes(&mut vm), ["1", "2", "3", "4", "5"]);
    let refused_before = vm.http_stream(plugin, &Connection::default(), get("/")).unwrap();
    vm.close(refused_before).unwrap();
    assert_eq!(notes(&mut vm), ["1", "3", "4", "5"]);
}
