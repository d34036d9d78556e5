//! A module that only allows requests that say hello, in a simulated Envoy: `cargo run --example hello`.

use peerwarden_host::{Connection, HttpOutcome, Module, PluginOptions, Request, Vm, VmOptions};

const MODULE: &str = r#"(module
    (import "env" "proxy_get_header_map_value" (func $header (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_send_local_response" (func $respond (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 2)
    (data (i32.const 0) "x-hello")
    (data (i32.const 16) "say hello first")
    (func (export "proxy_abi_version_0_2_1"))
    (func (export "malloc") (param i32) (result i32) i32.const 65536)
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
        ;; Map 0 are the request's headers; the value's place and size are left at 100 and 104.
        (if (i32.eqz (call $header (i32.const 0) (i32.const 0) (i32.const 7) (i32.const 100) (i32.const 104)))
            (then (return (i32.const 0))))
        (drop (call $respond (i32.const 403) (i32.const 0) (i32.const 7) (i32.const 16) (i32.const 15)
            (i32.const 0) (i32.const 0) (i32.const -1)))
        (i32.const 1)))"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let module = Module::new(&wat::parse_str(MODULE)?)?;
    let mut vm = Vm::new(&module, VmOptions::default())?;
    let plugin = vm.configure(PluginOptions::default())?;

    for greeting in [None, Some("good morning")] {
        let headers = [(":method", "GET"), (":path", "/"), (":authority", "orders.shop")];
        let request = Request::new(headers.into_iter().chain(greeting.map(|text| ("x-hello", text))));
        let stream = vm.http_stream(plugin, &Connection::default(), request)?;
        match vm.request_headers(stream)? {
            HttpOutcome::LocalResponse(response) => {
                println!(
                    "{greeting:?}: {} {}",
                    response.code,
                    String::from_utf8_lossy(&response.body)
                );
            }
            other @ (HttpOutcome::Continue | HttpOutcome::Paused | HttpOutcome::Reset) => {
                println!("{greeting:?}: {other:?}")
            }
        }
        vm.close(stream)?;
    }

    for record in vm.accounting() {
        println!(
            "{}: {} host calls, {} units of fuel",
            record.callback,
            record.calls(),
            record.fuel
        );
    }
    Ok(())
}
