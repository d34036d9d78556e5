//! `peerwarden.toml`.

use crate::readers;

pub(super) fn run(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        drop(readers::settings(text));
    }
}
