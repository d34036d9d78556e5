//! Test suites: `*_test.yaml` beside the policies that they test.
//!
//! A suite is read into [`Suite`], the file as written, and its definitions and those of its [`Fixtures`] are merged by name.
//! `expand` turns its matrices and cases into one list of [`Case`]s with all names resolved, `cells` its peers and requests into
//! the cells of its snapshot. [`running`] runs them, [`coverage`] counts what they show of the policies, [`report`] prints the
//! results.

mod case;
mod cells;
pub mod coverage;
mod expand;
mod fixtures;
mod load;
pub mod report;
pub mod running;
mod shorthand;
pub mod snapshot;
mod suite_file;
mod tidy;

pub use case::Case;
pub use cells::{Cell, Snapshot};
pub use fixtures::{Fixtures, check as check_fixtures};
pub use load::{LoadedSuite, inputs, load, read};
pub use suite_file::{Mesh, Suite, Workload};
