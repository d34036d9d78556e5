//! Configurations: refused ones, several in one VM, and how they end.

use peerwarden_host::{
    Connection, HttpOutcome, Module, PluginId, PluginOptions, Refusal, StreamError, Vm, VmOptions,
};

use crate::fixture::{Literals, ask, get, module, notes};

/// The configuration is a digit: 0 is refused, 1 traps; with others, each callback notes the context's number and the
/// digit. `proxy_on_done` waits if the digit is 5.
fn digits() -> Module {
    module(
        &Literals::new(),
        r#"(func (export "proxy_on_context_create") (param i32 i32)
               (call $note (i32.const 100)) (call $note (local.get 0)) (call $note (local.get 1)))
           (func (export "proxy_on_configure") (param $root i32) (param i32) (result i32) (local $digit i32)
               (drop (call $buffer (i32.const 7) (i32.const 0) (i32.const -1) $out))
               (local.set $digit (i32.sub (i32.load8_u (i32.load (i32.const 100))) (i32.const 48)))
               (call $note (i32.const 101))
               (if (i32.eq (local.get $digit) (i32.const 1)) (then unreachable))
               (i32.store8 (i32.add (i32.const 500) (local.get $root)) (local.get $digit))
               (local.get $digit))
           (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
               (call $note (i32.const 102)) (i32.const 0))
           (func (export "proxy_on_log") (param i32) (call $note (i32.const 103)))
           (func (export "proxy_on_done") (param $context i32) (result i32)
               (call $note (i32.const 104)) (call $note (local.get $context))
               (i32.ne (i32.load8_u (i32.add (i32.const 500) (local.get $context))) (i32.const 5)))
           (func (export "proxy_on_delete") (param i32)
               (call $note (i32.const 105)) (call $note (local.get 0)))
           (func (export "proxy_on_tick") (param i32) (drop (call $done)))
           (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
               (drop (call $tick (i32.const 10))) (i32.const 1))"#,
    )
}

fn options(digit: &str) -> PluginOptions {
    PluginOptions {
        configuration: digit.into(),
        ..PluginOptions::default()
    }
}

fn configured(digit: &str) -> (Vm, PluginId) {
    let mut vm = Vm::new(&digits(), VmOptions::default()).unwrap();
    let plugin = vm.configure(options(digit)).unwrap();
    notes(&mut vm);
    (vm, plugin)
}

#[test]
fn one_that_is_refused_says_what_was_logged() {
    let mut vm = Vm::new(&digits(), VmOptions::default()).unwrap();
    let error = vm.configure(options("0")).unwrap_err();
    assert_eq!(error.refusal(), &Refusal::Configure);
    let logs: Vec<_> = error.logs().iter().map(|line| line.message.as_str()).collect();
    assert_eq!(logs, ["100", "1", "0", "101"]);
    assert_eq!(vm.failure(), None);
    let body = r#"(func (export "proxy_on_vm_start") (param i32 i32) (result i32) (i32.const 0))"#;
    let mut vm = Vm::new(&module(&Literals::new(), body), VmOptions::default()).unwrap();
    assert_eq!(vm.configure(options("2")).unwrap_err().refusal(), &Refusal::Start);
}

#[test]
fn a_refused_update_or_one_that_traps_leaves_the_present_one_alone() {
    for digit in ["0", "1"] {
        let (mut vm, plugin) = configured("2");
        let error = vm.configure(options(digit)).unwrap_err();
        assert_eq!(matches!(error.refusal(), Refusal::Trapped(_)), digit == "1");
        assert!(error.logs().iter().any(|line| line.message == "101"));
        assert_eq!(vm.failure(), None);
        notes(&mut vm);
        assert_eq!(ask(&mut vm, plugin, get("/")), HttpOutcome::Continue);
        assert_eq!(
            notes(&mut vm),
            ["100", "2", "1", "102", "103", "104", "2", "105", "2"]
        );
    }
}

#[test]
fn a_first_one_that_traps_does_so_in_its_trial() {
    let mut vm = Vm::new(&digits(), VmOptions::default()).unwrap();
    assert!(matches!(
        vm.configure(options("1")).unwrap_err().refusal(),
        Refusal::Trapped(_)
    ));
    assert_eq!(vm.failure(), None);
    let plugin = vm.configure(options("2")).unwrap();
    assert_eq!(ask(&mut vm, plugin, get("/")), HttpOutcome::Continue);
}

#[test]
fn an_old_one_serves_its_streams_and_ends_with_the_last_of_them() {
    let (mut vm, old) = configured("2");
    let stream = vm.http_stream(old, &Connection::default(), get("/")).unwrap();
    let new = vm.configure(options("3")).unwrap();
    vm.retire(old);
    notes(&mut vm);
    assert_eq!(
        vm.http_stream(old, &Connection::default(), get("/")),
        Err(StreamError::NoPlugin)
    );
    vm.request_headers(stream).unwrap();
    ask(&mut vm, new, get("/"));
    // Roots are 1 and 3; the streams are 2 and 4.
    let first = ["100", "2", "1", "102"].map(String::from);
    let second = ["100", "4", "3", "102", "103", "104", "4", "105", "4"].map(String::from);
    assert_eq!(notes(&mut vm), [first.as_slice(), &second].concat());
    vm.close(stream).unwrap();
    assert_eq!(
        notes(&mut vm),
        ["103", "104", "2", "105", "2", "104", "1", "105", "1"]
    );
    assert_eq!(vm.close(stream), Err(StreamError::NoStream));
}

#[test]
fn one_may_ask_to_wait_until_it_is_done() {
    let (mut vm, plugin) = configured("5");
    vm.retire(plugin);
    assert_eq!(notes(&mut vm), ["104", "1"]);
    vm.advance(std::time::Duration::from_millis(10));
    assert_eq!(notes(&mut vm), ["105", "1"]);
    vm.advance(std::time::Duration::from_millis(100));
    assert_eq!(notes(&mut vm), Vec::<String>::new(), "its timer ended with it");
}
