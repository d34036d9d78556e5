//! String matches: exact, prefix, suffix, presence.

use crate::bytes;

/// How a text must look. A `*` anywhere but at the start or the end is a literal character.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TextPattern {
    /// This text.
    Exact(Box<str>),
    /// Starts with this; the text itself counts.
    Prefix(Box<str>),
    /// Ends with this; the text itself counts.
    Suffix(Box<str>),
    /// Any text but the empty one.
    NonEmpty,
    /// Any text, the empty one too: the attribute is there.
    Exists,
}

/// The meaning of `*` alone, which differs between fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// `hosts`, `methods`, headers: the header is there, even if empty.
    Exists,
    /// Everything else: a text that is not empty.
    NonEmpty,
}

/// A value without its star.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form<'v> {
    /// The star alone.
    Any,
    /// What follows a star.
    End(&'v str),
    /// What comes before one.
    Start(&'v str),
    /// It has none that counts.
    Whole(&'v str),
}

impl<'v> Form<'v> {
    pub(super) fn of(value: &'v str) -> Self {
        if value == "*" {
            return Self::Any;
        }
        match (value.strip_prefix('*'), value.strip_suffix('*')) {
            (Some(end), _) => Self::End(end),
            (None, Some(start)) => Self::Start(start),
            (None, None) => Self::Whole(value),
        }
    }
}

impl TextPattern {
    /// In Istio's order: `*` alone, then a leading star, then a trailing star, else exact. So `*abc*` is a suffix match
    /// for the literal `abc*`.
    pub(crate) fn parse(value: &str, presence: Presence) -> Self {
        match (Form::of(value), presence) {
            (Form::Any, Presence::Exists) => Self::Exists,
            (Form::Any, Presence::NonEmpty) => Self::NonEmpty,
            (Form::End(suffix), _) => Self::Suffix(suffix.into()),
            (Form::Start(start), _) => Self::prefix(start),
            (Form::Whole(text), _) => Self::exact(text),
        }
    }

    pub(crate) fn exact(value: &str) -> Self {
        Self::Exact(value.into())
    }

    pub(crate) fn prefix(start: &str) -> Self {
        Self::Prefix(start.into())
    }

    /// The same pattern for texts that are compared without case: matched with [`TextPattern::matches_ignoring_case`].
    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        match self {
            Self::Exact(exact) => bytes::same(text, exact.as_bytes()),
            Self::Prefix(prefix) => bytes::starts_with(text, prefix.as_bytes()),
            Self::Suffix(suffix) => bytes::ends_with(text, suffix.as_bytes()),
            Self::NonEmpty => !text.is_empty(),
            Self::Exists => true,
        }
    }

    /// As [`TextPattern::matches`], ignoring ASCII case.
    pub(crate) fn matches_ignoring_case(&self, text: &[u8]) -> bool {
        match self {
            Self::Exact(exact) => text.eq_ignore_ascii_case(exact.as_bytes()),
            Self::Prefix(prefix) => text
                .get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes())),
            Self::Suffix(suffix) => {
                let end = text
                    .len()
                    .checked_sub(suffix.len())
                    .and_then(|from| text.get(from..));
                end.is_some_and(|end| end.eq_ignore_ascii_case(suffix.as_bytes()))
            }
            Self::NonEmpty | Self::Exists => self.matches(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Presence, TextPattern};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn matches(pattern: &str, text: &str) -> bool {
        TextPattern::parse(pattern, Presence::NonEmpty).matches(text.as_bytes())
    }

    #[test]
    fn the_star_counts_at_one_end_only() {
        assert!(matches("abc*", "abc") && matches("abc*", "abcd") && !matches("abc*", "xabc"));
        assert!(matches("*abc", "abc") && matches("*abc", "xabc") && !matches("*abc", "abcx"));
        assert!(
            matches("*abc*", "xabc*") && !matches("*abc*", "xabcx"),
            "`*abc*` is not a `contains`"
        );
        assert!(
            matches("a*c", "a*c") && !matches("a*c", "abc"),
            "a star inside is a literal"
        );
        assert!(
            matches("a.c", "a.c") && !matches("a.c", "abc"),
            "a dot is a literal"
        );
    }

    #[test]
    fn presence_differs_by_field() {
        assert!(!TextPattern::parse("*", Presence::NonEmpty).matches(b""));
        assert!(TextPattern::parse("*", Presence::Exists).matches(b""));
    }

    #[test]
    fn ignores_case_at_both_ends_and_in_the_whole() {
        for pattern in ["example.com", "exam*", "*.com"] {
            let pattern = TextPattern::parse(pattern, Presence::Exists);
            assert!(pattern.matches_ignoring_case(b"EXAMPLE.Com"));
            assert!(!pattern.matches_ignoring_case(b"other.org"));
            assert!(!pattern.matches_ignoring_case(b"c"));
        }
    }
}
