//! Refused configurations leave nothing behind.

use std::time::Duration;

use peerwarden_host::{LogLevel, Module, PluginOptions, Refusal, Vm, VmOptions};

use crate::fixture::{Literals, ask, get, module, notes, violations};

fn options(configuration: &str) -> PluginOptions {
    PluginOptions {
        configuration: configuration.into(),
        ..PluginOptions::default()
    }
}

#[test]
fn traps_and_refusals_of_a_start_say_what_was_logged() {
    for (end, refused) in [("unreachable", false), ("(i32.const 0)", true)] {
        let body = format!(
            r#"(func (export "proxy_on_vm_start") (param i32 i32) (result i32)
                   (call $note (i32.const 41)) {end})
               (func (export "proxy_on_configure") (param i32 i32) (result i32)
                   (call $note (i32.const 42)) (i32.const 1))"#
        );
        let mut vm = Vm::new(&module(&Literals::new(), &body), VmOptions::default()).unwrap();
        let error = vm.configure(options("")).unwrap_err();
        assert_eq!(error.refusal() == &Refusal::Start, refused, "{error}");
        assert_eq!(error.logs()[0].message, "41");
        let critical = error.logs().iter().any(|line| line.level == LogLevel::Critical);
        assert_eq!(critical, !refused, "the host reports a trap, too");
        assert!(
            error.logs().iter().all(|line| line.message != "42"),
            "it is not configured then"
        );
    }
}

/// Counts its configurations in its memory; it accepts a configuration whose first letter is `y`. Each sets a timer,
/// makes a call, and registers a queue.
fn counting() -> Module {
    let mut texts = Literals::new();
    let (cluster, queue) = (texts.put("auth"), texts.put("jobs"));
    let none = "(i32.const 0) (i32.const 0)";
    module(
        &texts,
        &format!(
            r#"(global $count (mut i32) (i32.const 0))
               (func (export "proxy_on_configure") (param i32 i32) (result i32)
                   (global.set $count (i32.add (global.get $count) (i32.const 1)))
                   (call $note (global.get $count))
                   (drop (call $tick (i32.const 10)))
                   (drop (call $grpc_call {cluster} {queue} {queue} {none} {none} (i32.const 5) (i32.const 108)))
                   (drop (call $register {queue} (i32.const 108)))
                   (drop (call $enqueue (i32.load (i32.const 108)) {queue}))
                   (drop (call $buffer (i32.const 7) (i32.const 0) (i32.const 1) $out))
                   (i32.eq (i32.load8_u (i32.load (i32.const 100))) (i32.const 121)))
               (func (export "proxy_on_tick") (param i32) (call $note (i32.const 77)) (call $note (local.get 0)))
               (func (export "proxy_on_queue_ready") (param i32 i32)
                   (call $note (i32.const 78)) (call $note (local.get 0)))
               (func (export "proxy_on_grpc_close") (param i32 i32 i32)
                   (call $note (i32.const 79)) (call $note (local.get 0)))"#
        ),
    )
}

fn vm() -> Vm {
    let options = VmOptions {
        clusters: ["auth".to_owned()].into(),
        ..VmOptions::default()
    };
    Vm::new(&counting(), options).unwrap()
}

#[test]
fn nothing_of_a_refused_one_goes_on() {
    let mut vm = vm();
    assert_eq!(
        vm.configure(options("no")).unwrap_err().refusal(),
        &Refusal::Configure
    );
    assert_eq!(vm.callouts().count(), 0);
    notes(&mut vm);
    vm.advance(Duration::from_secs(1));
    assert_eq!(notes(&mut vm), Vec::<String>::new());
}

#[test]
fn the_next_one_finds_a_fresh_instance() {
    let mut vm = vm();
    vm.configure(options("no")).unwrap_err();
    assert_eq!(notes(&mut vm), ["1"]);
    let plugin = vm.configure(options("yes")).unwrap();
    assert_eq!(notes(&mut vm), ["1"], "not the second of its instance");
    vm.configure(options("yes")).unwrap();
    assert_eq!(notes(&mut vm), ["2"], "this one has company");
    ask(&mut vm, plugin, get("/"));
    assert_eq!(violations(&mut vm), Vec::<String>::new());
}

#[test]
fn two_plugins_have_timers_and_calls_of_their_own() {
    let mut vm = vm();
    vm.configure(options("yes")).unwrap();
    vm.advance(Duration::from_millis(4));
    vm.configure(options("yes")).unwrap();
    notes(&mut vm);
    vm.advance(Duration::ZERO);
    // The last one to register the queue is notified: of the item of its trial, and of its own.
    assert_eq!(notes(&mut vm), ["78", "2", "78", "2"]);
    vm.advance(Duration::from_millis(12));
    // At 5, 9, 10, 14 ms.
    assert_eq!(notes(&mut vm), ["79", "1", "79", "2", "77", "1", "77", "2"]);
}

#[test]
fn a_refused_update_is_logged_by_the_vm_that_serves() {
    let mut vm = vm();
    vm.configure(options("yes")).unwrap();
    notes(&mut vm);
    let error = vm.configure(options("no")).unwrap_err();
    assert_eq!(error.logs().len(), 1);
    assert_eq!(notes(&mut vm), ["1"], "from the instance that tried it out");
    vm.advance(Duration::from_millis(10));
    let told = notes(&mut vm);
    assert!(
        !told.contains(&"2".to_owned()),
        "only the first one is there: {told:?}"
    );
}

#[test]
fn a_configuration_can_be_read_while_it_comes_and_only_then() {
    let read = |number| {
        format!(
            "(call $note (call $buffer (i32.const {number}) (i32.const 0) (i32.const -1) $out)) (call $result)"
        )
    };
    let body = format!(
        r#"(func (export "proxy_on_vm_start") (param i32 i32) (result i32)
               (call $note (local.get 1)) {vm} (call $note (call $buffer (i32.const 7) (i32.const 0) (i32.const -1) $out))
               (i32.const 1))
           (func (export "proxy_on_configure") (param i32 i32) (result i32)
               (call $note (local.get 1)) {plugin}
               (call $note (call $buffer_status (i32.const 7) (i32.const 108) (i32.const 112)))
               (call $note (i32.load (i32.const 108)))
               (i32.const 1))
           (func (export "proxy_on_tick") (param i32)
               (call $note (call $buffer_status (i32.const 7) (i32.const 108) (i32.const 112))))
           (func (export "proxy_on_context_create") (param i32 i32) (drop (call $tick (i32.const 1))))"#,
        vm = read(6),
        plugin = read(7),
    );
    let vm_options = VmOptions {
        configuration: b"of the vm".to_vec(),
        ..VmOptions::default()
    };
    let mut vm = Vm::new(&module(&Literals::new(), &body), vm_options).unwrap();
    vm.configure(options("its own")).unwrap();
    assert_eq!(
        notes(&mut vm),
        ["9", "0", "of the vm", "1", "7", "0", "its own", "0", "7"]
    );
    vm.advance(Duration::from_millis(1));
    assert_eq!(notes(&mut vm), ["1"]);
    assert_eq!(
        violations(&mut vm),
        [
            "proxy_get_buffer_bytes during proxy_on_vm_start: buffer 7 is not there now",
            "proxy_get_buffer_status during proxy_on_tick: buffer 7 is not there now"
        ]
    );
}
