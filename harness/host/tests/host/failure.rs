//! A module that traps, under each failure policy.

use std::time::Duration;

use peerwarden_host::{
    CloseReason, Connection, FailurePolicy, HttpOutcome, Module, PluginId, TcpOptions, Vm, VmOptions,
};

use crate::fixture::{Literals, get, module, start};

/// Denies with 403; traps for requests that have a header `x-trap`, and for connections whose data is longer than 3.
fn fragile() -> Module {
    let mut texts = Literals::new();
    let name = texts.put("x-trap");
    let none = "(i32.const 0) (i32.const 0)";
    module(
        &texts,
        &format!(
            r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
                   (if (i32.eqz (call $header (i32.const 0) {name} $out)) (then unreachable))
                   (drop (call $respond (i32.const 403) {none} {none} {none} (i32.const -1)))
                   (i32.const 1))
               (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32) (i32.const 1))
               (func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32)
                   (if (i32.gt_u (local.get 1) (i32.const 3)) (then unreachable))
                   (i32.const 0))"#
        ),
    )
}

fn vm(failure_policy: FailurePolicy) -> (Vm, PluginId) {
    let options = VmOptions {
        failure_policy,
        ..VmOptions::default()
    };
    start(&fragile(), options)
}

/// The status of the answer to a request; 0 if it continues.
fn code(vm: &mut Vm, plugin: PluginId, trap: bool) -> u32 {
    let mut request = get("/");
    if trap {
        request.headers.push(("x-trap".into(), "1".into()));
    }
    let stream = vm.http_stream(plugin, &Connection::default(), request).unwrap();
    let outcome = vm.request_headers(stream).unwrap();
    vm.close(stream).unwrap();
    match outcome {
        HttpOutcome::LocalResponse(response) => {
            assert_eq!(response.details == "wasm_fail_stream", response.code == 503);
            response.code
        }
        HttpOutcome::Continue => 0,
        HttpOutcome::Paused | HttpOutcome::Reset => panic!("{outcome:?}"),
    }
}

#[test]
fn closed_means_503_from_then_on() {
    let (mut vm, plugin) = vm(FailurePolicy::FailClosed);
    assert_eq!(code(&mut vm, plugin, false), 403);
    let open = vm.http_stream(plugin, &Connection::default(), get("/")).unwrap();
    assert_eq!(code(&mut vm, plugin, true), 503);
    assert!(
        vm.failure()
            .unwrap()
            .starts_with("proxy_on_request_headers trapped")
    );
    assert_eq!(code(&mut vm, plugin, false), 503);
    assert!(
        matches!(vm.request_headers(open).unwrap(), HttpOutcome::LocalResponse(response) if response.code == 503)
    );
    vm.advance(Duration::from_secs(1000));
    assert_eq!(code(&mut vm, plugin, false), 503);
}

#[test]
fn open_means_that_everything_passes_the_request_that_trapped_too() {
    let (mut vm, plugin) = vm(FailurePolicy::FailOpen);
    assert_eq!(code(&mut vm, plugin, false), 403);
    assert_eq!(code(&mut vm, plugin, true), 0);
    assert_eq!(code(&mut vm, plugin, false), 0);
}

#[test]
fn reload_means_closed_until_the_module_has_lived_for_long_enough() {
    let second = Duration::from_secs(1);
    let (mut vm, plugin) = vm(FailurePolicy::FailReload { backoff: second });
    let held = vm.http_stream(plugin, &Connection::default(), get("/")).unwrap();
    assert_eq!(code(&mut vm, plugin, true), 503);
    vm.advance(second - Duration::from_millis(1));
    assert_eq!(code(&mut vm, plugin, false), 503, "made a moment ago");
    vm.advance(Duration::from_millis(1));
    assert_eq!(code(&mut vm, plugin, false), 403, "made again");
    assert_eq!(vm.failure(), None);

    vm.advance(second);
    assert_eq!(code(&mut vm, plugin, true), 503);
    assert_eq!(
        code(&mut vm, plugin, false),
        403,
        "it had lived for long enough: no waiting"
    );
    // Envoy bound it to the instance that existed when it arrived, although the module did not know of it yet.
    assert!(
        matches!(vm.request_headers(held).unwrap(), HttpOutcome::LocalResponse(response) if response.code == 503)
    );
}

#[test]
fn streams_of_an_instance_that_failed_stay_failed() {
    let (mut vm, plugin) = vm(FailurePolicy::FailReload {
        backoff: Duration::ZERO,
    });
    let connection = vm
        .tcp_connection(plugin, &Connection::default(), TcpOptions::default())
        .unwrap();
    vm.downstream_data(connection, b"abc", false).unwrap();
    assert_eq!(code(&mut vm, plugin, true), 503);
    assert_eq!(code(&mut vm, plugin, false), 403);
    vm.downstream_data(connection, b"abc", false).unwrap();
    let record = vm.record(connection).unwrap();
    assert_eq!(
        (record.to_upstream(), record.closed_by()),
        (b"abc".to_vec(), Some(CloseReason::ModuleFailed))
    );
    vm.close(connection).unwrap();
    assert_eq!(vm.failure(), None);
}

#[test]
fn connections() {
    for (policy, passed, closed) in [
        (
            FailurePolicy::FailClosed,
            b"".as_slice(),
            Some(CloseReason::ModuleFailed),
        ),
        (FailurePolicy::FailOpen, b"four", None),
    ] {
        let (mut vm, plugin) = vm(policy);
        let mut open = || {
            vm.tcp_connection(plugin, &Connection::default(), TcpOptions::default())
                .unwrap()
        };
        let (first, second) = (open(), open());
        vm.downstream_data(first, b"four", false).unwrap();
        let record = vm.record(first).unwrap();
        assert_eq!(
            (record.to_upstream().as_slice(), record.closed_by()),
            (passed, closed),
            "{policy:?}"
        );
        // One that was already open, and one that arrives later.
        vm.downstream_data(second, b"four", false).unwrap();
        assert_eq!(vm.record(second).unwrap().to_upstream(), passed, "{policy:?}");
        let third = vm
            .tcp_connection(plugin, &Connection::default(), TcpOptions::default())
            .unwrap();
        assert_eq!(vm.record(third).unwrap().closed_by(), closed, "{policy:?}");
    }
}
