//! A module that is instantiated again: what restarts, what stays, and what happens if it fails.

use std::time::Duration;

use peerwarden_host::{
    CalloutResponse, Connection, FailurePolicy, HttpOutcome, MetricValue, Module, PluginId, PluginOptions,
    Refusal, SharedState, StreamError, TcpOptions, Vm, VmError, VmOptions,
};

use crate::fixture::{Literals, ask, get, module, notes, start};

const SECOND: Duration = Duration::from_secs(1);

fn reloading() -> VmOptions {
    VmOptions {
        failure_policy: FailurePolicy::FailReload {
            backoff: Duration::ZERO,
        },
        ..VmOptions::default()
    }
}

/// Notes 100 with each context and its parent, 101 with each that is done. Traps for requests whose path has two bytes.
fn fragile(more: &str, texts: &mut Literals) -> Module {
    let path = texts.put(":path");
    module(
        texts,
        &format!(
            r#"(func (export "proxy_on_context_create") (param i32 i32)
                   (call $note (i32.const 100)) (call $note (local.get 0)) (call $note (local.get 1)))
               (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
                   (drop (call $header (i32.const 0) {path} $out))
                   (if (i32.eq (i32.load (i32.const 104)) (i32.const 2)) (then unreachable))
                   (i32.const 0))
               (func (export "proxy_on_done") (param i32) (result i32)
                   (call $note (i32.const 101)) (call $note (local.get 0)) (i32.const 1))
               {more}"#
        ),
    )
}

fn numbers(vm: &mut Vm) -> Vec<String> {
    let mut notes = notes(vm);
    notes.retain(|note| note.parse::<u32>().is_ok());
    notes
}

/// The answer's status, or 0.
fn code(vm: &mut Vm, plugin: PluginId, path: &str) -> u32 {
    match ask(vm, plugin, get(path)) {
        HttpOutcome::LocalResponse(response) => response.code,
        HttpOutcome::Continue | HttpOutcome::Paused | HttpOutcome::Reset => 0,
    }
}

#[test]
fn a_new_instance_has_a_new_root_for_new_streams_only() {
    let (mut vm, plugin) = start(&fragile("", &mut Literals::new()), reloading());
    let unheard = vm.http_stream(plugin, &Connection::default(), get("/")).unwrap();
    assert_eq!(code(&mut vm, plugin, "/!"), 503);
    // The root, and the request that trapped; that is closed without a callback.
    assert_eq!(numbers(&mut vm), ["100", "1", "0", "100", "3", "1"]);
    assert_eq!(code(&mut vm, plugin, "/"), 0);
    assert_eq!(
        numbers(&mut vm),
        ["100", "4", "0", "100", "5", "4", "101", "5"],
        "a new root, and the request under it"
    );
    let outcome = vm.request_headers(unheard).unwrap();
    assert!(matches!(outcome, HttpOutcome::LocalResponse(response) if response.code == 503));
    vm.close(unheard).unwrap();
    assert_eq!(
        numbers(&mut vm),
        Vec::<String>::new(),
        "it knows nothing about it"
    );
    assert_eq!(vm.failure(), None);
}

#[test]
fn what_was_retired_is_not_made_again() {
    let (mut vm, old) = start(&fragile("", &mut Literals::new()), reloading());
    let open = vm
        .tcp_connection(old, &Connection::default(), TcpOptions::default())
        .unwrap();
    let new = vm.configure(PluginOptions::default()).unwrap();
    vm.retire(old);
    code(&mut vm, new, "/!");
    notes(&mut vm);
    assert_eq!(code(&mut vm, new, "/"), 0);
    // Roots were 1 and 3; the new instance has one.
    assert_eq!(numbers(&mut vm), ["100", "5", "0", "100", "6", "5", "101", "6"]);
    vm.close(open).unwrap();
    assert_eq!(numbers(&mut vm), Vec::<String>::new());
}

#[test]
fn timers_and_calls_end_with_the_instance_and_metrics_stay() {
    let mut texts = Literals::new();
    let (cluster, name) = (texts.put("auth"), texts.put("ticks"));
    let none = "(i32.const 0) (i32.const 0)";
    let more = format!(
        r#"(func (export "proxy_on_configure") (param i32 i32) (result i32)
               (drop (call $define (i32.const 0) {name} (i32.const 108))) (call $note (i32.load (i32.const 108)))
               (drop (call $grpc_call {cluster} {name} {name} {none} {none} (i32.const 0) (i32.const 100)))
               (drop (call $tick (i32.const 10)))
               (i32.const 1))
           (func (export "proxy_on_tick") (param i32)
               (drop (call $increment (i32.load (i32.const 108)) (i64.const 1))))"#
    );
    let options = VmOptions {
        clusters: ["auth".to_owned()].into(),
        ..reloading()
    };
    let (mut vm, plugin) = start(&fragile(&more, &mut texts), options);
    let ticks = |vm: &Vm| vm.metric("ticks");
    assert_eq!(numbers(&mut vm).pop().as_deref(), Some("4"));
    vm.advance(Duration::from_millis(20));
    assert_eq!(ticks(&vm), Some(MetricValue::Counter(2)));
    code(&mut vm, plugin, "/!");
    vm.advance(SECOND);
    assert_eq!(ticks(&vm), Some(MetricValue::Counter(2)), "it has failed");
    notes(&mut vm);
    assert_eq!(code(&mut vm, plugin, "/"), 0);
    assert_eq!(numbers(&mut vm)[3], "4", "ids are counted again, too");
    let tokens: Vec<_> = vm.callouts().map(|call| call.token).collect();
    assert_eq!(tokens, [5], "the new instance's call, counted again");
    vm.advance(Duration::from_millis(10));
    assert_eq!(ticks(&vm), Some(MetricValue::Counter(3)));
}

