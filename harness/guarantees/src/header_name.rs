//! The name of a header that the configuration writes or removes.

use super::cursor::{Cursor, Failure};

/// The name of a header that is changed, as far as the configuration determines it.
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

impl<'v> HeaderName<'v> {
    /// The names that a `StringMatcher` matches
    /// (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/type/matcher/v3/string.proto>).
    ///
    /// # Errors
    ///
    /// If a value has the wrong shape.
    pub(super) fn of_matcher(matcher: &Cursor<'v>) -> Result<Self, Failure> {
        let mut name = Self::Any;
        for (field, of) in [
            ("exact", Self::Exact as fn(&'v str) -> Self),
            ("prefix", Self::Prefix),
            ("suffix", Self::Suffix),
            ("contains", Self::Contained),
        ] {
            if let Some(text) = matcher.get(field)? {
                name = of(text.text()?);
            }
        }
        Ok(name)
    }

    /// Whether an application may treat it as this header: case is ignored, and by many applications so is the
    /// difference between `_` and `-`.
    pub(super) fn is(self, header: &str) -> bool {
        self.among(header, |name| name.to_ascii_lowercase().replace('_', "-"))
    }

    /// Whether Envoy treats it as this header.
    pub(super) fn is_to_envoy(self, header: &str) -> bool {
        self.among(header, str::to_ascii_lowercase)
    }

    fn among(self, header: &str, spelt: impl Fn(&str) -> String) -> bool {
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
