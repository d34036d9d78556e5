//! Evaluates policies for logged traffic.
//!
//! A line is rarely complete, so there are three results: allowed, denied, or unknown with the missing values. The
//! first two hold whatever the missing values are ([`Program::bounds`](peerwarden_engine::Program::bounds)).

pub mod change;
pub mod human;
pub mod judge;
pub mod report;
pub mod tally;

pub use change::{Change, LineComparison};
pub use judge::Policies;
pub use report::Report;
pub use tally::Tally;
