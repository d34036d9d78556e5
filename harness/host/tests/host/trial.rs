//! The trial of a configuration on the main thread, and what happens if only the worker cannot load it.

use std::time::Duration;

use peerwarden_host::{
    CloseReason, Connection, FailurePolicy, Fault, FaultEffect, HttpOutcome, MetricValue, Module, PluginId,
    PluginOptions, Refusal, SharedState, TcpOptions, Vm, VmOptions,
};

use crate::fixture::{Literals, ask, get, module, notes, start};

const PAGE: usize = 65536;
const SECOND: Duration = Duration::from_secs(1);

const POLICIES: [FailurePolicy; 3] = [
    FailurePolicy::FailClosed,
    FailurePolicy::FailOpen,
    FailurePolicy::FailReload {
        backoff: Duration::ZERO,
    },
];

/// Denies everything, and allocates a page of memory for each byte of its configurations. Without memory it does `end`.
fn greedy(end: &str) -> Module {
    let none = "(i32.const 0) (i32.const 0)";
    let body = format!(
        r#"(func (export "proxy_on_configure") (param i32 i32) (result i32)
               (drop (call $tick (i32.const 10)))
               (if (i32.lt_s (memory.grow (local.get 1)) (i32.const 0)) (then {end}))
               (i32.const 1))
           (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
               (drop (call $respond (i32.const 403) {none} {none} {none} (i32.const -1))) (i32.const 1))
           (func (export "proxy_on_new_connection") (param i32) (result i32)
               (drop (call $close (i32.const 2))) (i32.const 1))
           (func (export "proxy_on_tick") (param i32) (call $note (local.get 0)))
           (func (export "proxy_on_done") (param i32) (result i32) (call $note (i32.const 77)) (i32.const 1))"#
    );
    module(&Literals::new(), &body)
}

fn of_size(size: usize) -> PluginOptions {
    PluginOptions {
        configuration: vec![b'x'; size],
        ..PluginOptions::default()
    }
}

/// Room for the module's own four pages and twelve more.
fn room(failure_policy: FailurePolicy) -> VmOptions {
    VmOptions {
        memory: 16 * PAGE,
        failure_policy,
        ..VmOptions::default()
    }
}

/// The results for a request and a connection: the answer's status or 0, and whether it is closed by the module or
/// because of it.
fn asked(vm: &mut Vm, plugin: PluginId) -> (u32, Option<CloseReason>) {
    let code = match ask(vm, plugin, get("/")) {
        HttpOutcome::LocalResponse(response) => response.code,
        HttpOutcome::Continue | HttpOutcome::Paused | HttpOutcome::Reset => 0,
    };
    let connection = Connection::default();
    let id = vm
        .tcp_connection(plugin, &connection, TcpOptions::default())
        .unwrap();
    let closed = vm.record(id).unwrap().closed_by();
    vm.close(id).unwrap();
    (code, closed)
}

const DENIED: (u32, Option<CloseReason>) = (403, Some(CloseReason::Module));
const FAILED: (u32, Option<CloseReason>) = (503, Some(CloseReason::ModuleFailed));
const PASSED: (u32, Option<CloseReason>) = (0, None);

#[test]
fn what_the_trial_does_not_take_is_refused_and_the_present_one_goes_on() {
    for end in ["unreachable", "(return (i32.const 0))"] {
        let mut vm = Vm::new(&greedy(end), room(FailurePolicy::FailClosed)).unwrap();
        let refused = |vm: &mut Vm| {
            let error = vm.configure(of_size(13)).unwrap_err();
            let trapped = matches!(error.refusal(), Refusal::Trapped(_));
            assert_eq!(trapped, end == "unreachable", "{error}");
        };
        refused(&mut vm);
        let plugin = vm.configure(of_size(5)).unwrap();
        refused(&mut vm);
        assert_eq!((asked(&mut vm, plugin), vm.failure()), (DENIED, None));
        assert!(!vm.runs_without_filter(plugin));
        vm.configure(of_size(5)).unwrap();
    }
}

#[test]
fn a_worker_that_runs_out_of_memory_alone_leaves_the_chain_without_the_filter() {
    for policy in POLICIES {
        let mut vm = Vm::new(&greedy("unreachable"), room(policy)).unwrap();
        let old = vm.configure(of_size(7)).unwrap();
        let held = vm.http_stream(old, &Connection::default(), get("/")).unwrap();
        assert_eq!(asked(&mut vm, old), DENIED);
        // Seven more pages fit into the trial's memory, but not beside the seven that the worker uses.
        let new = vm.configure(of_size(7)).unwrap();
        assert_eq!(asked(&mut vm, new), PASSED, "{policy:?}");
        assert!(vm.runs_without_filter(new) && !vm.runs_without_filter(old));
        let last = vm.logs().last().map(|line| line.message.as_str());
        assert_eq!(last, Some("Failed to configure thread-local Wasm plugin"));

        vm.retire(old);
        vm.advance(10 * SECOND);
        assert_eq!(
            asked(&mut vm, new),
            PASSED,
            "nobody tries it again, whatever {policy:?} says"
        );
        assert_eq!(
            vm.configure(of_size(1)).unwrap_err().refusal(),
            &Refusal::BaseFailed
        );
        let outcome = vm.request_headers(held).unwrap();
        let passes = policy == FailurePolicy::FailOpen;
        assert_eq!(outcome == HttpOutcome::Continue, passes, "{policy:?}");
    }
}

