//! No page, script or setting names the host of a package registry: clients have their own settings, such as a mirror,
//! and those apply.

use anyhow::{Result, ensure};
use regex::Regex;

use crate::tree;

/// Hosts that packages, images and toolchains are fetched from. Pages about packages, such as docs.rs, are not among them.
const HOSTS: &str = r"(?i)(crates\.io|pypi\.org|pythonhosted\.org|npmjs\.(org|com)|yarnpkg\.com|rubygems\.org|proxy\.golang\.org|maven\.org|(deb|security)\.debian\.org|archive\.ubuntu\.com|\bghcr\.io|\bquay\.io|\bgcr\.io|\bdocker\.(io|com))";

#[test]
fn no_registry_is_named() -> Result<()> {
    let hosts = Regex::new(HOSTS)?;
    let mut paths = tree::files()?;
    // Cargo writes there where each crate comes from.
    paths.retain(|path| !path.ends_with("Cargo.lock"));
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
