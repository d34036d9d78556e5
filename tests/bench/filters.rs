//! Wasm filters to compare with, written by hand: what the ABI alone costs, and one property.

use anyhow::{Context, Result};

/// Does nothing with a request.
pub(crate) fn empty() -> Result<Vec<u8>> {
    assemble("(i32.const 0)")
}

/// Reads the peer's first URI SAN, in memory that is always the same, and compares its length.
pub(crate) fn one_property() -> Result<Vec<u8>> {
    assemble(
        r#"(drop (call $get_property (i32.const 16) (i32.const 35) (i32.const 0) (i32.const 4)))
           (select (i32.const 0) (i32.const 1) (i32.gt_u (i32.load (i32.const 4)) (i32.const 8)))"#,
    )
}

fn assemble(on_request_headers: &str) -> Result<Vec<u8>> {
    let text = format!(
        r#"(module
          (import "env" "proxy_get_property"
            (func $get_property (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 2)
          (data (i32.const 16) "connection\00uri_san_peer_certificate")
          (func (export "malloc") (param i32) (result i32) (i32.const 4096))
          (func (export "proxy_abi_version_0_2_1"))
          (func (export "proxy_on_context_create") (param i32 i32))
          (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
            {on_request_headers}))"#
    );
    wat::parse_str(text).context("assembling a filter")
}
