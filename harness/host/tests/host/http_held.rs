//! What a module holds, what waits behind it, and how it ends.

use std::time::Duration;

use peerwarden_host::{Connection, Headers, HttpOutcome, HttpStreamId, Request, Vm, VmOptions};

use crate::fixture::{Literals, get, module, notes, start};

const NONE: &str = "(i32.const 0) (i32.const 0)";

fn lines(lines: &[(&str, &str)]) -> Headers {
    let lines = lines.iter();
    lines
        .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
        .collect()
}

/// Notes 1 request headers, 2 body with its size and end, 3 trailers; 4 to 6 the same for the response. `stops` is the
/// one of these that returns `held`; a timer of 5 ms continues stream `continues`, if it is one.
fn watching(stops: u32, held: u32, continues: u32) -> String {
    let callback = |number: u32, name: &str, more: usize, notes: &str| {
        let parameters = "i32 ".repeat(more + 1);
        let result = if number == stops { held } else { 0 };
        format!(
            r#"(func (export "{name}") (param {parameters}) (result i32)
                   (global.set $stream (local.get 0)) (call $note (i32.const {number})) {notes} (i32.const {result}))"#
        )
    };
    let size = "(call $note (local.get 1)) (call $note (local.get 2))";
    [
        r#"(global $stream (mut i32) (i32.const 0))
           (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
               (drop (call $tick (i32.const 5))) (i32.const 1))"#
            .to_owned(),
        format!(
            r#"(func (export "proxy_on_tick") (param i32)
                   (drop (call $effective (global.get $stream)))
                   (drop (call $tick (i32.const 0)))
                   (drop (call $continue (i32.const {continues}))))"#
        ),
        callback(1, "proxy_on_request_headers", 2, ""),
        callback(2, "proxy_on_request_body", 2, size),
        callback(3, "proxy_on_request_trailers", 1, ""),
        callback(4, "proxy_on_response_headers", 2, ""),
        callback(5, "proxy_on_response_body", 2, size),
        callback(6, "proxy_on_response_trailers", 1, ""),
    ]
    .concat()
}

fn stream(functions: &str) -> (Vm, HttpStreamId) {
    let (mut vm, plugin) = start(&module(&Literals::new(), functions), VmOptions::default());
    let request = Request {
        end_of_stream: false,
        ..get("/")
    };
    let stream = vm.http_stream(plugin, &Connection::default(), request).unwrap();
    (vm, stream)
}

fn tick(vm: &mut Vm) {
    vm.advance(Duration::from_millis(5));
}

#[test]
fn headers_that_stop_keep_the_body_and_trailers_back_until_they_go_on() {
    let (mut vm, id) = stream(&watching(1, 1, 0));
    assert_eq!(vm.request_headers(id).unwrap(), HttpOutcome::Paused);
    assert_eq!(vm.request_body(id, b"abc", false).unwrap(), HttpOutcome::Paused);
    assert_eq!(vm.request_body(id, b"de", false).unwrap(), HttpOutcome::Paused);
    assert_eq!(
        vm.request_trailers(id, lines(&[("x", "y")])).unwrap(),
        HttpOutcome::Paused
    );
    assert_eq!(notes(&mut vm), ["1"], "the module sees nothing of it");
    tick(&mut vm);
    assert_eq!(notes(&mut vm), ["2", "5", "0", "3"]);
    assert_eq!(vm.outcome(id).unwrap(), HttpOutcome::Continue);
    assert_eq!(vm.body_of(id).unwrap(), b"abcde");
    // From now on nothing waits.
    vm.request_body(id, b"f", true).unwrap();
    assert_eq!(notes(&mut vm), ["2", "1", "1"]);
}

#[test]
fn so_it_is_with_a_response() {
    let (mut vm, id) = stream(&watching(4, 1, 1));
    vm.request_headers(id).unwrap();
    let headers = lines(&[(":status", "200")]);
    assert_eq!(
        vm.response_headers(id, headers, false).unwrap(),
        HttpOutcome::Paused
    );
    vm.response_body(id, b"abc", true).unwrap();
    vm.response_trailers(id, lines(&[("x", "y")])).unwrap();
    assert_eq!(notes(&mut vm), ["1", "4"]);
    assert_eq!(vm.response_body_of(id).unwrap(), b"");
    tick(&mut vm);
    assert_eq!(notes(&mut vm), ["5", "3", "1", "6"]);
    assert_eq!(vm.response_body_of(id).unwrap(), b"abc");
    assert_eq!(vm.outcome(id).unwrap(), HttpOutcome::Continue);
}

