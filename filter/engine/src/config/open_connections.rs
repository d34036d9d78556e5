//! What happens to open connections that are no longer allowed.

use super::Protocol;
use crate::document::{At, Fields, Value, one_of};
use crate::problem::Problems;

/// `openConnections` of the configuration: TCP connections and HTTP streams that were allowed and are still open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct OpenConnections {
    /// When a newer configuration denies them. By default connections are closed and requests, which end by themselves, go on: to
    /// judge a request again its headers must have been kept, which is a copy of all of them for each request.
    pub on_update: OnChange,
    /// When the peer's certificate expires, and without it they are denied.
    pub on_expiry: OnChange,
}

/// What happens to a connection.
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
    /// Where the configuration says nothing.
    pub(super) fn of(protocol: Protocol) -> Self {
        let on_update = match protocol {
            Protocol::Http => OnChange::Keep,
            Protocol::Tcp => OnChange::Close,
        };
        Self {
            on_update,
            ..Self::default()
        }
    }

    pub(super) fn read(&mut self, value: &Value, at: &At<'_>, problems: &mut Problems) {
        let Some(mut fields) = Fields::of(value, at, problems) else {
            return;
        };
        for (name, place) in [
            ("onUpdate", &mut self.on_update),
            ("onExpiry", &mut self.on_expiry),
        ] {
            if let Some(word) = fields.text(name, problems) {
                let at = at.name(name);
                *place = one_of(word, "word", &OnChange::WORDS, &at, problems).unwrap_or(*place);
            }
        }
        fields.finish(problems);
    }
}
