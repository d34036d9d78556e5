//! Metrics: their ids, and what Envoy refuses.

use peerwarden_host::{MetricValue, VmOptions};

use crate::fixture::{Literals, module, notes, start};

#[test]
fn ids_and_refusals() {
    let mut texts = Literals::new();
    let name = texts.put("requests");
    let other = texts.put("sizes");
    let body = format!(
        r#"(func $define_one (param i32) (result i32)
               (drop (call $define (local.get 0) {name} (i32.const 100))) (i32.load (i32.const 100)))
           (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
               (call $note (call $define_one (i32.const 0)))
               (call $note (call $define_one (i32.const 0)))
               (call $note (call $define_one (i32.const 1)))
               (drop (call $define (i32.const 2) {other} (i32.const 100)))
               (call $note (i32.load (i32.const 100)))
               (call $note (call $increment (i32.const 4) (i64.const 2)))
               (call $note (call $increment (i32.const 8) (i64.const 3)))
               (call $note (call $increment (i32.const 4) (i64.const 0)))
               (call $note (call $increment (i32.const 4) (i64.const -1)))
               (call $note (call $record (i32.const 6) (i64.const 9)))
               (call $note (call $metric (i32.const 6) (i32.const 100)))
               (call $note (call $metric (i32.const 8) (i32.const 100)))
               (call $note (i32.load (i32.const 100)))
               (i32.const 1))"#
    );
    let (mut vm, _) = start(&module(&texts, &body), VmOptions::default());
    // The trial on the main thread counted, too.
    assert_eq!(
        notes(&mut vm),
        ["4", "8", "5", "6", "0", "0", "2", "2", "0", "2", "0", "10"]
    );
    assert_eq!(vm.metric("requests"), Some(MetricValue::Counter(10)));
    assert_eq!(vm.metric("sizes"), Some(MetricValue::Histogram(vec![9, 9])));
    assert_eq!(vm.metric("others"), None);
}
