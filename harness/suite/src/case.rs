//! One question of a suite.

use peerwarden_documents::source::Place;
use peerwarden_traffic::{ExpectedBy, Traffic};

/// One question with the answer that is expected.
#[derive(Debug, Clone)]
pub struct Case {
    /// Unique in its suite.
    pub name: String,
    /// What comes in.
    pub traffic: Traffic,
    /// Whether it may pass.
    pub allow: bool,
    /// What must have decided; `None` if the suite does not say.
    pub by: Option<ExpectedBy>,
    /// Why it is not run.
    pub skip: Option<String>,
    /// Where the expectation stands.
    pub place: Place,
}