#[test]
fn an_answer_that_comes_for_an_instance_that_failed_is_not_seen() {
    let mut texts = Literals::new();
    let (cluster, name) = (texts.put("auth"), texts.put("a"));
    let none = "(i32.const 0) (i32.const 0)";
    let more = format!(
        r#"(func (export "proxy_on_configure") (param i32 i32) (result i32)
               (drop (call $grpc_call {cluster} {name} {name} {none} {none} (i32.const 50) (i32.const 100)))
               (i32.const 1))
           (func (export "proxy_on_grpc_receive") (param i32 i32 i32) (call $note (i32.const 7)))
           (func (export "proxy_on_grpc_close") (param i32 i32 i32) (call $note (i32.const 8)))"#
    );
    let options = VmOptions {
        clusters: ["auth".to_owned()].into(),
        ..VmOptions::default()
    };
    let (mut vm, plugin) = start(&fragile(&more, &mut texts), options);
    code(&mut vm, plugin, "/!");
    notes(&mut vm);
    vm.advance(SECOND);
    assert_eq!(
        vm.callouts().count(),
        1,
        "nothing runs out for a module that failed"
    );
    vm.answer_call(5, CalloutResponse::Grpc(Vec::new())).unwrap();
    assert_eq!(notes(&mut vm), Vec::<String>::new());
    assert_eq!(
        vm.answer_call(5, CalloutResponse::Failed),
        Err(StreamError::NoCall(5))
    );
}

#[test]
fn a_plugin_that_refuses_the_second_time_is_tried_again_after_the_backoff() {
    let mut texts = Literals::new();
    let key = texts.put("refuse");
    let more = format!(
        r#"(func (export "proxy_on_configure") (param i32 i32) (result i32)
               (i32.store (i32.const 104) (i32.const 0))
               (drop (call $get_shared {key} $out (i32.const 108)))
               (i32.eqz (i32.load (i32.const 104))))"#
    );
    let shared = SharedState::default();
    let options = VmOptions {
        failure_policy: FailurePolicy::FailReload { backoff: SECOND },
        shared: shared.clone(),
        ..VmOptions::default()
    };
    let (mut vm, plugin) = start(&fragile(&more, &mut texts), options);
    vm.advance(SECOND);
    shared.set("", b"refuse", b"yes".to_vec(), 0).unwrap();
    assert_eq!(code(&mut vm, plugin, "/!"), 503);
    assert_eq!(code(&mut vm, plugin, "/"), 503);
    assert_eq!(vm.failure(), Some("the configuration was refused"));
    shared.set("", b"refuse", Vec::new(), 0).unwrap();
    vm.advance(SECOND - Duration::from_millis(1));
    assert_eq!(code(&mut vm, plugin, "/"), 503, "it was tried a moment ago");
    vm.advance(Duration::from_millis(1));
    assert_eq!(code(&mut vm, plugin, "/"), 0);
    assert_eq!(vm.failure(), None);
}

#[test]
fn the_backoff_counts_from_the_last_instance() {
    let options = VmOptions {
        failure_policy: FailurePolicy::FailReload { backoff: SECOND },
        ..VmOptions::default()
    };
    let (mut vm, plugin) = start(&fragile("", &mut Literals::new()), options);
    vm.advance(10 * SECOND);
    assert_eq!(code(&mut vm, plugin, "/!"), 503);
    // Instantiated again for this one, which traps too.
    assert_eq!(code(&mut vm, plugin, "/!"), 503);
    assert_eq!(code(&mut vm, plugin, "/"), 503, "it was made a moment ago");
    vm.advance(SECOND);
    assert_eq!(code(&mut vm, plugin, "/"), 0);
}

/// Traps if it is instantiated at a later time, before any of its functions can be called.
fn short_lived() -> Module {
    let body = r#"
        (func $early
            (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 400)))
            (if (i64.gt_u (i64.load (i32.const 400)) (i64.const 1767225600000000000)) (then unreachable)))
        (start $early)
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
            (call $note (i32.const 1)) (i32.eq (local.get 1) (i32.const 1)))"#;
    module(&Literals::new(), body)
}

fn of_size(size: usize) -> PluginOptions {
    PluginOptions {
        configuration: vec![b'x'; size],
        ..PluginOptions::default()
    }
}

