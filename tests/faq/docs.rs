//! The documents in `docs/mtls.md`, unchanged: the experiments use them, with this machine's ports, addresses and
//! paths.

use anyhow::{Context, Result, ensure};
use peerwarden_lab::locate;
use serde_json::Value;

/// The file's name, with which each begins as a comment.
pub(crate) const WORKLOAD: &str = "workload.yaml";
pub(crate) const CLIENT: &str = "client.yaml";
pub(crate) const RULE: &str = "rules/excluded.yaml";
pub(crate) const GATEWAY: &str = "gateway.yaml";
pub(crate) const INGRESS: &str = "ingress.yaml";
pub(crate) const EDGE: &str = "policies/edge.yaml";

/// The workload, with one port for HTTP and one for MySQL.
pub(crate) fn workload() -> Result<Value> {
    one(WORKLOAD)
}

/// The client side of a workload that calls it.
pub(crate) fn client() -> Result<Value> {
    one(CLIENT)
}

/// The `DestinationRule` that fixes an excluded port.
pub(crate) fn rule() -> Result<Value> {
    one(RULE)
}

/// The ingress's `Gateway`.
pub(crate) fn gateway() -> Result<Value> {
    one(GATEWAY)
}

/// The description of the ingress.
pub(crate) fn ingress() -> Result<Value> {
    one(INGRESS)
}

/// The policies of the ingress.
pub(crate) fn edge() -> Result<Vec<Value>> {
    all(EDGE)
}

/// Replaces a documented value by one of this machine. A value that does not exist is an error.
pub(crate) fn put(document: &mut Value, pointer: &str, value: impl Into<Value>) -> Result<()> {
    let place = document.pointer_mut(pointer);
    *place.with_context(|| format!("docs/mtls.md shows nothing at {pointer}"))? = value.into();
    Ok(())
}

/// The whole text.
pub(crate) fn text() -> Result<String> {
    std::fs::read_to_string(locate::workspace().join("docs/mtls.md")).context("docs/mtls.md")
}

fn one(name: &str) -> Result<Value> {
    let mut documents = all(name)?;
    ensure!(documents.len() == 1, "{name} has {} documents", documents.len());
    documents.pop().context("a document")
}

fn all(name: &str) -> Result<Vec<Value>> {
    let text = text()?;
    let (_, block) = text
        .split_once(&format!("```yaml\n# {name}\n"))
        .with_context(|| format!("docs/mtls.md shows no {name}"))?;
    let (block, _) = block.split_once("```").context("the end of a block")?;
    serde_saphyr::from_multiple(block).with_context(|| format!("{name} of docs/mtls.md"))
}
