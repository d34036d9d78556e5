//! Injected faults, and limits.

use peerwarden_host::{Fault, FaultEffect, HttpOutcome, Module, VmOptions};

use crate::fixture::{Literals, ask, get, module, notes, start};

/// Reads the path twice.
fn reading() -> Module {
    let mut texts = Literals::new();
    let path = texts.put("request\0path");
    module(
        &texts,
        &format!(
            r#"(func $read
                   (i32.store (i32.const 100) (i32.const 0)) (i32.store (i32.const 104) (i32.const 0))
                   (call $note (call $get_property {path} $out)) (call $result))
               (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
                   (call $read) (call $read) (i32.const 0))"#
        ),
    )
}

fn with(nth: Option<u32>, effect: FaultEffect) -> Vec<String> {
    let options = VmOptions {
        faults: vec![Fault {
            function: "proxy_get_property".into(),
            nth,
            effect,
        }],
        ..VmOptions::default()
    };
    let (mut vm, plugin) = start(&reading(), options);
    assert_eq!(ask(&mut vm, plugin, get("/p")), HttpOutcome::Continue);
    notes(&mut vm)
}

#[test]
fn the_nth_call_fails_or_each() {
    assert_eq!(with(Some(2), FaultEffect::Status(10)), ["0", "/p", "10", ""]);
    assert_eq!(with(None, FaultEffect::Status(77)), ["77", "", "77", ""]);
    assert_eq!(
        with(Some(1), FaultEffect::Bytes(b"other".to_vec())),
        ["0", "other", "0", "/p"]
    );
    assert_eq!(
        with(Some(1), FaultEffect::Bytes(Vec::new())),
        ["0", "", "0", "/p"]
    );
    assert_eq!(with(Some(1), FaultEffect::NoMemory), ["6", "", "0", "/p"]);
    assert_eq!(
        with(Some(3), FaultEffect::Status(1)),
        ["0", "/p", "0", "/p"],
        "there is no third"
    );
}

#[test]
fn what_is_forbidden_is_not_called_or_answers_so() {
    let forbidding = |name: &str| {
        let options = VmOptions {
            forbidden: [name.to_owned()].into(),
            ..VmOptions::default()
        };
        let (mut vm, plugin) = start(&reading(), options);
        assert_eq!(ask(&mut vm, plugin, get("/p")), HttpOutcome::Continue);
        notes(&mut vm)
    };
    assert_eq!(forbidding("proxy_get_property"), ["10", "", "10", ""]);
    assert_eq!(forbidding("proxy_on_request_headers"), Vec::<String>::new());
}

#[test]
fn a_callback_that_never_ends_runs_out_of_fuel() {
    let body = r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
        (loop $forever (br $forever)) (i32.const 0))"#;
    let options = VmOptions {
        fuel: 100_000,
        ..VmOptions::default()
    };
    let (mut vm, plugin) = start(&module(&Literals::new(), body), options);
    assert!(
        matches!(ask(&mut vm, plugin, get("/")), HttpOutcome::LocalResponse(response) if response.code == 503)
    );
    assert!(vm.failure().unwrap().contains("fuel"), "{:?}", vm.failure());
}

#[test]
fn memory_has_an_end() {
    let body = r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
        (call $note (i32.lt_s (memory.grow (i32.const 16)) (i32.const 0))) (i32.const 0))"#;
    for (pages, refused) in [(20, "0"), (19, "1")] {
        let options = VmOptions {
            memory: pages * 65536,
            ..VmOptions::default()
        };
        let (mut vm, plugin) = start(&module(&Literals::new(), body), options);
        ask(&mut vm, plugin, get("/"));
        assert_eq!(notes(&mut vm), [refused], "{pages} pages");
    }
}
