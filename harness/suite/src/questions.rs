//! A suite, for the tests of other crates: what is asked, and what must come of it.

use std::path::Path;

use peerwarden_documents::setup::Setup;
use peerwarden_traffic::DecidedBy;
use peerwarden_traffic::ExpectedBy;
use peerwarden_traffic::{Protocol, Traffic};

use crate::{case::Case, load};

/// A suite as `peerwarden test` runs it.
#[derive(Debug)]
pub struct Questions {
    setup: Setup,
    /// Each case, those of matrices too, but for those that the suite skips.
    pub all: Vec<Question>,
}

/// One case.
#[derive(Debug)]
pub struct Question {
    /// Unique in its suite.
    pub name: String,
    /// What comes in.
    pub traffic: Traffic,
    /// Whether it may pass.
    pub allow: bool,
    by: Option<ExpectedBy>,
}

impl Questions {
    /// Reads a suite and the policies that it names.
    ///
    /// # Errors
    /// All that is wrong with them, for people.
    pub fn read(path: &Path) -> Result<Self, String> {
        let loaded = load::load(path).map_err(|wrong| {
            let wrong: Vec<String> = wrong.iter().map(|one| one.message.clone()).collect();
            wrong.join("; ")
        })?;
        let cases = loaded.cases.into_iter().filter(|case| case.skip.is_none());
        let question = |case: Case| Question {
            name: case.name,
            traffic: case.traffic,
            allow: case.allow,
            by: case.by,
        };
        Ok(Self {
            setup: loaded.setup,
            all: cases.map(question).collect(),
        })
    }

    /// The plugin's configuration, as JSON.
    pub fn configuration(&self, protocol: Protocol) -> String {
        self.setup.to_json(protocol.into())
    }
}

impl Question {
    /// Whether the suite is content with what decided: the kind of a document and Istio's id, or nothing.
    pub fn is_content_with(&self, by: Option<(&str, &str)>) -> bool {
        let decided = by.map(|(kind, id)| DecidedBy::from_id(kind, id));
        match (&self.by, decided) {
            (None, _) => true,
            (Some(_), Some(None)) => false,
            (Some(expected), Some(Some(by))) => expected.holds(Some(&by)),
            (Some(expected), None) => expected.holds(None),
        }
    }
}
