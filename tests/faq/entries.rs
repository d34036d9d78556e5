//! The questions, one file each.

use crate::entry::Entry;

/// All, in the order of their numbers.
pub(crate) const ALL: &[Entry] = &[];