#[test]
fn a_trap_on_the_worker_fails_what_is_beside_it() {
    for (policy, beside) in POLICIES.into_iter().zip([FAILED, PASSED, DENIED]) {
        let mut vm = Vm::new(&greedy("unreachable"), room(policy)).unwrap();
        let neighbour = vm.configure(of_size(7)).unwrap();
        let lost = vm.configure(of_size(7)).unwrap();
        assert_eq!(asked(&mut vm, neighbour), beside, "{policy:?}");
        assert_eq!(asked(&mut vm, lost), PASSED, "{policy:?}: made again without it");
    }
}

#[test]
fn a_refusal_on_the_worker_does_not_and_its_root_context_stays() {
    let module = greedy("(return (i32.const 0))");
    let mut vm = Vm::new(&module, room(FailurePolicy::FailClosed)).unwrap();
    let neighbour = vm.configure(of_size(7)).unwrap();
    let lost = vm.configure(of_size(7)).unwrap();
    assert_eq!(asked(&mut vm, neighbour), DENIED);
    assert_eq!(asked(&mut vm, lost), PASSED);
    notes(&mut vm);
    vm.retire(lost);
    vm.advance(Duration::from_millis(10));
    assert_eq!(
        notes(&mut vm),
        ["1", "2"],
        "both have their timers, and nothing is done"
    );
}

#[test]
fn it_heals_when_all_that_use_the_vm_are_gone() {
    let module = greedy("(return (i32.const 0))");
    let mut vm = Vm::new(&module, room(FailurePolicy::FailClosed)).unwrap();
    let neighbour = vm.configure(of_size(7)).unwrap();
    let lost = vm.configure(of_size(7)).unwrap();
    vm.retire(lost);
    assert_eq!(
        vm.configure(of_size(1)).unwrap_err().refusal(),
        &Refusal::BaseFailed
    );
    vm.retire(neighbour);
    let plugin = vm.configure(of_size(12)).unwrap();
    assert_eq!(asked(&mut vm, plugin), DENIED, "in a fresh instance");
}

#[test]
fn metrics_and_data_are_the_processs_and_timers_go_off_on_the_worker_alone() {
    let mut texts = Literals::new();
    let (configured, ticks, key) = (texts.put("configured"), texts.put("ticks"), texts.put("key"));
    let body = format!(
        r#"(func (export "proxy_on_configure") (param i32 i32) (result i32)
               (drop (call $define (i32.const 1) {configured} (i32.const 108)))
               (drop (call $increment (i32.load (i32.const 108)) (i64.const 1)))
               (drop (call $define (i32.const 0) {ticks} (i32.const 112)))
               (drop (call $set_shared {key} {key} (i32.const 0)))
               (drop (call $tick (i32.const 10)))
               (i32.const 1))
           (func (export "proxy_on_tick") (param i32)
               (drop (call $increment (i32.load (i32.const 112)) (i64.const 1))))"#
    );
    let module = module(&texts, &body);
    let shared = SharedState::default();
    let options = || VmOptions {
        shared: shared.clone(),
        ..VmOptions::default()
    };
    let (mut first, _) = start(&module, options());
    assert_eq!(
        shared.metric("configured"),
        Some(MetricValue::Gauge(2)),
        "the trial and the worker"
    );
    assert_eq!(shared.get("", b"key").map(|(_, cas)| cas), Some(2));
    let (mut second, _) = start(&module, options());
    assert_eq!(first.metric("configured"), Some(MetricValue::Gauge(4)));
    first.advance(Duration::from_millis(20));
    second.advance(Duration::from_millis(10));
    assert_eq!(first.metric("ticks"), Some(MetricValue::Counter(3)));
    assert_eq!(first.metric("ticks"), second.metric("ticks"));
}

#[test]
fn faults_on_purpose_are_the_workers() {
    let body = r#"(func (export "proxy_on_configure") (param i32 i32) (result i32)
        (i32.eqz (call $buffer (i32.const 7) (i32.const 0) (i32.const -1) $out)))"#;
    let options = VmOptions {
        faults: vec![Fault {
            function: "proxy_get_buffer_bytes".to_owned(),
            nth: None,
            effect: FaultEffect::Status(10),
        }],
        ..VmOptions::default()
    };
    let (vm, plugin) = start(&module(&Literals::new(), body), options);
    assert!(vm.runs_without_filter(plugin));
}
