//! The kept inputs: a folder for each target, a file for each input.

use std::path::{Path, PathBuf};

/// Where the inputs of a target are kept.
pub fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

/// The kept inputs of a target with their paths, sorted by name.
///
/// # Errors
///
/// If a folder or file cannot be read.
pub fn kept(target: &str) -> std::io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut paths = std::fs::read_dir(folder(target))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    let read = |path: PathBuf| std::fs::read(&path).map(|bytes| (path, bytes));
    paths.into_iter().map(read).collect()
}
