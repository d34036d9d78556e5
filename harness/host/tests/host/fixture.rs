//! Modules in WebAssembly text: their common parts, and how a test reads their notes.
//!
//! A module writes its observations to the log: `$note` a number, `$text` bytes, `$result` the bytes that a host call
//! left at the addresses 100 (pointer) and 104 (size), for which `$out` stands.

use peerwarden_host::{Connection, Module, PluginId, PluginOptions, Request, Vm, VmOptions};

const PRELUDE: &str = r#"
    (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
    (import "env" "proxy_get_property" (func $get_property (param i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_set_property" (func $set_property (param i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_get_buffer_bytes" (func $buffer (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_set_buffer_bytes" (func $set_buffer (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_get_header_map_value" (func $header (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_add_header_map_value" (func $add_header (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_replace_header_map_value" (func $replace_header (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_remove_header_map_value" (func $remove_header (param i32 i32 i32) (result i32)))
    (import "env" "proxy_get_header_map_pairs" (func $headers (param i32 i32 i32) (result i32)))
    (import "env" "proxy_set_header_map_pairs" (func $set_headers (param i32 i32 i32) (result i32)))
    (import "env" "proxy_send_local_response"
        (func $respond (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_continue_stream" (func $continue (param i32) (result i32)))
    (import "env" "proxy_close_stream" (func $close (param i32) (result i32)))
    (import "env" "proxy_done" (func $done (result i32)))
    (import "env" "proxy_set_effective_context" (func $effective (param i32) (result i32)))
    (import "env" "proxy_get_current_time_nanoseconds" (func $time (param i32) (result i32)))
    (import "env" "proxy_set_tick_period_milliseconds" (func $tick (param i32) (result i32)))
    (import "env" "proxy_define_metric" (func $define (param i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_increment_metric" (func $increment (param i32 i64) (result i32)))
    (import "env" "proxy_record_metric" (func $record (param i32 i64) (result i32)))
    (import "env" "proxy_get_metric" (func $metric (param i32 i32) (result i32)))
    (import "env" "proxy_get_shared_data" (func $get_shared (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_set_shared_data" (func $set_shared (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_register_shared_queue" (func $register (param i32 i32 i32) (result i32)))
    (import "env" "proxy_resolve_shared_queue" (func $resolve (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_enqueue_shared_queue" (func $enqueue (param i32 i32 i32) (result i32)))
    (import "env" "proxy_dequeue_shared_queue" (func $dequeue (param i32 i32 i32) (result i32)))
    (import "env" "proxy_http_call"
        (func $http_call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_grpc_call"
        (func $grpc_call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_grpc_cancel" (func $grpc_cancel (param i32) (result i32)))
    (import "env" "proxy_get_status" (func $status (param i32 i32 i32) (result i32)))
    (import "env" "proxy_call_foreign_function" (func $foreign (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_get_log_level" (func $log_level (param i32) (result i32)))
    (import "env" "proxy_get_header_map_size" (func $headers_size (param i32 i32) (result i32)))
    (import "env" "proxy_get_buffer_status" (func $buffer_status (param i32 i32 i32) (result i32)))
    (import "env" "proxy_grpc_stream"
        (func $grpc_stream (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_grpc_send" (func $grpc_send (param i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_grpc_close" (func $grpc_close (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
    (memory (export "memory") 4)
    (func (export "proxy_abi_version_0_2_1"))
    (func $text (param i32 i32) (drop (call $log (i32.const 2) (local.get 0) (local.get 1))))
    (func $note (param $number i32) (local $at i32)
        (local.set $at (i32.const 60010))
        (loop $more
            (local.set $at (i32.sub (local.get $at) (i32.const 1)))
            (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
            (local.set $number (i32.div_u (local.get $number) (i32.const 10)))
            (br_if $more (local.get $number)))
        (call $text (local.get $at) (i32.sub (i32.const 60010) (local.get $at))))
    (func $result (call $text (i32.load (i32.const 100)) (i32.load (i32.const 104))))
"#;

/// Allocates memory and never frees it.
const ALLOCATOR: &str = r#"
    (global $heap (mut i32) (i32.const 65536))
    (func (export "malloc") (param $size i32) (result i32) (local $at i32)
        (local.set $at (global.get $heap))
        (global.set $heap (i32.add (global.get $heap) (local.get $size)))
        (local.get $at))
"#;

/// Texts in a module's memory.
pub(crate) struct Literals {
    end: usize,
    data: String,
}

impl Literals {
    pub(crate) fn new() -> Self {
        Self {
            end: 1024,
            data: String::new(),
        }
    }

    /// Stores a text, and returns the two constants with its place for a host function.
    pub(crate) fn put(&mut self, text: impl AsRef<[u8]>) -> String {
        let (at, text) = (self.end, text.as_ref());
        self.end += text.len();
        assert!(
            self.end < 60_000,
            "the texts run into the scratch place of `$note`"
        );
        let escaped: String = text.iter().map(|byte| format!("\\{byte:02x}")).collect();
        self.data
            .push_str(&format!("(data (i32.const {at}) \"{escaped}\")"));
        format!("(i32.const {at}) (i32.const {})", text.len())
    }
}

/// A module with these functions. `$out` is the place of results.
pub(crate) fn module(texts: &Literals, functions: &str) -> Module {
    module_allocating(texts, ALLOCATOR, functions)
}

/// The same, with its own allocator.
pub(crate) fn module_allocating(texts: &Literals, allocator: &str, functions: &str) -> Module {
    let functions = functions.replace("$out", "(i32.const 100) (i32.const 104)");
    let text = format!("(module {PRELUDE} {allocator} {} {functions})", texts.data);
    let bytes = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"));
    Module::new(&bytes).unwrap_or_else(|error| panic!("{error}"))
}

/// A VM with one plugin and a default configuration.
pub(crate) fn start(module: &Module, options: VmOptions) -> (Vm, PluginId) {
    let mut vm = Vm::new(module, options).unwrap();
    let plugin = vm.configure(PluginOptions::default()).unwrap();
    (vm, plugin)
}

/// The log lines since the last call.
pub(crate) fn notes(vm: &mut Vm) -> Vec<String> {
    vm.take_logs().into_iter().map(|line| line.message).collect()
}

/// The violations since the last call.
pub(crate) fn violations(vm: &mut Vm) -> Vec<String> {
    vm.take_violations().iter().map(ToString::to_string).collect()
}

pub(crate) fn get(path: &str) -> Request {
    Request::new([
        (":method", "GET"),
        (":path", path),
        (":authority", "orders.shop"),
        (":scheme", "https"),
    ])
}

/// Sends one request, delivers its headers, and closes it.
pub(crate) fn ask(vm: &mut Vm, plugin: PluginId, request: Request) -> peerwarden_host::HttpOutcome {
    let stream = vm.http_stream(plugin, &Connection::default(), request).unwrap();
    let outcome = vm.request_headers(stream).unwrap();
    vm.close(stream).unwrap();
    outcome
}
