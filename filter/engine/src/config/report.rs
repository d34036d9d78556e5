//! Which decisions the access log reports.

/// `report` of the configuration. Denials, dry runs and AUDIT marks are always reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Report {
    /// Only denials. Allowed requests are counted, once a second.
    #[default]
    Denied,
    /// Allowed requests too: filter state with the decision and with how the connection is secured. It costs some calls
    /// to Envoy for each.
    All,
}

impl Report {
    pub(super) const WORDS: [(&str, Self); 2] = [("denied", Self::Denied), ("all", Self::All)];
}
