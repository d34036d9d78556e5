//! The result of a requirement: yes, no, or unknown; and what unknown counts as.

use crate::attribute::Lookup;

/// The result of a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    Yes,
    No,
    /// The source does not know the attribute.
    Doubt,
    /// The source has a value, and it does not establish the attribute: see [`Unestablished`].
    Unestablished,
}

/// A value that does not establish its attribute, such as a host with a space in it: an application may read another value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UnestablishedValue;

/// An attribute, unless its value does not establish it.
pub(super) type LookupResult<T> = Result<Lookup<T>, UnestablishedValue>;

/// What unknown and unestablished attributes count as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// Each matches: the reading of DENY that denies.
    Matches,
    /// None matches: the reading of ALLOW that denies.
    DoesNotMatch,
    /// Only what is not established matches: what DENY certainly denies, whatever the source does not know.
    CertainlyMatches,
    /// Only what the source does not know matches: what ALLOW may allow.
    PossiblyMatches,
}

/// Whether something holds for each of the two kinds of doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DoubtReading {
    pub(super) unknown: bool,
    pub(super) unestablished: bool,
}

impl Doubt {
    /// Which doubts match.
    pub(super) fn matching(self) -> DoubtReading {
        DoubtReading {
            unknown: matches!(self, Self::Matches | Self::PossiblyMatches),
            unestablished: matches!(self, Self::Matches | Self::CertainlyMatches),
        }
    }

    /// Which do not.
    pub(super) fn not_matching(self) -> DoubtReading {
        let matching = self.matching();
        DoubtReading {
            unknown: !matching.unknown,
            unestablished: !matching.unestablished,
        }
    }
}

impl Truth {
    pub(super) fn holds(self, doubt: Doubt) -> bool {
        match self {
            Truth::Yes => true,
            Truth::No => false,
            Truth::Doubt => doubt.matching().unknown,
            Truth::Unestablished => doubt.matching().unestablished,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Truth::Yes } else { Truth::No }
    }
}
