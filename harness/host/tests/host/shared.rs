//! State that several VMs share: data with compare-and-swap, and queues.

use std::time::Duration;

use peerwarden_host::{PluginOptions, SharedState, Vm, VmOptions};

use crate::fixture::{Literals, ask, get, module, notes, start, violations};

#[test]
fn data_is_shared_by_vms_of_one_id_and_swapped_once() {
    let mut texts = Literals::new();
    let (key, value) = (texts.put("key"), texts.put("value"));
    let body = format!(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
               (call $note (call $get_shared {key} $out (i32.const 108)))
               (call $result)
               (call $note (call $set_shared {key} {value} (i32.load (i32.const 108))))
               (i32.const 0))
           (func (export "proxy_on_log") (param i32)
               (call $note (call $set_shared {key} {value} (i32.load (i32.const 108)))))"#
    );
    let module = module(&texts, &body);
    let shared = SharedState::default();
    let vm = |vm_id: &str| VmOptions {
        vm_id: vm_id.to_owned(),
        shared: shared.clone(),
        ..VmOptions::default()
    };
    let (mut first, plugin) = start(&module, vm("one"));
    ask(&mut first, plugin, get("/"));
    // There is no value, so any number sets it; 0 in the log sets it once more.
    assert_eq!(notes(&mut first), ["1", "", "0", "0"]);
    let (mut second, plugin) = start(&module, vm("one"));
    ask(&mut second, plugin, get("/"));
    // The number was valid for one swap.
    assert_eq!(notes(&mut second), ["0", "value", "0", "8"]);
    let (mut other, plugin) = start(&module, vm("two"));
    ask(&mut other, plugin, get("/"));
    assert_eq!(notes(&mut other)[0], "1");
    assert_eq!(
        shared.get("one", b"key").map(|(value, _)| value),
        Some(b"value".to_vec())
    );
}

#[test]
fn a_queue_tells_the_root_that_registered_it_last_once_for_each_item() {
    let mut texts = Literals::new();
    let (name, item, vm_id) = (texts.put("jobs"), texts.put("job"), texts.put("workers"));
    let body = format!(
        r#"(func (export "proxy_on_configure") (param i32 i32) (result i32)
               (call $note (call $register {name} (i32.const 100))) (i32.const 1))
           (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
               (call $note (call $resolve {vm_id} {name} (i32.const 100)))
               (call $note (call $resolve (i32.const 0) (i32.const 0) {name} (i32.const 100)))
               (call $note (call $enqueue (i32.load (i32.const 100)) {item}))
               (call $note (call $enqueue (i32.load (i32.const 100)) {item}))
               (i32.const 0))
           (func (export "proxy_on_queue_ready") (param i32 i32)
               (call $note (call $dequeue (local.get 1) $out)) (call $result))
           (func (export "proxy_on_log") (param i32)
               (call $note (call $dequeue (i32.const 1) $out)))"#
    );
    let module = module(&texts, &body);
    let options = VmOptions {
        vm_id: "workers".into(),
        ..VmOptions::default()
    };
    let (mut sender, plugin) = start(&module, options.clone());
    let (mut receiver, _) = start(&module, options);
    ask(&mut sender, plugin, get("/"));
    // Both items are added, and the sender takes one of them itself in the log.
    assert_eq!(notes(&mut sender), ["0", "0", "0", "0", "0", "0"]);
    notes(&mut receiver);
    sender.advance(Duration::ZERO);
    assert_eq!(notes(&mut sender), Vec::<String>::new());
    receiver.advance(Duration::ZERO);
    assert_eq!(
        notes(&mut receiver),
        ["0", "job", "7", "job"],
        "told twice, and the second time it is empty"
    );
    receiver.advance(Duration::from_secs(1));
    assert_eq!(notes(&mut receiver), Vec::<String>::new());
    assert_eq!(violations(&mut receiver), Vec::<String>::new());
}

#[test]
fn vms_are_for_threads() {
    fn is_send<T: Send>(_: &T) {}
    let module = module(&Literals::new(), "");
    let mut vm = Vm::new(&module, VmOptions::default()).unwrap();
    is_send(&vm);
    let moved = std::thread::spawn(move || vm.configure(PluginOptions::default()).is_ok());
    assert!(moved.join().unwrap());
}
