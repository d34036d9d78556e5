//! When each call is allowed, and what Envoy never does.

use std::time::Duration;

use peerwarden_host::{Connection, EnvoyVersion, HttpOutcome, LogLevel, TcpOptions, Vm, VmError, VmOptions};

use crate::fixture::{Literals, ask, get, module, notes, start, violations};

#[test]
fn while_it_initialises_a_module_may_log_and_use_wasi_and_nothing_else() {
    let mut texts = Literals::new();
    let name = texts.put("name");
    let initialise = |call: &str| {
        let body = format!(r#"(func (export "_initialize") (drop {call}))"#);
        Vm::new(&module(&texts, &body), VmOptions::default())
    };
    for call in [
        format!("(call $get_property {name} $out)"),
        format!("(call $set_property {name} {name})"),
        "(call $headers (i32.const 0) $out)".to_owned(),
        "(call $buffer (i32.const 7) (i32.const 0) (i32.const -1) $out)".to_owned(),
        "(call $log_level (i32.const 100))".to_owned(),
        "(call $tick (i32.const 5))".to_owned(),
        "(call $time (i32.const 100))".to_owned(),
        format!("(call $define (i32.const 0) {name} (i32.const 100))"),
        format!("(call $set_shared {name} {name} (i32.const 0))"),
        format!("(call $register {name} (i32.const 100))"),
        "(call $effective (i32.const 0))".to_owned(),
        "(call $done)".to_owned(),
        "(call $grpc_send (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))".to_owned(),
    ] {
        let VmError::Initialize(why) = initialise(&call).unwrap_err() else {
            panic!("{call}")
        };
        assert!(why.contains("restricted_callback"), "{call}: {why}");
    }
    for call in [
        "(call $random (i32.const 400) (i32.const 8))",
        "(call $clock (i32.const 0) (i64.const 0) (i32.const 400))",
        "(call $yield)",
    ] {
        assert!(initialise(call).is_ok(), "{call}");
    }
}

#[test]
fn what_envoy_or_this_host_does_not_do_is_unimplemented_and_recorded() {
    let zeros = |count| "(i32.const 0) ".repeat(count);
    for (call, function) in [
        (format!("(call $grpc_stream {})", zeros(9)), "proxy_grpc_stream"),
        (format!("(call $grpc_send {})", zeros(4)), "proxy_grpc_send"),
        (
            "(call $continue (i32.const 3))".to_owned(),
            "proxy_continue_stream",
        ),
    ] {
        let body = format!(
            r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
                   (call $note {call}) (i32.const 0))"#
        );
        let (mut vm, plugin) = start(&module(&Literals::new(), &body), VmOptions::default());
        assert_eq!(ask(&mut vm, plugin, get("/")), HttpOutcome::Continue);
        assert_eq!(notes(&mut vm), ["12"], "{function}");
        let recorded = vm.take_violations();
        assert_eq!(recorded.len(), 1, "{function}");
        assert_eq!(
            (recorded[0].function, recorded[0].callback),
            (function, "proxy_on_request_headers")
        );
    }
}

#[test]
fn logs_that_are_no_utf_8_are_kept_readable() {
    let mut texts = Literals::new();
    let bytes = texts.put(b"caf\xe9");
    let body = format!(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
               (drop (call $log (i32.const 3) {bytes})) (i32.const 0))"#
    );
    let (mut vm, plugin) = start(&module(&texts, &body), VmOptions::default());
    ask(&mut vm, plugin, get("/"));
    let line = &vm.logs()[0];
    assert_eq!(
        (line.level, line.message.as_str()),
        (LogLevel::Warn, "caf\u{fffd}")
    );
    assert_eq!(
        violations(&mut vm),
        ["proxy_log during proxy_on_request_headers: the text is not UTF-8"]
    );
}

#[test]
fn the_log_level_and_the_sizes_of_maps_and_buffers() {
    let body = r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
            (call $note (call $log_level (i32.const 108))) (call $note (i32.load (i32.const 108)))
            (call $note (call $headers_size (i32.const 0) (i32.const 108))) (call $note (i32.load (i32.const 108)))
            (call $note (call $headers_size (i32.const 2) (i32.const 108)))
            (i32.const 0))
        (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
            (call $note (call $buffer_status (i32.const 0) (i32.const 108) (i32.const 112)))
            (call $note (i32.load (i32.const 108))) (call $note (i32.load (i32.const 112)))
            (i32.const 1))"#;
    let options = VmOptions {
        log_level: LogLevel::Error,
        ..VmOptions::default()
    };
    let (mut vm, plugin) = start(&module(&Literals::new(), body), options);
    let stream = vm.http_stream(plugin, &Connection::default(), get("/")).unwrap();
    vm.request_headers(stream).unwrap();
    let size = ":methodGET:path/:authorityorders.shop:schemehttps".len();
    assert_eq!(notes(&mut vm), ["0", "4", "0", &size.to_string(), "2"]);
    vm.request_body(stream, b"abc", false).unwrap();
    vm.request_body(stream, b"de", true).unwrap();
    assert_eq!(notes(&mut vm), ["0", "3", "0", "0", "5", "0"]);
}

