//! What policies say of traffic that an access log tells of.
//!
//! A line seldom tells everything, so there are three answers: allowed, denied, and unknown with what is missing. The first two hold
//! whatever the line does not tell ([`Program::bounds`](peerwarden_engine::Program::bounds)).

pub(crate) mod change;
pub(crate) mod human;
pub(crate) mod judge;
pub(crate) mod report;
pub(crate) mod tally;

pub(crate) use change::{Change, Compared};
pub(crate) use judge::Policies;
pub(crate) use report::Report;
pub(crate) use tally::Tally;
