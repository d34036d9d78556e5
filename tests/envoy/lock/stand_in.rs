//! Modules that stand in for a broken one, to show what Envoy does without the module.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Accepts its configuration once: in the trial on the main thread. Each worker refuses it, as after a trap there.
pub(super) fn refuses_on_workers(folder: &Path) -> Result<PathBuf> {
    let configure = r#"
        (if (result i32) (call $get (i32.const 16) (i32.const 10) (i32.const 0) (i32.const 4) (i32.const 8))
          (then
            (drop (call $set (i32.const 16) (i32.const 10) (i32.const 16) (i32.const 10) (i32.const 0)))
            (i32.const 1))
          (else (i32.const 0)))"#;
    // If it is present after all, nothing continues.
    let held = "(i32.const 1)";
    assemble(folder, "refuses", configure, [held; 4])
}

/// Traps in every callback except configuration.
pub(super) fn traps(folder: &Path) -> Result<PathBuf> {
    assemble(folder, "traps", "(i32.const 1)", ["unreachable"; 4])
}

/// Names the cluster `ledger` for each connection, as the module does with `enforcement: handshake`, and traps on its
/// data.
pub(super) fn names_the_cluster_and_traps(folder: &Path) -> Result<PathBuf> {
    let new = r#"
        (drop (call $foreign (i32.const 32) (i32.const 22) (i32.const 64) (i32.const 33) (i32.const 0) (i32.const 4)))
        (i32.const 0)"#;
    assemble(
        folder,
        "names",
        "(i32.const 1)",
        ["unreachable", new, "unreachable", "unreachable"],
    )
}

/// `calls` are its actions for a request's headers, a new connection, the client's data and the upstream's.
fn assemble(folder: &Path, name: &str, configure: &str, calls: [&str; 4]) -> Result<PathBuf> {
    let [headers, new, downstream, upstream] = calls;
    let text = format!(
        r#"(module
          (import "env" "proxy_get_shared_data" (func $get (param i32 i32 i32 i32 i32) (result i32)))
          (import "env" "proxy_set_shared_data" (func $set (param i32 i32 i32 i32 i32) (result i32)))
          (import "env" "proxy_call_foreign_function"
            (func $foreign (param i32 i32 i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 2)
          (data (i32.const 16) "configured")
          (data (i32.const 32) "set_envoy_filter_state")
          (data (i32.const 64) "\0a\17envoy.tcp_proxy.cluster\12\06ledger")
          (func (export "malloc") (param i32) (result i32) (i32.const 4096))
          (func (export "proxy_abi_version_0_2_1"))
          (func (export "proxy_on_configure") (param i32 i32) (result i32) {configure})
          (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) {headers})
          (func (export "proxy_on_new_connection") (param i32) (result i32) {new})
          (func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32) {downstream})
          (func (export "proxy_on_upstream_data") (param i32 i32 i32) (result i32) {upstream}))"#
    );
    let path = folder.join(format!("{name}.wasm"));
    std::fs::write(&path, wat::parse_str(text).context("assembling a module")?)?;
    Ok(path)
}
