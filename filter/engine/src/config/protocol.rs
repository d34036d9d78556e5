//! What a filter chain carries.

use crate::document::{At, one_of};
use crate::problem::Problems;

/// What a connection carries, as far as this filter chain reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Protocol {
    /// HTTP of any version: one decision for each request.
    #[default]
    Http,
    /// Bytes: one decision for each connection.
    Tcp,
}

impl Protocol {
    /// As the configuration writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Http => "http",
            Protocol::Tcp => "tcp",
        }
    }

    pub(super) fn read(text: &str, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        one_of(
            text,
            "protocol",
            &[("http", Self::Http), ("tcp", Self::Tcp)],
            at,
            problems,
        )
    }
}
