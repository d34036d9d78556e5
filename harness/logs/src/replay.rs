//! What policies say of traffic that an access log tells of.
//!
//! A line seldom tells everything, so there are three answers: allowed, denied, and unknown with what is missing. The first two hold
//! whatever the line does not tell ([`Program::bounds`](peerwarden_engine::Program::bounds)).

pub mod change;
pub mod human;
pub mod judge;
pub mod report;
pub mod tally;

pub use change::{Change, LineComparison};
pub use judge::Policies;
pub use report::Report;
pub use tally::Tally;