#[test]
fn a_held_body_goes_on_by_a_timer() {
    let (mut vm, id) = stream(&watching(2, 1, 0));
    vm.request_headers(id).unwrap();
    assert_eq!(vm.request_body(id, b"abc", true).unwrap(), HttpOutcome::Paused);
    assert_eq!(vm.body_of(id).unwrap(), b"");
    tick(&mut vm);
    assert_eq!(vm.outcome(id).unwrap(), HttpOutcome::Continue);
    assert_eq!(vm.body_of(id).unwrap(), b"abc");

    let (mut vm, id) = stream(&watching(5, 1, 1));
    vm.request_headers(id).unwrap();
    vm.response_headers(id, lines(&[(":status", "200")]), false)
        .unwrap();
    assert_eq!(vm.response_body(id, b"abc", true).unwrap(), HttpOutcome::Paused);
    assert_eq!(vm.response_body_of(id).unwrap(), b"");
    tick(&mut vm);
    assert_eq!(vm.outcome(id).unwrap(), HttpOutcome::Continue);
    assert_eq!(vm.response_body_of(id).unwrap(), b"abc");
}

#[test]
fn a_held_body_goes_on_with_the_trailers() {
    let (mut vm, id) = stream(&watching(2, 1, 9));
    vm.request_headers(id).unwrap();
    vm.request_body(id, b"abc", false).unwrap();
    assert_eq!(
        vm.request_trailers(id, Headers::new()).unwrap(),
        HttpOutcome::Continue
    );
    assert_eq!(vm.body_of(id).unwrap(), b"abc");

    let (mut vm, id) = stream(&watching(5, 1, 9));
    vm.request_headers(id).unwrap();
    vm.response_headers(id, lines(&[(":status", "200")]), false)
        .unwrap();
    vm.response_body(id, b"abc", false).unwrap();
    assert_eq!(
        vm.response_trailers(id, Headers::new()).unwrap(),
        HttpOutcome::Continue
    );
    assert_eq!(vm.response_body_of(id).unwrap(), b"abc");

    // Trailers that stop hold it too.
    let (mut vm, id) = stream(&watching(3, 1, 0));
    vm.request_headers(id).unwrap();
    assert_eq!(
        vm.request_trailers(id, Headers::new()).unwrap(),
        HttpOutcome::Paused
    );
    tick(&mut vm);
    assert_eq!(vm.outcome(id).unwrap(), HttpOutcome::Continue);
}

/// Answers 403 at the callback `at`, and notes each one.
fn answering(at: u32) -> String {
    let respond =
        format!("(drop (call $respond (i32.const 403) {NONE} {NONE} {NONE} (i32.const -1))) (i32.const 0)");
    // Before the `(i32.const 0)` of the callback that "stops" with 77.
    watching(at, 77, 9).replace("(i32.const 77)", &respond)
}

fn code(outcome: &HttpOutcome) -> u32 {
    match outcome {
        HttpOutcome::LocalResponse(response) => response.code,
        HttpOutcome::Continue | HttpOutcome::Paused | HttpOutcome::Reset => 0,
    }
}

#[test]
fn after_an_answer_nothing_more_is_shown() {
    let (mut vm, id) = stream(&answering(1));
    assert_eq!(code(&vm.request_headers(id).unwrap()), 403);
    // The answer itself passes through the module.
    assert_eq!(notes(&mut vm), ["1", "4"]);
    assert_eq!(code(&vm.request_body(id, b"abc", false).unwrap()), 403);
    assert_eq!(code(&vm.request_trailers(id, Headers::new()).unwrap()), 403);
    let late = lines(&[(":status", "200")]);
    assert_eq!(code(&vm.response_headers(id, late, false).unwrap()), 403);
    assert_eq!(code(&vm.response_body(id, b"abc", false).unwrap()), 403);
    assert_eq!(code(&vm.response_trailers(id, Headers::new()).unwrap()), 403);
    assert_eq!(notes(&mut vm), Vec::<String>::new());
    assert_eq!(vm.body_of(id).unwrap(), b"");
    let headers = vm.response_headers_of(id).unwrap().unwrap();
    assert_eq!(headers, &lines(&[(":status", "403")]));
}

