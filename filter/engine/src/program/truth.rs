//! Three values: yes, no, and could not be established.

/// What a requirement comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    Yes,
    No,
    /// The attribute could not be established.
    Doubt,
}

/// What a doubt counts as: the reading that denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// For DENY.
    Matches,
    /// For ALLOW.
    DoesNotMatch,
}

impl Truth {
    pub(super) fn holds(self, doubt: Doubt) -> bool {
        match self {
            Truth::Yes => true,
            Truth::No => false,
            Truth::Doubt => doubt == Doubt::Matches,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Truth::Yes } else { Truth::No }
    }
}
