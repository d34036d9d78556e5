//! The ABI itself: pointers, phases, unknown numbers. Envoy's answers, and the recorded violations.

use peerwarden_host::{Connection, HttpOutcome, VmOptions};

use crate::fixture::{Literals, ask, get, module, notes, start, violations};

/// Runs one host call in the request's headers, and returns its status and the recorded violations.
fn in_headers(texts: &Literals, call: &str) -> (Vec<String>, Vec<String>) {
    let module = module(
        texts,
        &format!(
            r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
                   (call $note {call}) (i32.const 0))"#
        ),
    );
    let (mut vm, plugin) = start(&module, VmOptions::default());
    ask(&mut vm, plugin, get("/"));
    assert_eq!(vm.failure(), None, "{call}");
    (notes(&mut vm), violations(&mut vm))
}

#[track_caller]
fn refused(texts: &Literals, call: &str, status: u32, why: &str) {
    let (notes, violations) = in_headers(texts, call);
    assert_eq!(notes, [status.to_string()], "{call}");
    assert!(
        violations.len() == 1 && violations[0].contains(why),
        "{call}: {violations:?}"
    );
    assert!(
        violations[0].contains("during proxy_on_request_headers"),
        "{violations:?}"
    );
}

#[test]
fn pointers_outside_of_memory() {
    let mut texts = Literals::new();
    let path = texts.put("source\0address");
    for call in [
        "(call $get_property (i32.const -8) (i32.const 16) $out)".to_owned(),
        "(call $get_property (i32.const 0) (i32.const -1) $out)".to_owned(),
        "(call $get_property (i32.const 262140) (i32.const 5) $out)".to_owned(),
        format!("(call $get_property {path} (i32.const 262141) (i32.const 104))"),
        format!("(call $get_property {path} (i32.const 100) (i32.const -4))"),
        "(call $log (i32.const 2) (i32.const 262144) (i32.const 1))".to_owned(),
        "(call $time (i32.const 262140))".to_owned(),
        format!("(call $define (i32.const 0) {path} (i32.const -2))"),
    ] {
        refused(&texts, &call, 6, "memory");
    }
    let (notes, violations) = in_headers(
        &texts,
        "(call $log (i32.const 2) (i32.const 262144) (i32.const 0))",
    );
    assert_eq!(
        (notes, violations.len()),
        (vec![String::new(), "0".into()], 0),
        "no bytes are nowhere"
    );
}

#[test]
fn numbers_that_mean_nothing() {
    let mut texts = Literals::new();
    let name = texts.put("n");
    for (call, status, why) in [
        (
            "(call $log (i32.const 6) (i32.const 0) (i32.const 1))".to_owned(),
            2,
            "log level 6",
        ),
        (
            "(call $buffer (i32.const 9) (i32.const 0) (i32.const 1) $out)".to_owned(),
            2,
            "buffer type 9",
        ),
        (
            "(call $headers (i32.const 8) $out)".to_owned(),
            2,
            "header map type 8",
        ),
        ("(call $continue (i32.const 4))".to_owned(), 2, "stream type 4"),
        ("(call $close (i32.const 4))".to_owned(), 2, "stream type 4"),
        (
            "(call $continue (i32.const 3))".to_owned(),
            12,
            "cannot resume upstream",
        ),
        ("(call $effective (i32.const 77))".to_owned(), 2, "context 77"),
        (
            format!("(call $define (i32.const 3) {name} (i32.const 100))"),
            2,
            "kind 3",
        ),
        (
            "(call $increment (i32.const 4) (i64.const 1))".to_owned(),
            1,
            "metric 4",
        ),
        (
            "(call $metric (i32.const 6) (i32.const 100))".to_owned(),
            2,
            "metric 6",
        ),
        ("(call $grpc_cancel (i32.const 5))".to_owned(), 1, "call 5"),
        (
            "(call $grpc_cancel (i32.const 4))".to_owned(),
            2,
            "not a token of a gRPC call",
        ),
        (format!("(call $enqueue (i32.const 9) {name})"), 1, "queue 9"),
        ("(call $done)".to_owned(), 1, "waits"),
    ] {
        refused(&texts, &call, status, why);
    }
}

#[test]
fn what_is_not_there_in_this_callback() {
    let mut texts = Literals::new();
    let name = texts.put("name");
    for (call, status, why) in [
        (
            "(call $buffer (i32.const 7) (i32.const 0) (i32.const -1) $out)".to_owned(),
            1,
            "buffer 7",
        ),
        (
            "(call $buffer (i32.const 4) (i32.const 0) (i32.const -1) $out)".to_owned(),
            1,
            "buffer 4",
        ),
        (
            "(call $buffer (i32.const 2) (i32.const 0) (i32.const -1) $out)".to_owned(),
            0,
            "buffer 2",
        ),
        ("(call $headers (i32.const 2) $out)".to_owned(), 0, "header map 2"),
        (
            format!("(call $header (i32.const 2) {name} $out)"),
            2,
            "header map 2",
        ),
        (
            format!("(call $add_header (i32.const 1) {name} {name})"),
            2,
            "header map 1",
        ),
        ("(call $continue (i32.const 2))".to_owned(), 0, "stream of type 2"),
        ("(call $close (i32.const 3))".to_owned(), 0, "stream of type 3"),
    ] {
        refused(&texts, &call, status, why);
    }
}

