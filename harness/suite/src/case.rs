//! One case of a suite.

use peerwarden_documents::source::Place;
use peerwarden_traffic::{ExpectedRule, Traffic};

/// A case, with the expected answer.
#[derive(Debug, Clone)]
pub struct Case {
    /// Unique in its suite.
    pub name: String,
    /// The traffic.
    pub traffic: Traffic,
    /// Whether it should be allowed.
    pub allow: bool,
    /// What must decide; `None` if the suite does not say.
    pub by: Option<ExpectedRule>,
    /// Why it is skipped.
    pub skip: Option<String>,
    /// The place of the expectation.
    pub place: Place,
}
