//! Injected faults and forbidden capabilities, on each kind of function.

use std::time::Duration;

use peerwarden_host::{
    CloseReason, Connection, Fault, FaultEffect, HttpOutcome, PluginOptions, Refusal, TcpOptions, Vm,
    VmOptions,
};

use crate::fixture::{Literals, ask, get, module, notes, start, violations};

fn with(function: &str, effect: FaultEffect) -> VmOptions {
    VmOptions {
        faults: vec![Fault {
            function: function.to_owned(),
            nth: None,
            effect,
        }],
        ..VmOptions::default()
    }
}

fn forbidding(names: &[&str]) -> VmOptions {
    VmOptions {
        forbidden: names.iter().map(|name| (*name).to_owned()).collect(),
        ..VmOptions::default()
    }
}

/// The notes of a request's callback with this body.
fn noted(texts: &Literals, body: &str, options: VmOptions) -> Vec<String> {
    let functions = format!(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) {body} (i32.const 0))"#
    );
    let (mut vm, plugin) = start(&module(texts, &functions), options);
    ask(&mut vm, plugin, get("/path"));
    assert_eq!(
        violations(&mut vm),
        Vec::<String>::new(),
        "faults are not the module's"
    );
    notes(&mut vm)
}

#[test]
fn a_status_stands_in_for_any_function_which_then_does_nothing() {
    let none = "(i32.const 0) (i32.const 0)";
    let body = format!(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
               (call $note (call $respond (i32.const 403) {none} {none} {none} (i32.const -1))) (i32.const 0))
           (func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32)
               (call $note (call $close (i32.const 2))) (i32.const 0))"#
    );
    let module = module(&Literals::new(), &body);
    let (mut vm, plugin) = start(&module, with("proxy_send_local_response", FaultEffect::Status(2)));
    assert_eq!(ask(&mut vm, plugin, get("/")), HttpOutcome::Continue);
    assert_eq!(notes(&mut vm), ["2"]);

    for (status, closed) in [(10, None), (0, None)] {
        let (mut vm, plugin) = start(&module, with("proxy_close_stream", FaultEffect::Status(status)));
        let id = vm
            .tcp_connection(plugin, &Connection::default(), TcpOptions::default())
            .unwrap();
        vm.downstream_data(id, b"x", false).unwrap();
        assert_eq!(notes(&mut vm), [status.to_string()]);
        assert_eq!(vm.record(id).unwrap().closed_by(), closed, "even when it says Ok");
    }
    let (mut vm, plugin) = start(&module, VmOptions::default());
    let id = vm
        .tcp_connection(plugin, &Connection::default(), TcpOptions::default())
        .unwrap();
    vm.downstream_data(id, b"x", false).unwrap();
    assert_eq!(vm.record(id).unwrap().closed_by(), Some(CloseReason::Module));
}

#[test]
fn bytes_and_no_memory_where_something_is_handed_out() {
    let mut texts = Literals::new();
    let path = texts.put(":path");
    for (function, call) in [
        (
            "proxy_get_header_map_value",
            format!("(call $header (i32.const 0) {path} $out)"),
        ),
        (
            "proxy_get_header_map_pairs",
            "(call $headers (i32.const 0) $out)".to_owned(),
        ),
        (
            "proxy_get_buffer_bytes",
            "(call $buffer (i32.const 6) (i32.const 0) (i32.const 9) $out)".to_owned(),
        ),
    ] {
        let body = format!(
            "(i32.store (i32.const 100) (i32.const 0)) (i32.store (i32.const 104) (i32.const 0))
             (call $note {call}) (call $result)"
        );
        let noted = |effect| noted(&texts, &body, with(function, effect));
        assert_eq!(
            noted(FaultEffect::Bytes(b"odd".to_vec())),
            ["0", "odd"],
            "{function}"
        );
        let memory = noted(FaultEffect::NoMemory);
        // The buffer is empty: there is nothing that needs memory.
        let expected = if function == "proxy_get_buffer_bytes" {
            "0"
        } else {
            "6"
        };
        assert_eq!(memory, [expected, ""], "{function}");
    }
}

#[test]
fn a_number_counts_the_calls_of_all_callbacks() {
    let options = VmOptions {
        faults: vec![Fault {
            function: "proxy_get_current_time_nanoseconds".into(),
            nth: Some(3),
            effect: FaultEffect::Status(12),
        }],
        ..VmOptions::default()
    };
    let body = r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
        (call $note (call $time (i32.const 100))) (call $note (call $time (i32.const 100))) (i32.const 0))"#;
    let (mut vm, plugin) = start(&module(&Literals::new(), body), options);
    ask(&mut vm, plugin, get("/"));
    ask(&mut vm, plugin, get("/"));
    assert_eq!(notes(&mut vm), ["0", "0", "12", "0"]);
}

