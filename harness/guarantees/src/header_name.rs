//! The name of a header that the configuration writes.

/// The name of a header that is written, as far as the configuration determines it.
#[derive(Debug, Clone, Copy)]
pub(super) enum HeaderName<'v> {
    Exact(&'v str),
    Prefix(&'v str),
    Suffix(&'v str),
    Contained(&'v str),
    Any,
    /// A name that an operator's service chooses.
    Service,
}

impl HeaderName<'_> {
    /// Whether an application may treat it as this header: case is ignored, and by many applications so is the
    /// difference between `_` and `-`.
    pub(super) fn is(self, header: &str) -> bool {
        let spelt = |name: &str| name.to_ascii_lowercase().replace('_', "-");
        let header = spelt(header);
        match self {
            Self::Exact(name) => spelt(name) == header,
            Self::Prefix(start) => header.starts_with(&spelt(start)),
            Self::Suffix(end) => header.ends_with(&spelt(end)),
            Self::Contained(part) => header.contains(&spelt(part)),
            Self::Any | Self::Service => true,
        }
    }
}
