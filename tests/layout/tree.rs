//! The files that people keep here: all but what git ignores, and what git itself writes.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use peerwarden_lab::locate;

/// Every file of the workspace that a person may have written.
///
/// What was built is known by `.gitignore`, not by what the builds leave in it: Cargo marks `target` only if it created that folder.
pub(crate) fn files() -> Result<Vec<PathBuf>> {
    let mut walk = ignore::WalkBuilder::new(locate::workspace());
    // A tree that was unpacked from an archive is no repository.
    walk.standard_filters(false).git_ignore(true).require_git(false);
    walk.filter_entry(|entry| entry.file_name() != ".git");
    let mut files = Vec::new();
    for entry in walk.build() {
        let entry = entry?;
        if entry.file_type().is_some_and(|kind| kind.is_file()) {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

#[test]
fn what_was_built_is_left_out() -> Result<()> {
    let files = files()?;
    for folder in ["target", ".tools"] {
        let folder = locate::workspace().join(folder);
        let built = files.iter().find(|path| path.starts_with(&folder));
        ensure!(built.is_none(), "{built:?}");
    }
    ensure!(files.len() > 1000, "only {} files were found", files.len());
    Ok(())
}
