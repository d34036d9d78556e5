//! Of which decisions there is a report in the access log.

/// `report` of the configuration. Denials, dry runs and AUDIT marks are reported always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Report {
    /// Of those that deny. What is allowed is counted, once a second.
    #[default]
    Denied,
    /// Of those that allow, too: filter state with the decision and with how the connection is secured. It costs some calls to Envoy
    /// for each.
    All,
}

impl Report {
    pub(super) const WORDS: [(&str, Self); 2] = [("denied", Self::Denied), ("all", Self::All)];
}
