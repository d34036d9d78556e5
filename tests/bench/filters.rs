//! Hand-written Wasm filters for comparison: the cost of the ABI alone, of one property, and of everything that the
//! module reads. Each is for requests, and all but the last also for the first and all further data of connections.

use anyhow::{Context, Result};

/// Does nothing.
pub(crate) fn empty() -> Result<Vec<u8>> {
    assemble("(i32.const 0)", "")
}

/// Reads the peer's first URI SAN, into the same memory each time, and compares its length.
pub(crate) fn one_property() -> Result<Vec<u8>> {
    assemble(ONE_PROPERTY, "")
}

/// The same, also called where the module is called: with a response, and at the end of a request. The difference to
/// the module is the module's own cost, and the difference to the plain filter is the cost of keeping something for
/// each request.
pub(crate) fn one_property_with_callbacks() -> Result<Vec<u8>> {
    assemble(ONE_PROPERTY, CALLBACKS)
}

/// Reads everything that a policy on identity, method and path depends on, where the module reads it: the certificate
/// and all headers; and decides nothing. No filter of this ABI that needs them can be cheaper.
pub(crate) fn certificate_and_headers() -> Result<Vec<u8>> {
    assemble(
        r#"(drop (call $get_property (i32.const 64) (i32.const 27) (i32.const 0) (i32.const 4)))
           (drop (call $get_pairs (i32.const 0) (i32.const 0) (i32.const 4)))
           (select (i32.const 0) (i32.const 1) (i32.gt_u (i32.load (i32.const 4)) (i32.const 8)))"#,
        CALLBACKS,
    )
}

const CALLBACKS: &str = r#"
    (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) (i32.const 0))
    (func (export "proxy_on_delete") (param i32))"#;

const ONE_PROPERTY: &str = r#"(drop (call $get_property (i32.const 16) (i32.const 35) (i32.const 0) (i32.const 4)))
    (select (i32.const 0) (i32.const 1) (i32.gt_u (i32.load (i32.const 4)) (i32.const 8)))"#;

fn assemble(decide: &str, more: &str) -> Result<Vec<u8>> {
    let text = format!(
        r#"(module
          (import "env" "proxy_get_property"
            (func $get_property (param i32 i32 i32 i32) (result i32)))
          (import "env" "proxy_get_header_map_pairs" (func $get_pairs (param i32 i32 i32) (result i32)))
          (memory (export "memory") 2)
          (data (i32.const 16) "connection\00uri_san_peer_certificate")
          (data (i32.const 64) "connection\00peer_certificate")
          (func (export "malloc") (param i32) (result i32) (i32.const 4096))
          (func (export "proxy_abi_version_0_2_1"))
          (func (export "proxy_on_context_create") (param i32 i32))
          (func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32)
            {decide})
          (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
            {decide})
          {more})"#
    );
    wat::parse_str(text).context("assembling a filter")
}