#[test]
fn the_buffers_of_a_connection_are_there_in_their_callbacks() {
    let note = |number| {
        format!(
            "(call $note (call $buffer (i32.const {number}) (i32.const 0) (i32.const -1) $out)) (call $result)"
        )
    };
    let body = format!(
        r#"(func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32) {} (i32.const 0))
           (func (export "proxy_on_upstream_data") (param i32 i32 i32) (result i32) {} {} (i32.const 0))"#,
        note(2),
        note(3),
        note(2)
    );
    let (mut vm, plugin) = start(&module(&Literals::new(), &body), VmOptions::default());
    let id = vm
        .tcp_connection(plugin, &Connection::default(), TcpOptions::default())
        .unwrap();
    vm.downstream_data(id, b"from the client", false).unwrap();
    vm.upstream_data(id, b"from the upstream", false).unwrap();
    assert_eq!(
        notes(&mut vm),
        ["0", "from the client", "0", "from the upstream", "0", ""],
        "what went on is gone"
    );
    assert_eq!(violations(&mut vm), Vec::<String>::new());
}

#[test]
fn an_effective_context_reaches_the_streams_of_its_vm_until_they_are_over() {
    let mut texts = Literals::new();
    let (path, name, value) = (
        texts.put("source\0address"),
        texts.put("seen"),
        texts.put("by another"),
    );
    let body = format!(
        r#"(global $other (mut i32) (i32.const 0))
           (func (export "proxy_on_new_connection") (param i32) (result i32)
               (global.set $other (local.get 0)) (i32.const 0))
           (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
               (call $note (call $effective (global.get $other)))
               (call $note (call $get_property {path} $out)) (call $result)
               (call $note (call $set_property {name} {value}))
               (call $note (call $close (i32.const 2)))
               (i32.const 0))"#
    );
    let (mut vm, plugin) = start(&module(&texts, &body), VmOptions::default());
    let peer = Connection {
        source: "192.0.2.9:9".parse().unwrap(),
        ..Connection::default()
    };
    let id = vm.tcp_connection(plugin, &peer, TcpOptions::default()).unwrap();
    assert_eq!(ask(&mut vm, plugin, get("/")), HttpOutcome::Continue);
    assert_eq!(notes(&mut vm), ["0", "0", "192.0.2.9:9", "0", "0"]);
    assert_eq!(vm.filter_state(id, "wasm.seen"), Some(b"by another".as_slice()));
    assert!(vm.record(id).unwrap().closed(), "it was closed from a request");
    assert_eq!(violations(&mut vm), Vec::<String>::new());
    // Now it is over, and the request's own context stays effective.
    ask(&mut vm, plugin, get("/"));
    let told = notes(&mut vm);
    assert_eq!(told[..3], ["2", "0", "192.0.2.1:40000"]);
    assert!(
        violations(&mut vm)[0].contains("there is no context"),
        "and it is recorded"
    );
}

#[test]
fn filter_state_needs_a_stream() {
    let mut texts = Literals::new();
    let name = texts.put("n");
    let body = format!(
        r#"(func (export "proxy_on_vm_start") (param i32 i32) (result i32)
               (call $note (call $set_property {name} {name}))
               (call $note (call $get_property {name} $out)) (i32.const 1))"#
    );
    let (mut vm, _) = start(&module(&texts, &body), VmOptions::default());
    assert_eq!(notes(&mut vm), ["1", "1"]);
    assert!(violations(&mut vm)[0].contains("no stream whose filter state"));
}

#[test]
fn early_data_came_with_1_37() {
    for (version, taken) in [(EnvoyVersion::V1_36, false), (EnvoyVersion::V1_37, true)] {
        let options = VmOptions {
            version,
            ..VmOptions::default()
        };
        let (mut vm, plugin) = start(&module(&Literals::new(), ""), options);
        let early = TcpOptions {
            max_early_data_bytes: Some(16),
            ..TcpOptions::default()
        };
        let opened = vm.tcp_connection(plugin, &Connection::default(), early);
        assert_eq!(opened.is_ok(), taken, "{version:?}");
    }
}

#[test]
fn a_timer_that_stops_itself_and_one_that_is_not_exported() {
    let body = r#"(func (export "proxy_on_vm_start") (param i32 i32) (result i32)
        (call $note (call $tick (i32.const 1))) (i32.const 1))"#;
    let (mut vm, _) = start(&module(&Literals::new(), body), VmOptions::default());
    vm.advance(Duration::from_millis(3));
    assert_eq!(vm.now(), Duration::from_millis(3));
    assert_eq!((notes(&mut vm), vm.failure()), (vec!["0".to_owned()], None));
}
