//! Test suites: `*_test.yaml` beside the policies that they are about.
//!
//! A suite is read into [`Suite`], which is the file as written, and its names and those of its [`Fixtures`] into one list of names;
//! `expand` makes of its matrices and cases one list of [`Case`]s with all names resolved, `cells` of its peers and requests the cells of
//! its snapshot. [`running`] runs them, [`coverage`] counts what they show of the policies, [`report`] says what came of it.

mod asking;
mod case;
mod cells;
pub mod coverage;
mod expand;
mod fixtures;
mod format;
mod load;
pub mod questions;
pub mod report;
pub mod running;
pub mod snapshot;
mod tidy;

pub use case::Case;
pub use cells::{Cell, Snapshot};
pub use fixtures::{Fixtures, check as check_fixtures};
pub use format::{Mesh, Suite, Workload};
pub use load::{Loaded, inputs, load, read};
