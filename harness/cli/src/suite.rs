//! Test suites: `*_test.yaml` beside the policies that they are about.
//!
//! A suite is read into [`format::Suite`], which is the file as written, and its names and those of its [`fixtures`] into
//! [`fixtures::Known`]; [`expand`] makes of its matrices and cases one list of [`Case`]s with all names resolved, [`snapshot`] of its
//! peers and requests the cells of its snapshot.

mod asking;
mod expand;
mod expected;
mod fixtures;
mod format;
mod load;
mod snapshot;

pub(crate) use fixtures::{Fixtures, check as check_fixtures};
pub(crate) use format::{Mesh, Suite, Workload};
pub(crate) use load::{Loaded, inputs, load, read};
pub(crate) use snapshot::{Cell, Snapshot};

use crate::source::Place;
use crate::traffic::Traffic;

/// One question with the answer that is expected.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// Unique in its suite.
    pub(crate) name: String,
    pub(crate) traffic: Traffic,
    pub(crate) allow: bool,
    pub(crate) by: Option<ExpectedBy>,
    /// Why it is not run.
    pub(crate) skip: Option<String>,
    /// Where the expectation stands.
    pub(crate) place: Place,
}

/// What must have decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExpectedBy {
    /// No rule and no mode.
    None,
    /// This document, and this rule if one is named.
    Document {
        kind: Option<String>,
        namespace: Option<String>,
        name: String,
        rule: Option<usize>,
    },
}
