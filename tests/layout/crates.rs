//! Which crate may import which.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use peerwarden_lab::locate;

/// Each crate with the crates of this workspace that it may import, in the order in which they build on each other.
const CRATES: [(&str, &[&str]); 14] = [
    ("filter/engine", &[]),
    ("filter/wire", &["engine"]),
    ("filter/plugin", &["engine", "wire"]),
    ("harness/host", &[]),
    ("harness/analysis", &["engine"]),
    ("harness/envoy", &["engine"]),
    ("harness/mtls", &["engine"]),
    ("harness/documents", &["engine", "envoy"]),
    ("harness/traffic", &["engine", "envoy", "documents"]),
    ("harness/explain", &["engine", "envoy", "documents", "traffic"]),
    (
        "harness/lint",
        &["engine", "envoy", "analysis", "documents", "traffic"],
    ),
    ("harness/suite", &["engine", "documents", "traffic", "explain"]),
    ("harness/logs", &["engine", "documents", "traffic", "explain"]),
    ("harness/engines", &["engine", "host", "documents", "traffic"]),
];

/// What each crate says of its dependencies; those for its tests are its own affair.
fn imports(folder: &str) -> Result<BTreeSet<String>> {
    let path = locate::workspace().join(folder).join("Cargo.toml");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let manifest: toml::Table = toml::from_str(&text)?;
    let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
    let names = dependencies.into_iter().flat_map(toml::Table::keys);
    let ours = names.filter_map(|name| name.strip_prefix("peerwarden-"));
    Ok(ours.map(str::to_owned).collect())
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
    for room in ["filter", "harness"] {
        for entry in std::fs::read_dir(locate::workspace().join(room))? {
            let name = entry?.file_name();
            let folder = format!("{room}/{}", name.to_string_lossy());
            // The command connects all of them, and nobody imports it but the tests.
            ensure!(
                folder == "harness/cli" || listed.contains(folder.as_str()),
                "say in tests/layout/crates.rs what {folder} may import"
            );
        }
    }
    Ok(())
}

/// Wasmtime takes minutes to compile: a page, an editor and an agent do without it.
#[test]
fn the_host_is_imported_in_one_place() -> Result<()> {
    for (folder, _) in CRATES {
        let runs = folder == "harness/engines";
        ensure!(
            imports(folder)?.contains("host") == runs,
            "{folder} imports peerwarden-host"
        );
    }
    Ok(())
}
