//! Bodies and trailers: what is held, what continues, and what a module may change.

use peerwarden_host::{Connection, HttpOutcome, HttpStreamId, Request, Vm, VmOptions};

use crate::fixture::{Literals, get, module, notes, start};

fn stream(functions: &str) -> (Vm, HttpStreamId) {
    let (mut vm, plugin) = start(&module(&Literals::new(), functions), VmOptions::default());
    let request = Request {
        end_of_stream: false,
        ..get("/")
    };
    let stream = vm.http_stream(plugin, &Connection::default(), request).unwrap();
    assert_eq!(vm.request_headers(stream).unwrap(), HttpOutcome::Continue);
    (vm, stream)
}

/// Notes size and end of each piece of a body, and returns `result` before its end.
fn body(result: u32) -> String {
    format!(
        r#"(func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
               (call $note (local.get 1)) (call $note (local.get 2))
               (call $note (call $buffer (i32.const 0) (i32.const 1) (i32.const -1) $out)) (call $result)
               (if (result i32) (local.get 2) (then (i32.const 0)) (else (i32.const {result}))))"#
    )
}

#[test]
fn pieces_that_go_on_are_gone_and_held_ones_add_up() {
    let (mut vm, id) = stream(&body(0));
    assert_eq!(vm.request_body(id, b"abc", false).unwrap(), HttpOutcome::Continue);
    assert_eq!(vm.request_body(id, b"de", true).unwrap(), HttpOutcome::Continue);
    assert_eq!(notes(&mut vm), ["3", "0", "0", "bc", "2", "1", "0", "e"]);
    assert_eq!(vm.body_of(id).unwrap(), b"abcde");

    let (mut vm, id) = stream(&body(1));
    assert_eq!(vm.request_body(id, b"abc", false).unwrap(), HttpOutcome::Paused);
    assert_eq!(vm.body_of(id).unwrap(), b"");
    assert_eq!(vm.request_body(id, b"de", true).unwrap(), HttpOutcome::Continue);
    assert_eq!(notes(&mut vm), ["3", "0", "0", "bc", "5", "1", "0", "bcde"]);
    assert_eq!(vm.body_of(id).unwrap(), b"abcde");

    // `StopIterationNoBuffer`.
    let (mut vm, id) = stream(&body(3));
    vm.request_body(id, b"abc", false).unwrap();
    vm.request_body(id, b"de", true).unwrap();
    assert_eq!(vm.body_of(id).unwrap(), b"de");
}

#[test]
fn a_body_is_prepended_replaced_or_appended_but_not_cut() {
    let mut texts = Literals::new();
    let new = texts.put("+");
    let with = |place: &str| {
        let functions = format!(
            r#"(func (export "proxy_on_response_body") (param i32 i32 i32) (result i32)
                   (call $note (call $set_buffer (i32.const 1) {place} {new})) (i32.const 0))"#
        );
        let (mut vm, plugin) = start(&module(&texts, &functions), VmOptions::default());
        let stream = vm.http_stream(plugin, &Connection::default(), get("/")).unwrap();
        vm.request_headers(stream).unwrap();
        vm.response_headers(stream, vec![(b":status".to_vec(), b"200".to_vec())], false)
            .unwrap();
        vm.response_body(stream, b"abc", true).unwrap();
        (
            notes(&mut vm)[0].clone(),
            String::from_utf8_lossy(vm.response_body_of(stream).unwrap()).into_owned(),
        )
    };
    let expected = |status: &str, body: &str| (status.to_owned(), body.to_owned());
    assert_eq!(with("(i32.const 0) (i32.const 0)"), expected("0", "+abc"));
    assert_eq!(with("(i32.const 0) (i32.const -1)"), expected("0", "+"));
    assert_eq!(with("(i32.const 3) (i32.const 0)"), expected("0", "abc+"));
    assert_eq!(with("(i32.const 9) (i32.const 9)"), expected("0", "abc+"));
    assert_eq!(with("(i32.const 0) (i32.const 1)"), expected("2", "abc"));
    assert_eq!(with("(i32.const 1) (i32.const 1)"), expected("2", "abc"));
}

#[test]
fn trailers_are_there_in_their_callback() {
    let mut texts = Literals::new();
    let name = texts.put("x-sum");
    let functions = format!(
        r#"(func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
               (call $note (call $header (i32.const 1) {name} $out)) (i32.const 0))
           (func (export "proxy_on_request_trailers") (param i32 i32) (result i32)
               (call $note (local.get 1)) (call $note (call $header (i32.const 1) {name} $out)) (call $result)
               (i32.const 0))"#
    );
    let (mut vm, plugin) = start(&module(&texts, &functions), VmOptions::default());
    let stream = vm.http_stream(plugin, &Connection::default(), get("/")).unwrap();
    vm.request_headers(stream).unwrap();
    vm.request_body(stream, b"x", false).unwrap();
    let trailers = vec![(b"x-sum".to_vec(), b"9".to_vec())];
    assert_eq!(
        vm.request_trailers(stream, trailers).unwrap(),
        HttpOutcome::Continue
    );
    assert_eq!(notes(&mut vm), ["2", "1", "0", "9"]);
}
