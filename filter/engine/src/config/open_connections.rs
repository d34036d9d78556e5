//! What becomes of what is open when it is no longer allowed.

use crate::document::{At, Fields, Value, one_of};
use crate::problem::Problems;

/// `openConnections` of the configuration: TCP connections and HTTP streams that were allowed and last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenConnections {
    /// When a newer configuration denies them.
    pub on_update: OnChange,
    /// When the peer's certificate expires, and without it they are denied.
    pub on_expiry: OnChange,
}

/// What becomes of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum OnChange {
    /// They are closed.
    #[default]
    Close,
    /// They go on until they end, as with Envoy's own RBAC filter.
    Keep,
}

impl OnChange {
    const WORDS: [(&str, Self); 2] = [("close", Self::Close), ("keep", Self::Keep)];
}

impl OpenConnections {
    pub(super) fn read(value: &Value, at: &At<'_>, problems: &mut Problems) -> Self {
        let mut read = Self::default();
        let Some(mut fields) = Fields::of(value, at, problems) else {
            return read;
        };
        for (name, place) in [
            ("onUpdate", &mut read.on_update),
            ("onExpiry", &mut read.on_expiry),
        ] {
            if let Some(word) = fields.text(name, problems) {
                let at = at.name(name);
                *place = one_of(word, "word", &OnChange::WORDS, &at, problems).unwrap_or_default();
            }
        }
        fields.finish(problems);
        read
    }
}
