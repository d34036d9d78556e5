//! Files are small: one that is longer has two ideas.

use anyhow::{Result, ensure};

use crate::tree;

/// What a person reads in one sitting.
const LINES: usize = 350;

#[test]
fn no_file_is_longer_than_one_idea() -> Result<()> {
    let mut paths = tree::files()?;
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "rs"));
    ensure!(paths.len() > 700, "only {} files were looked at", paths.len());
    let mut long = Vec::new();
    for path in paths {
        let lines = std::fs::read_to_string(&path)?.lines().count();
        if lines > LINES {
            long.push(format!("{}: {lines} lines", path.display()));
        }
    }
    ensure!(long.is_empty(), "part these by their ideas:\n{}", long.join("\n"));
    Ok(())
}
