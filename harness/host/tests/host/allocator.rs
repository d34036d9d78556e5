//! The host returns bytes in memory from the module's own allocator.

use peerwarden_host::{HttpOutcome, VmOptions};

use crate::fixture::{Literals, ask, get, module_allocating, notes, start, violations};

/// A module that reads a property into memory of this allocator, and notes the status.
fn reading(allocator: &str) -> (Vec<String>, Vec<String>, Option<String>, HttpOutcome) {
    let mut texts = Literals::new();
    let path = texts.put("request\0path");
    let functions = format!(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
               (call $note (call $get_property {path} $out)) (i32.const 0))"#
    );
    let module = module_allocating(&texts, allocator, &functions);
    let (mut vm, plugin) = start(&module, VmOptions::default());
    let outcome = ask(&mut vm, plugin, get("/"));
    let failure = vm.failure().map(str::to_owned);
    (notes(&mut vm), violations(&mut vm), failure, outcome)
}

#[test]
fn none_or_elsewhere_is_a_bad_access() {
    for (allocator, why) in [
        (
            r#"(func (export "malloc") (param i32) (result i32) (i32.const 0))"#,
            "allocator has no 1 bytes",
        ),
        (
            r#"(func (export "malloc") (param i32) (result i32) (i32.const 262144))"#,
            "1 bytes at 0x40000 cannot be written",
        ),
        (
            r#"(func (export "malloc") (param i64) (result i32) (i32.const 8))"#,
            "no allocator",
        ),
    ] {
        let (notes, violations, failure, outcome) = reading(allocator);
        assert_eq!((notes, failure), (vec!["6".to_owned()], None), "{allocator}");
        assert!(
            violations.len() == 1 && violations[0].contains(why),
            "{violations:?}"
        );
        assert_eq!(outcome, HttpOutcome::Continue);
    }
}

#[test]
fn one_that_traps_is_the_modules_failure() {
    let (notes, violations, failure, outcome) =
        reading(r#"(func (export "malloc") (param i32) (result i32) unreachable)"#);
    assert_eq!(
        (violations, notes.len()),
        (vec![], 1),
        "the only line is the host's"
    );
    assert!(notes[0].contains("unreachable"), "{notes:?}");
    assert!(failure.unwrap().starts_with("proxy_on_request_headers trapped"));
    assert!(matches!(outcome, HttpOutcome::LocalResponse(response) if response.code == 503));
}

#[test]
fn it_may_grow_the_memory_and_call_the_host() {
    let (notes, violations, ..) = reading(
        r#"(func (export "malloc") (param i32) (result i32)
               (call $note (i32.const 5))
               (i32.mul (memory.grow (i32.const 1)) (i32.const 65536)))"#,
    );
    assert_eq!((notes, violations), (vec!["5".into(), "0".into()], vec![]));
}

#[test]
fn the_one_that_the_abi_names_comes_first() {
    let (notes, ..) = reading(
        r#"(func (export "malloc") (param i32) (result i32) (call $note (i32.const 1)) (i32.const 8))
           (func (export "proxy_on_memory_allocate") (param i32) (result i32)
               (call $note (i32.const 2)) (i32.const 8))"#,
    );
    assert_eq!(notes, ["2", "0"]);
}
