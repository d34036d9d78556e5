//! Takes callbacks out of a module that it does nothing in: `peerwarden-exports IN OUT NAME…` keeps the named ones.
//!
//! The SDK exports every callback of the ABI, and Envoy enters the module for each that is exported: with each request, with each
//! piece of a body, once more for the access log. A callback that is not there costs nothing
//! (<https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1>). Only the list of exports is written anew.

use std::env;
use std::fs;

use anyhow::{Context, Result, bail, ensure};
use wasm_encoder::{ExportKind, ExportSection, Module, RawSection};
use wasmparser::{ExternalKind, Parser, Payload};

/// Exports of which only the named ones stay: callbacks, and the SDK's function that allocates, which Envoy would prefer to ours.
const CALLBACK: &str = "proxy_on_";
const ALLOCATE: &str = "malloc";

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [from, to, kept @ ..] = arguments.as_slice() else {
        bail!("give a module, where to write, and the callbacks that stay");
    };
    let bytes = fs::read(from).with_context(|| from.clone())?;
    let module = without_others(&bytes, kept).with_context(|| from.clone())?;
    fs::write(to, module).with_context(|| to.clone())
}

/// The module with these callbacks and no others.
fn without_others(bytes: &[u8], kept: &[String]) -> Result<Vec<u8>> {
    let mut module = Module::new();
    let mut missing: Vec<&String> = kept.iter().collect();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        if let Payload::ExportSection(exports) = &payload {
            let mut section = ExportSection::new();
            for export in exports.clone() {
                let export = export?;
                missing.retain(|name| *name != export.name);
                let may_go = export.name.starts_with(CALLBACK) || export.name == ALLOCATE;
                if may_go && !kept.iter().any(|name| name == export.name) {
                    continue;
                }
                let kind = match export.kind {
                    ExternalKind::Func => ExportKind::Func,
                    ExternalKind::Table => ExportKind::Table,
                    ExternalKind::Memory => ExportKind::Memory,
                    ExternalKind::Global => ExportKind::Global,
                    other @ (ExternalKind::Tag | ExternalKind::FuncExact) => {
                        bail!("`{}` is {other:?}, which Envoy does not know", export.name)
                    }
                };
                section.export(export.name, kind, export.index);
            }
            module.section(&section);
        } else if let Some((id, range)) = payload.as_section() {
            let data = bytes.get(range).context("a section ends too early")?;
            module.section(&RawSection { id, data });
        }
    }
    ensure!(missing.is_empty(), "the module has no {missing:?}");
    Ok(module.finish())
}
