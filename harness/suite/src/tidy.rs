//! Paths in the form that people write.

use std::path::{Component, Path, PathBuf};

/// A path without `./` and `x/../`, for messages.
pub(crate) fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for component in path.components() {
        let below = matches!(tidy.components().next_back(), Some(Component::Normal(_)));
        if component == Component::ParentDir && below {
            tidy.pop();
        } else if component != Component::CurDir {
            tidy.push(component);
        }
    }
    if tidy.as_os_str().is_empty() {
        tidy.push(Component::CurDir);
    }
    tidy
}
