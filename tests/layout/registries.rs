//! No page, script or setting names the host of a package registry: clients have their own settings, such as a mirror,
//! and those apply.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use peerwarden_lab::locate;
use regex::Regex;

/// Hosts that packages, images and toolchains are fetched from. Pages about packages, such as docs.rs, are not among them.
const HOSTS: &str = r"(?i)(crates\.io|pypi\.org|pythonhosted\.org|npmjs\.(org|com)|yarnpkg\.com|rubygems\.org|proxy\.golang\.org|maven\.org|(deb|security)\.debian\.org|archive\.ubuntu\.com|\bghcr\.io|\bquay\.io|\bgcr\.io|\bdocker\.(io|com))";

/// Files that Cargo, git and the build write.
const SKIPPED: [&str; 4] = ["Cargo.lock", ".git", ".tools", "target"];

fn files(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let is_skipped = SKIPPED.iter().any(|skipped| entry.file_name() == *skipped);
        match entry.file_type()? {
            _ if is_skipped => {}
            kind if kind.is_dir() => files(&entry.path(), found)?,
            kind if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    Ok(())
}

#[test]
fn no_registry_is_named() -> Result<()> {
    let hosts = Regex::new(HOSTS)?;
    let mut paths = Vec::new();
    files(locate::workspace(), &mut paths)?;
    ensure!(paths.len() > 1000, "only {} files were looked at", paths.len());
    let mut named = Vec::new();
    for path in paths {
        // Fuzzing has kept inputs that are not text.
        let Ok(text) = String::from_utf8(std::fs::read(&path)?) else {
            continue;
        };
        let hits = text.lines().filter(|line| hosts.is_match(line));
        named.extend(hits.map(|line| format!("{}: {line}", path.display())));
    }
    ensure!(named.is_empty(), "{}", named.join("\n"));
    Ok(())
}

#[test]
fn a_registry_is_seen() -> Result<()> {
    let hosts = Regex::new(HOSTS)?;
    for (name, ending) in [
        ("static.crates", "io"),
        ("https://PyPI", "org/simple"),
        ("ghcr", "io/x"),
    ] {
        ensure!(hosts.is_match(&format!("{name}.{ending}")), "{name}");
    }
    ensure!(
        !hosts.is_match("https://docs.rs/serde"),
        "docs.rs has documentation"
    );
    Ok(())
}
