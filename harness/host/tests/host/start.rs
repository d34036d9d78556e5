//! Loading and initialising.

use peerwarden_host::{Module, ModuleError, PluginOptions, Refusal, Vm, VmOptions};

use crate::fixture::{Literals, module, notes, violations};

#[test]
fn what_envoy_would_not_load() {
    let load = |text: &str| Module::new(&wat::parse_str(text).unwrap()).unwrap_err();
    assert!(matches!(Module::new(b"no module"), Err(ModuleError::Wasm(_))));
    assert!(matches!(load("(module)"), ModuleError::Abi));
    let abi = r#"(func (export "proxy_abi_version_0_2_1"))"#;
    assert!(matches!(
        load(&format!("(module {abi})")),
        ModuleError::Export("memory")
    ));
    let memory = r#"(memory (export "memory") 1)"#;
    let no_allocator = load(&format!("(module {abi} {memory})"));
    assert!(
        matches!(no_allocator, ModuleError::Export("proxy_on_memory_allocate")),
        "{no_allocator}"
    );
    let malloc = r#"(func (export "malloc") (param i32) (result i32) i32.const 0)"#;
    let unknown = load(&format!(
        "(module (import \"env\" \"proxy_fly\" (func)) {abi} {memory} {malloc})"
    ));
    assert!(unknown.to_string().contains("proxy_fly"), "{unknown}");
    assert!(matches!(
        Module::from_file("no such file"),
        Err(ModuleError::Read(_))
    ));
}

#[test]
fn initialises_before_main_and_may_only_log_there() {
    let body = r#"(func (export "_initialize") (call $note (i32.const 1)))
                  (func (export "main") (param i32 i32) (result i32) (call $note (i32.const 2)) (i32.const 0))
                  (func (export "_start") (call $note (i32.const 3)))"#;
    let mut vm = Vm::new(&module(&Literals::new(), body), VmOptions::default()).unwrap();
    assert_eq!(notes(&mut vm), ["1", "2"]);

    let body = r#"(func (export "_start") (call $note (i32.const 3)))"#;
    let mut vm = Vm::new(&module(&Literals::new(), body), VmOptions::default()).unwrap();
    assert_eq!(notes(&mut vm), ["3"]);

    let body = r#"(func (export "_initialize") (drop (call $time (i32.const 100))))"#;
    let error = Vm::new(&module(&Literals::new(), body), VmOptions::default()).unwrap_err();
    assert!(error.to_string().contains("restricted_callback"), "{error}");
}

#[test]
fn wasi_has_what_toolchains_need_and_no_more() {
    let text = r#"(module
        (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_open"
            (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 4)
        (func (export "proxy_abi_version_0_2_0"))
        (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 65536)
        (data (i32.const 0) "\08\00\00\00\03\00\00\00ok\n")
        (func $say (param i32)
            (i32.store8 (i32.const 8) (i32.add (i32.const 48) (i32.div_u (local.get 0) (i32.const 10))))
            (i32.store8 (i32.const 9) (i32.add (i32.const 48) (i32.rem_u (local.get 0) (i32.const 10))))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))))
        (func (export "_initialize")
            (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 16)))
            (call $say (i32.load (i32.const 16)))
            (call $say (call $write (i32.const 3) (i32.const 0) (i32.const 1) (i32.const 16)))
            (call $say (call $write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 16)))
            (call $say (call $sizes (i32.const 100) (i32.const 104)))
            (call $say (i32.load (i32.const 100)))
            (call $say (i32.load (i32.const 104)))
            (call $say (call $environ (i32.const 200) (i32.const 300)))
            (i32.store (i32.const 0) (i32.load (i32.const 200)))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
            (i32.store (i32.const 0) (i32.const 8))
            (call $say (call $random (i32.const 65536) (i32.const 65536)))
            (call $say (call $random (i32.const 65536) (i32.const 65537)))
            (call $say (call $clock (i32.const 1) (i64.const 0) (i32.const 400)))
            (call $say (call $clock (i32.const 2) (i64.const 0) (i32.const 400)))
            (call $say (call $open (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
                (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 0))))
        (func (export "proxy_on_configure") (param i32 i32) (result i32) (call $exit (i32.const 1)) (i32.const 1)))"#;
    let options = VmOptions {
        environment: [("A".to_owned(), "b".to_owned())].into(),
        ..VmOptions::default()
    };
    let mut vm = Vm::new(&Module::new(&wat::parse_str(text).unwrap()).unwrap(), options).unwrap();
    let expected = [
        "ok", "03", "08", "21", "00", "01", "04", "00", "A=b", "00", "28", "00", "58", "44",
    ];
    assert_eq!(notes(&mut vm), expected);
    let trapped = vm.configure(PluginOptions::default()).unwrap_err();
    assert!(
        matches!(trapped.refusal(), Refusal::Trapped(why) if why.contains("exited with 1")),
        "{trapped}"
    );
    assert_eq!(
        violations(&mut vm).len(),
        2,
        "the bad pointer, in the trial on the main thread and on the worker"
    );
}
