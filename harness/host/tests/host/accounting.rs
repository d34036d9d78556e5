//! The cost of callbacks: it is counted, and the same in every run.

use peerwarden_host::{CallbackRecord, Connection, TcpOptions, Vm, VmOptions};

use crate::fixture::{Literals, ask, get, module, start};

/// Reads the path and every header, and answers requests whose path has two bytes.
fn busy() -> Vm {
    let mut texts = Literals::new();
    let (path, body) = (texts.put("request\0path"), texts.put("no"));
    let none = "(i32.const 0) (i32.const 0)";
    let functions = format!(
        r#"(func (export "proxy_on_vm_start") (param i32 i32) (result i32) (i32.const 1))
           (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
               (drop (call $headers (i32.const 0) $out))
               (drop (call $get_property {path} $out))
               (if (i32.eq (i32.load (i32.const 104)) (i32.const 2)) (then
                   (drop (call $respond (i32.const 403) {none} {body} {none} (i32.const -1)))))
               (i32.const 0))
           (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) (i32.const 0))
           (func (export "proxy_on_log") (param i32))
           (func (export "proxy_on_new_connection") (param i32) (result i32) (i32.const 0))
           (func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32)
               (drop (call $buffer (i32.const 2) (i32.const 0) (i32.const -1) $out))
               (drop (call $yield)) unreachable)"#
    );
    let (mut vm, plugin) = start(&module(&texts, &functions), VmOptions::default());
    ask(&mut vm, plugin, get("/"));
    ask(&mut vm, plugin, get("/!"));
    let connection = vm
        .tcp_connection(plugin, &Connection::default(), TcpOptions::default())
        .unwrap();
    vm.downstream_data(connection, b"data", false).unwrap();
    vm
}

fn of<'r>(records: &'r [CallbackRecord], callback: &str) -> Vec<&'r CallbackRecord> {
    records
        .iter()
        .filter(|record| record.callback == callback)
        .collect()
}

#[test]
fn each_callback_is_there_in_order_with_its_context() {
    let vm = busy();
    let order: Vec<_> = vm
        .accounting()
        .iter()
        .map(|record| (record.callback, record.context))
        .collect();
    assert_eq!(
        order,
        [
            ("proxy_on_vm_start", 1),
            ("proxy_on_request_headers", 2),
            ("proxy_on_log", 2),
            ("proxy_on_request_headers", 3),
            ("proxy_on_response_headers", 3),
            ("proxy_on_log", 3),
            ("proxy_on_new_connection", 4),
            ("proxy_on_downstream_data", 4),
        ]
    );
}

#[test]
fn calls_and_bytes_are_counted_apart_for_each() {
    let mut vm = busy();
    let records = vm.take_accounting();
    let [allowed, denied] = of(&records, "proxy_on_request_headers")[..] else {
        panic!()
    };
    assert_eq!((allowed.calls(), denied.calls()), (2, 3));
    assert_eq!(denied.host_calls["proxy_send_local_response"], 1);
    // The path's name out; with a denial its body too.
    assert_eq!((allowed.bytes_out, denied.bytes_out), (12, 12 + 2));
    // In: the map (a count, two sizes for each line, the texts with a NUL each), the path, a pointer and a size for each.
    let map = 4 + 4 * 8 + ":methodGET:path/:authorityorders.shop:schemehttps".len() + 4 * 2;
    assert_eq!(
        (allowed.bytes_in, denied.bytes_in),
        (map + 1 + 16, map + 1 + 2 + 16)
    );
    assert!(
        of(&records, "proxy_on_log")
            .iter()
            .all(|record| record.calls() == 0)
    );
}

#[test]
fn a_callback_that_traps_is_counted_up_to_there_and_wasi_with_the_rest() {
    let mut vm = busy();
    let records = vm.take_accounting();
    let [trapped] = of(&records, "proxy_on_downstream_data")[..] else {
        panic!()
    };
    assert_eq!(
        (
            trapped.host_calls["proxy_get_buffer_bytes"],
            trapped.host_calls["sched_yield"]
        ),
        (1, 1)
    );
    assert_eq!(trapped.bytes_in, 4 + 8);
    assert!(trapped.fuel > 0);
}

#[test]
fn runs_are_the_same_to_the_unit() {
    let (mut first, mut second) = (busy(), busy());
    let records = first.take_accounting();
    assert_eq!(records, second.take_accounting());
    let [allowed, denied] = of(&records, "proxy_on_request_headers")[..] else {
        panic!()
    };
    assert!(
        denied.fuel > allowed.fuel,
        "{} for a denial, {} without",
        denied.fuel,
        allowed.fuel
    );
}