#[test]
fn the_first_fault_that_fits_is_taken() {
    let fault = |nth, status| Fault {
        function: "proxy_get_current_time_nanoseconds".into(),
        nth,
        effect: FaultEffect::Status(status),
    };
    let options = VmOptions {
        faults: vec![fault(Some(2), 1), fault(None, 2)],
        ..VmOptions::default()
    };
    let body = "(call $note (call $time (i32.const 100))) (call $note (call $time (i32.const 100)))";
    assert_eq!(noted(&Literals::new(), body, options), ["2", "1"]);
}

#[test]
fn functions_of_wasi_fail_and_are_forbidden_too() {
    let body = "(call $note (call $random (i32.const 400) (i32.const 8))) (call $note (call $yield))";
    let texts = Literals::new();
    let run = |options| noted(&texts, body, options);
    assert_eq!(run(VmOptions::default()), ["0", "0"]);
    assert_eq!(run(with("random_get", FaultEffect::Status(29))), ["29", "0"]);
    assert_eq!(run(with("sched_yield", FaultEffect::Status(29))), ["0", "29"]);
    assert_eq!(run(forbidding(&["random_get", "sched_yield"])), ["76", "76"]);
}

#[test]
fn random_bytes_differ_from_call_to_call_but_not_from_run_to_run() {
    let body = "(drop (call $random (i32.const 400) (i32.const 4))) (call $note (i32.load (i32.const 400)))
                (drop (call $random (i32.const 400) (i32.const 4))) (call $note (i32.load (i32.const 400)))";
    let run = || noted(&Literals::new(), body, VmOptions::default());
    let numbers = run();
    assert_ne!(numbers[0], numbers[1]);
    assert_eq!(numbers, run());
}

/// Envoy does not call a forbidden callback, and continues: a filter may be silently bypassed.
#[test]
fn a_forbidden_callback_is_skipped_and_what_it_would_have_stopped_passes() {
    let body = r#"(func (export "proxy_on_configure") (param i32 i32) (result i32) (i32.const 0))
        (func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32)
            (drop (call $close (i32.const 2))) (i32.const 1))
        (func (export "proxy_on_tick") (param i32) unreachable)
        (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
            (drop (call $tick (i32.const 1))) (i32.const 1))"#;
    let module = module(&Literals::new(), body);
    let mut vm = Vm::new(&module, forbidding(&["proxy_on_tick"])).unwrap();
    let error = vm.configure(PluginOptions::default()).unwrap_err();
    assert_eq!(error.refusal(), &Refusal::Configure);

    let all = ["proxy_on_configure", "proxy_on_downstream_data", "proxy_on_tick"];
    let (mut vm, plugin) = start(&module, forbidding(&all));
    let id = vm
        .tcp_connection(plugin, &Connection::default(), TcpOptions::default())
        .unwrap();
    vm.downstream_data(id, b"secret", false).unwrap();
    assert_eq!(vm.record(id).unwrap().to_upstream(), b"secret");
    vm.advance(Duration::from_secs(1));
    assert_eq!(vm.failure(), None);
    let called: Vec<_> = vm.accounting().iter().map(|record| record.callback).collect();
    assert_eq!(called, ["proxy_on_vm_start"]);
}

#[test]
fn logs_can_be_forbidden_and_fail_too() {
    let body = "(call $note (i32.const 1))";
    assert_eq!(
        noted(&Literals::new(), body, forbidding(&["proxy_log"])),
        Vec::<String>::new()
    );
    assert_eq!(
        noted(&Literals::new(), body, with("proxy_log", FaultEffect::Status(10))),
        Vec::<String>::new()
    );
}

/// `capability_restriction_config` names what is allowed: everything else is forbidden.
#[test]
fn a_list_of_what_is_allowed_leaves_out_the_rest() {
    let none = "(i32.const 0) (i32.const 0)";
    let body = format!(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
               (call $note (call $time (i32.const 400)))
               (call $note (call $random (i32.const 400) (i32.const 8)))
               (call $note (call $respond (i32.const 403) {none} {none} {none} (i32.const -1))) (i32.const 1))"#
    );
    let module = module(&Literals::new(), &body);
    let asked = |allowed: &[&str]| {
        let options = VmOptions {
            allowed: allowed.iter().map(|name| (*name).to_owned()).collect(),
            ..VmOptions::default()
        };
        let (mut vm, plugin) = start(&module, options);
        let outcome = ask(&mut vm, plugin, get("/"));
        (outcome == HttpOutcome::Continue, notes(&mut vm))
    };
    let (callback, log) = ("proxy_on_request_headers", "proxy_log");
    let rest = [
        "proxy_get_current_time_nanoseconds",
        "random_get",
        "proxy_send_local_response",
    ];
    let told = |statuses: [&str; 3]| statuses.map(String::from).to_vec();
    assert_eq!(asked(&[]), (false, told(["0", "0", "0"])));
    assert_eq!(
        asked(&[callback, log, rest[0], rest[1], rest[2]]),
        (false, told(["0", "0", "0"]))
    );
    assert_eq!(asked(&[log, rest[2]]), (true, Vec::new()));
    assert_eq!(asked(&[callback, log, rest[2]]), (false, told(["10", "76", "0"])));
}
