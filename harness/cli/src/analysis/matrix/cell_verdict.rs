//! The verdict that a cell shows.

/// The verdict on all requests of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CellVerdict {
    /// All are allowed.
    Allow,
    /// All are denied.
    Deny,
    /// Some are allowed and some are denied, by what the table does not show.
    Depends,
    /// There is no such request.
    Impossible,
}

impl CellVerdict {
    /// The name in reports.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            CellVerdict::Allow => "allow",
            CellVerdict::Deny => "deny",
            CellVerdict::Depends => "depends",
            CellVerdict::Impossible => "impossible",
        }
    }

    /// A mark that is distinguishable without colour.
    pub(crate) fn mark(self) -> char {
        match self {
            CellVerdict::Allow => '+',
            CellVerdict::Deny => '-',
            CellVerdict::Depends => '~',
            CellVerdict::Impossible => ' ',
        }
    }
}
