//! A filter built with the Rust SDK in the simulated Envoy: it runs as its author intends; this also shows how the
//! SDK's dispatcher behaves where the module's own denies.

use std::time::Duration;

use peerwarden_host::{
    CloseReason, Connection, HttpOutcome, Module, PluginId, PluginOptions, Request, TcpOptions, Vm, VmOptions,
};

use crate::fixture::{FRONTEND, ask, denied, get, peer};

fn filter(configuration: &str) -> (Vm, PluginId) {
    let path = peerwarden_lab::locate::sdk_filter().unwrap_or_else(|error| panic!("{error:#}"));
    let module = Module::from_file(path).unwrap();
    let mut vm = Vm::new(&module, VmOptions::default()).unwrap();
    let options = PluginOptions {
        configuration: configuration.into(),
        ..PluginOptions::default()
    };
    let plugin = vm.configure(options).unwrap();
    (vm, plugin)
}

#[test]
fn a_request_passes_with_the_word_and_is_answered_without() {
    let (mut vm, plugin) = filter("sesame");
    let request = Request::new([
        (":method", "GET"),
        (":path", "/"),
        (":authority", "orders.shop"),
        ("x-word", "sesame"),
    ]);
    let stream = vm.http_stream(plugin, &peer(FRONTEND), request).unwrap();
    assert_eq!(vm.request_headers(stream).unwrap(), HttpOutcome::Continue);
    let passed = vm.headers_of(stream).unwrap();
    assert!(passed.iter().any(|(name, _)| name.as_slice() == b"x-passed"));
    vm.close(stream).unwrap();

    let refused = denied(ask(&mut vm, plugin, &peer(FRONTEND), get("/")));
    assert_eq!(
        (refused.code, refused.body.as_slice()),
        (403, b"not the word".as_slice())
    );
    assert_eq!(vm.failure(), None);
}

#[test]
fn a_connection_passes_with_the_word_and_is_closed_without() {
    let (mut vm, plugin) = filter("tcp:sesame");
    for (data, closed) in [
        (b"sesame, open".as_slice(), None),
        (b"hello".as_slice(), Some(CloseReason::Module)),
    ] {
        let id = vm
            .tcp_connection(plugin, &Connection::default(), TcpOptions::default())
            .unwrap();
        vm.downstream_data(id, data, false).unwrap();
        assert_eq!(vm.record(id).unwrap().closed_by(), closed);
        vm.close(id).unwrap();
    }
    assert_eq!(vm.failure(), None);
}

#[test]
fn its_timer_goes_off() {
    let (mut vm, _) = filter("sesame");
    vm.take_logs();
    vm.advance(Duration::from_secs(3));
    let ticks = vm.logs().iter().filter(|line| line.message == "tick").count();
    assert_eq!(ticks, 3);
}

/// The reason for the module's own dispatcher (`neighbours.rs`): the SDK's fails the VM, and with it every filter in
/// it.
#[test]
fn the_sdk_traps_in_the_wrong_chain() {
    let (mut vm, plugin) = filter("sesame");
    let _ = vm.tcp_connection(plugin, &Connection::default(), TcpOptions::default());
    assert!(vm.failure().is_some());
}
