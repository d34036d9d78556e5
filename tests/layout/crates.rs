//! Which crate may import which.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use peerwarden_lab::locate;

/// Each crate with the crates of this workspace that it may import, in the order in which they build on each other.
const CRATES: [(&str, &[&str]); 20] = [
    ("filter/engine", &[]),
    ("filter/wire", &["engine"]),
    ("filter/plugin", &["engine", "wire"]),
    ("harness/host", &[]),
    ("harness/analysis", &["engine"]),
    ("harness/render", &["engine"]),
    ("harness/mtls", &["engine"]),
    ("harness/documents", &["engine", "render"]),
    ("harness/traffic", &["engine", "render", "documents"]),
    ("harness/explain", &["engine", "render", "documents", "traffic"]),
    ("harness/guarantees", &["engine", "render", "explain"]),
    (
        "harness/lint",
        &["engine", "render", "analysis", "documents", "traffic"],
    ),
    ("harness/suite", &["engine", "documents", "traffic", "explain"]),
    ("harness/logs", &["engine", "documents", "traffic", "explain"]),
    ("harness/engines", &["engine", "host", "documents", "traffic"]),
    (
        "harness/cli",
        &[
            "engine",
            "analysis",
            "render",
            "guarantees",
            "mtls",
            "documents",
            "traffic",
            "explain",
            "lint",
            "suite",
            "logs",
            "engines",
        ],
    ),
    ("tests/lab", &["engine"]),
    (
        "tests/fuzz",
        &["engine", "wire", "documents", "traffic", "lint", "suite", "logs"],
    ),
    ("tests/sdk", &[]),
    (
        "tests",
        &[
            "engine",
            "render",
            "guarantees",
            "mtls",
            "documents",
            "traffic",
            "suite",
            "lab",
        ],
    ),
];

/// Those that stand on wasmtime, which takes minutes to compile: a page, an editor and the demo do without it.
const ON_WASMTIME: [&str; 3] = ["harness/host", "harness/engines", "harness/cli"];

/// The dependencies of each crate, without those for its tests.
fn dependencies(folder: &str) -> Result<BTreeSet<String>> {
    let path = locate::workspace().join(folder).join("Cargo.toml");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let manifest: toml::Table = toml::from_str(&text)?;
    let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
    let names = dependencies.into_iter().flat_map(toml::Table::keys);
    Ok(names.cloned().collect())
}

/// Those of this workspace.
fn imports(folder: &str) -> Result<BTreeSet<String>> {
    let ours = |name: String| match name.strip_prefix("peerwarden") {
        Some("") => Some("cli".to_owned()),
        Some(rest) => rest.strip_prefix('-').map(str::to_owned),
        None => None,
    };
    Ok(dependencies(folder)?.into_iter().filter_map(ours).collect())
}

#[test]
fn crates_import_what_they_may() -> Result<()> {
    for (folder, may) in CRATES {
        for import in imports(folder)? {
            ensure!(
                may.contains(&import.as_str()),
                "{folder} imports peerwarden-{import}: it may import {may:?}"
            );
        }
    }
    Ok(())
}

#[test]
fn every_crate_is_listed() -> Result<()> {
    let listed: BTreeSet<&str> = CRATES.iter().map(|(folder, _)| *folder).collect();
    let path = locate::workspace().join("Cargo.toml");
    let workspace: toml::Table = toml::from_str(&std::fs::read_to_string(path)?)?;
    let members = workspace.get("workspace").and_then(|table| table.get("members"));
    let members = members.and_then(toml::Value::as_array).context("no members")?;
    let members: BTreeSet<&str> = members.iter().filter_map(toml::Value::as_str).collect();
    ensure!(
        members == listed,
        "say in tests/layout/crates.rs what each crate may import: {:?}",
        members.symmetric_difference(&listed)
    );
    Ok(())
}

#[test]
fn what_stands_on_wasmtime_is_known() -> Result<()> {
    let on_wasmtime = |may: &[&str]| {
        let folders = ON_WASMTIME
            .iter()
            .filter_map(|folder| folder.split('/').next_back());
        folders.filter(|name| may.contains(name)).count() > 0
    };
    for (folder, may) in CRATES {
        let stands = on_wasmtime(may) || dependencies(folder)?.contains("wasmtime");
        ensure!(stands == ON_WASMTIME.contains(&folder), "{folder} and wasmtime");
    }
    Ok(())
}