#[test]
fn an_answer_to_a_body_drops_it() {
    let (mut vm, id) = stream(&answering(2));
    vm.request_headers(id).unwrap();
    assert_eq!(code(&vm.request_body(id, b"abc", true).unwrap()), 403);
    assert_eq!(vm.body_of(id).unwrap(), b"");
}

#[test]
fn an_answer_takes_the_place_of_a_response_whose_headers_are_held() {
    let (mut vm, id) = stream(&answering(4));
    vm.request_headers(id).unwrap();
    let headers = lines(&[(":status", "200"), ("x-secret", "1")]);
    assert_eq!(code(&vm.response_headers(id, headers, true).unwrap()), 403);
    assert_eq!(notes(&mut vm), ["1", "4"], "it does not pass the module again");
    assert_eq!(
        vm.response_headers_of(id).unwrap(),
        Some(&lines(&[(":status", "403")]))
    );
}

#[test]
fn an_answer_after_the_responses_headers_went_on_resets() {
    let (mut vm, id) = stream(&answering(5));
    vm.request_headers(id).unwrap();
    let headers = lines(&[(":status", "200")]);
    assert_eq!(
        vm.response_headers(id, headers.clone(), false).unwrap(),
        HttpOutcome::Continue
    );
    assert_eq!(vm.response_body(id, b"secret", true).unwrap(), HttpOutcome::Reset);
    assert_eq!(vm.response_body_of(id).unwrap(), b"");
    assert_eq!(vm.response_headers_of(id).unwrap(), Some(&headers));
}

#[test]
fn response_headers_that_a_timer_let_go_on_are_gone() {
    let respond =
        format!("(drop (call $respond (i32.const 403) {NONE} {NONE} {NONE} (i32.const -1))) (i32.const 0)");
    let headers = "(call $note (i32.const 4))  (i32.const 77)";
    let functions = watching(4, 77, 1);
    assert!(functions.contains(headers), "{functions}");
    let functions = functions
        .replace("(i32.const 77)", "(i32.const 1)")
        .replace("(call $note (local.get 2)) (i32.const 0)", &respond);
    let (mut vm, id) = stream(&functions);
    vm.request_headers(id).unwrap();
    vm.response_headers(id, lines(&[(":status", "200")]), false)
        .unwrap();
    tick(&mut vm);
    assert_eq!(vm.outcome(id).unwrap(), HttpOutcome::Continue);
    assert_eq!(vm.response_body(id, b"abc", true).unwrap(), HttpOutcome::Reset);
}

#[test]
fn a_trap_while_a_response_is_under_way() {
    let trapping = |at| watching(at, 77, 9).replace("(i32.const 77)", "unreachable");
    let headers = || lines(&[(":status", "200")]);
    let (mut vm, id) = stream(&trapping(4));
    vm.request_headers(id).unwrap();
    assert_eq!(code(&vm.response_headers(id, headers(), false).unwrap()), 503);
    assert_eq!(
        vm.response_headers_of(id).unwrap(),
        Some(&lines(&[(":status", "503")]))
    );

    let (mut vm, id) = stream(&trapping(5));
    vm.request_headers(id).unwrap();
    vm.response_headers(id, headers(), false).unwrap();
    assert_eq!(
        vm.response_body(id, b"abc", true).unwrap(),
        HttpOutcome::Reset,
        "too late for a 503"
    );
    assert_eq!(vm.response_body_of(id).unwrap(), b"");
}

#[test]
fn what_is_held_is_lost_with_the_stream() {
    let (mut vm, id) = stream(&watching(1, 1, 0));
    vm.request_headers(id).unwrap();
    vm.request_body(id, b"abc", true).unwrap();
    vm.close(id).unwrap();
    notes(&mut vm);
    tick(&mut vm);
    assert_eq!(notes(&mut vm), Vec::<String>::new());
    assert_eq!(vm.failure(), None);
}
