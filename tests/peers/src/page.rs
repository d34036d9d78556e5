//! The section of `docs/benchmarks.md`, between two marks, with the versions and the machine.

use std::path::Path;

use anyhow::{Context, Result};

const BEGIN: &str = "<!-- peers: begin -->\n";
const END: &str = "<!-- peers: end -->";

/// The measured version of a crate.
fn version(name: &str) -> Result<&'static str> {
    let after = include_str!("../Cargo.lock").split_once(&format!("name = \"{name}\"\nversion = \""));
    let version = after.and_then(|(_, rest)| rest.split_once('"'));
    version.map(|(version, _)| version).context(name.to_owned())
}

fn processor() -> Option<String> {
    let known = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = known.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The measured versions, and the machine.
pub(crate) fn versions() -> Result<String> {
    Ok(format!(
        "`cedar-policy` {}, `regorus` {}, {}, {} cores.",
        version("cedar-policy")?,
        version("regorus")?,
        processor().as_deref().unwrap_or("an unknown processor"),
        std::thread::available_parallelism().map_or(0, usize::from),
    ))
}

pub(crate) fn write(text: &str) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/benchmarks.md");
    let page = std::fs::read_to_string(&path).context("docs/benchmarks.md")?;
    let (before, rest) = page
        .split_once(BEGIN)
        .context("docs/benchmarks.md has no mark where the section begins")?;
    let (_, after) = rest
        .split_once(END)
        .context("docs/benchmarks.md has no mark where the section ends")?;
    std::fs::write(&path, format!("{before}{BEGIN}{text}{END}{after}"))?;
    Ok(())
}