#[test]
fn an_instance_that_cannot_be_made_anew_is_never_called() {
    let mut vm = Vm::new(&short_lived(), VmOptions::default()).unwrap();
    let plugin = vm.configure(of_size(1)).unwrap();
    vm.retire(plugin);
    notes(&mut vm);
    vm.advance(SECOND);
    for _ in 0..2 {
        let error = vm.configure(of_size(1)).unwrap_err();
        assert!(
            matches!(error.refusal(), Refusal::Trapped(why) if why.contains("unreachable")),
            "{error}"
        );
        assert_eq!(notes(&mut vm), Vec::<String>::new());
    }
}

#[test]
fn an_update_is_tried_out_at_the_present_time() {
    let mut vm = Vm::new(&short_lived(), VmOptions::default()).unwrap();
    let plugin = vm.configure(of_size(1)).unwrap();
    vm.advance(SECOND);
    let error = vm.configure(of_size(1)).unwrap_err();
    assert!(
        error.to_string().starts_with("the module does not initialise"),
        "{error}"
    );
    assert_eq!(vm.failure(), None);
    assert_eq!(ask(&mut vm, plugin, get("/")), HttpOutcome::Continue);
}

#[test]
fn what_a_callback_asked_for_before_it_trapped_is_done() {
    let none = "(i32.const 0) (i32.const 0)";
    let body = format!(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
               (drop (call $respond (i32.const 403) {none} {none} {none} (i32.const -1))) unreachable)
           (func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32)
               (drop (call $close (i32.const 2))) unreachable)"#
    );
    for failure_policy in [FailurePolicy::FailClosed, FailurePolicy::FailOpen] {
        let options = || VmOptions {
            failure_policy,
            ..VmOptions::default()
        };
        let (mut vm, plugin) = start(&module(&Literals::new(), &body), options());
        assert_eq!(code(&mut vm, plugin, "/"), 403, "{failure_policy:?}");
        assert!(vm.failure().is_some());
        let (mut vm, plugin) = start(&module(&Literals::new(), &body), options());
        let connection = vm
            .tcp_connection(plugin, &Connection::default(), TcpOptions::default())
            .unwrap();
        vm.downstream_data(connection, b"x", false).unwrap();
        let record = vm.record(connection).unwrap();
        assert_eq!(
            (record.to_upstream(), record.closed()),
            (Vec::new(), true),
            "{failure_policy:?}"
        );
    }
}

#[test]
fn traps_outside_of_streams_fail_them_too() {
    for (export, parameters) in [("proxy_on_tick", 1), ("proxy_on_log", 1), ("proxy_on_delete", 1)] {
        let body = format!(
            r#"(func (export "proxy_on_vm_start") (param i32 i32) (result i32)
                   (drop (call $tick (i32.const 10))) (i32.const 1))
               (func (export "{export}") (param {}) unreachable)"#,
            "i32 ".repeat(parameters)
        );
        let (mut vm, plugin) = start(&module(&Literals::new(), &body), VmOptions::default());
        assert_eq!(code(&mut vm, plugin, "/"), 0, "{export}");
        vm.advance(Duration::from_millis(10));
        let failure = vm.failure().unwrap();
        assert!(failure.starts_with(&format!("{export} trapped")), "{failure}");
        assert_eq!(code(&mut vm, plugin, "/"), 503, "{export}");
        let told = vm.logs().iter().filter(|line| line.message.contains("trapped"));
        assert_eq!(told.count(), 1, "{export}");
    }
}

#[test]
fn a_stream_that_was_open_passes_when_the_policy_is_open() {
    let options = VmOptions {
        failure_policy: FailurePolicy::FailOpen,
        ..VmOptions::default()
    };
    let (mut vm, plugin) = start(&fragile("", &mut Literals::new()), options);
    let unheard = vm.http_stream(plugin, &Connection::default(), get("/")).unwrap();
    assert_eq!(code(&mut vm, plugin, "/!"), 0);
    let failure = vm.failure().map(str::to_owned);
    assert!(failure.is_some());
    assert_eq!(vm.request_headers(unheard).unwrap(), HttpOutcome::Continue);
    vm.close(unheard).unwrap();
    assert_eq!(vm.failure().map(str::to_owned), failure);
}

#[test]
fn what_does_not_initialise() {
    let new = |body: &str, options: VmOptions| {
        let VmError::Initialize(why) = Vm::new(&module(&Literals::new(), body), options).unwrap_err() else {
            panic!()
        };
        why
    };
    let trap = r#"(func (export "_initialize") unreachable)"#;
    assert!(new(trap, VmOptions::default()).contains("unreachable"));
    let endless = r#"(func (export "_initialize") (loop $more (br $more)))"#;
    let options = VmOptions {
        fuel: 1000,
        ..VmOptions::default()
    };
    assert!(new(endless, options).contains("fuel"));
    let options = VmOptions {
        memory: 3 * 65536,
        ..VmOptions::default()
    };
    assert!(new("", options).contains("memory"));
}