#[test]
fn texts_that_are_no_utf_8_are_taken_and_recorded() {
    let mut texts = Literals::new();
    let bytes = texts.put(b"\xff\xfe");
    let (notes, violations) = in_headers(&texts, &format!("(call $get_property {bytes} $out)"));
    assert_eq!(notes, ["1"]);
    assert!(violations[0].contains("UTF-8"), "{violations:?}");
}

#[test]
fn unknown_foreign_functions_are_not_found_and_known_ones_not_simulated() {
    let mut texts = Literals::new();
    let unknown = texts.put("no_such_function");
    let known = texts.put("verify_signature");
    let nothing = "(i32.const 0) (i32.const 0)";
    let (notes, _) = in_headers(&texts, &format!("(call $foreign {unknown} {nothing} $out)"));
    assert_eq!(notes, ["1"]);
    refused(
        &texts,
        &format!("(call $foreign {known} {nothing} $out)"),
        12,
        "verify_signature",
    );
}

#[test]
fn an_empty_value_is_a_null_pointer_and_ok() {
    let mut texts = Literals::new();
    let path = texts.put("plugin_vm_id");
    let call = format!(
        "(block (result i32)
            (i32.store (i32.const 100) (i32.const 9)) (i32.store (i32.const 104) (i32.const 9))
            (call $note (call $get_property {path} $out)) (call $note (i32.load (i32.const 100)))
            (i32.load (i32.const 104)))"
    );
    assert_eq!(
        in_headers(&texts, &call),
        (vec!["0".into(), "0".into(), "0".into()], vec![])
    );
}

#[test]
fn headers_before_a_request_are_nowhere() {
    let module = module(
        &Literals::new(),
        r#"(func (export "proxy_on_vm_start") (param i32 i32) (result i32)
               (call $note (call $headers (i32.const 0) $out)) (i32.const 1))"#,
    );
    let (mut vm, _) = start(&module, VmOptions::default());
    assert_eq!(notes(&mut vm), ["0"]);
    assert_eq!(
        violations(&mut vm),
        ["proxy_get_header_map_pairs during proxy_on_vm_start: header map 0 is not there now"]
    );
}

#[test]
fn the_effective_context_lasts_for_a_callback_and_0_gives_it_back() {
    let mut texts = Literals::new();
    let path = texts.put("request\0path");
    let tick = format!(
        r#"(global $stream (mut i32) (i32.const 0))
           (func (export "proxy_on_configure") (param i32 i32) (result i32)
               (drop (call $tick (i32.const 10))) (i32.const 1))
           (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
               (global.set $stream (local.get 0)) (i32.const 1))
           (func (export "proxy_on_tick") (param i32)
               (call $note (call $get_property {path} $out))
               (call $note (call $effective (global.get $stream)))
               (call $note (call $get_property {path} $out)) (call $result)
               (call $note (call $effective (i32.const 0)))
               (call $note (call $get_property {path} $out)))"#
    );
    let (mut vm, plugin) = start(&module(&texts, &tick), VmOptions::default());
    let stream = vm
        .http_stream(plugin, &Connection::default(), get("/held"))
        .unwrap();
    assert_eq!(vm.request_headers(stream).unwrap(), HttpOutcome::Paused);
    for _ in 0..2 {
        vm.advance(std::time::Duration::from_millis(10));
        assert_eq!(notes(&mut vm), ["1", "0", "0", "/held", "0", "1"]);
    }
}

#[test]
fn what_callbacks_cost_is_recorded_until_taken_and_can_be_left_out() {
    let mut texts = Literals::new();
    let path = texts.put("request\0method");
    let body = format!(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
               (drop (call $get_property {path} $out)) (drop (call $get_property {path} $out)) (i32.const 0))"#
    );
    let module = module(&texts, &body);
    let (mut vm, plugin) = start(&module, VmOptions::default());
    ask(&mut vm, plugin, get("/"));
    let records = vm.take_accounting();
    assert_eq!(records.len(), 1);
    let record = &records[0];
    assert_eq!((record.callback, record.calls()), ("proxy_on_request_headers", 2));
    assert_eq!(record.host_calls["proxy_get_property"], 2);
    // `request\0method` out; `GET`, its pointer and its size in.
    assert_eq!((record.bytes_out, record.bytes_in), (2 * 14, 2 * (3 + 4 + 4)));
    assert!(record.fuel > 0);
    assert!(vm.accounting().is_empty());

    let options = VmOptions {
        accounting: false,
        ..VmOptions::default()
    };
    let (mut vm, plugin) = start(&module, options);
    ask(&mut vm, plugin, get("/"));
    assert!(vm.accounting().is_empty());
}
