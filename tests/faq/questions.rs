//! The suites of `policies/` as questions, each with the expected result.

use std::path::Path;

use peerwarden_documents::load::Loader;
use peerwarden_documents::setup::Setup;
use peerwarden_suite::{Case, load};
use peerwarden_traffic::{ExpectedRule, Protocol, RuleRef, Traffic};

/// A suite as `peerwarden test` runs it.
#[derive(Debug)]
pub(crate) struct Questions {
    setup: Setup,
    /// All cases, including those of matrices, except those that the suite skips.
    pub(crate) all: Vec<Question>,
}

/// One case.
#[derive(Debug)]
pub(crate) struct Question {
    /// Unique in its suite.
    pub(crate) name: String,
    /// The traffic.
    pub(crate) traffic: Traffic,
    /// Whether it should be allowed.
    pub(crate) allow: bool,
    by: Option<ExpectedRule>,
}

impl Questions {
    /// Reads a suite and the policies that it names.
    ///
    /// # Errors
    /// Everything that is wrong with them, for people.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let loaded = load(path, &Loader::default()).map_err(|wrong| {
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
    pub(crate) fn configuration(&self, protocol: Protocol) -> String {
        self.setup.to_json(protocol.into())
    }
}

impl Question {
    /// Whether this is what the suite expects to decide, given as the kind of a document and Istio's id, or nothing.
    pub(crate) fn is_content_with(&self, by: Option<(&str, &str)>) -> bool {
        let decided = by.map(|(kind, id)| RuleRef::from_id(kind, id));
        match (&self.by, decided) {
            (None, _) => true,
            (Some(_), Some(None)) => false,
            (Some(expected), Some(Some(by))) => expected.holds(Some(&by)),
            (Some(expected), None) => expected.holds(None),
        }
    }
}
