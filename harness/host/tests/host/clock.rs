//! The virtual clock.

use std::time::Duration;

use peerwarden_host::VmOptions;

use crate::fixture::{Literals, module, notes, start};

const MS: Duration = Duration::from_millis(1);

#[test]
fn a_timer_goes_off_in_each_period_until_stopped() {
    let body = r#"
        (global $left (mut i32) (i32.const 3))
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
            (drop (call $tick (i32.const 20))) (i32.const 1))
        (func (export "proxy_on_tick") (param i32)
            (drop (call $time (i32.const 100)))
            (call $note (i32.wrap_i64 (i64.div_u (i64.rem_u (i64.load (i32.const 100)) (i64.const 1000000000))
                                                 (i64.const 1000000))))
            (global.set $left (i32.sub (global.get $left) (i32.const 1)))
            (if (i32.eqz (global.get $left)) (then (drop (call $tick (i32.const 0))))))"#;
    let (mut vm, _) = start(&module(&Literals::new(), body), VmOptions::default());
    vm.advance(19 * MS);
    assert_eq!(notes(&mut vm), Vec::<String>::new());
    vm.advance(MS);
    assert_eq!(notes(&mut vm), ["20"]);
    vm.advance(100 * MS);
    assert_eq!(notes(&mut vm), ["40", "60"]);
    assert_eq!(vm.now(), 120 * MS);
}

#[test]
fn a_new_period_counts_from_when_it_is_set() {
    let body = r#"
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
            (drop (call $tick (i32.const 20))) (i32.const 1))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
            (drop (call $tick (i32.const 20))) (i32.const 0))
        (func (export "proxy_on_tick") (param i32) (call $note (i32.const 1)))"#;
    let (mut vm, plugin) = start(&module(&Literals::new(), body), VmOptions::default());
    vm.advance(15 * MS);
    crate::fixture::ask(&mut vm, plugin, crate::fixture::get("/"));
    vm.advance(15 * MS);
    assert_eq!(notes(&mut vm), Vec::<String>::new(), "the request set it again");
    vm.advance(5 * MS);
    assert_eq!(notes(&mut vm), ["1"]);
}
