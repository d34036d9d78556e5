//! The tightest policy that admits what an access log shows.
//!
//! `seen` gathers who asked for what, `paths` makes templates of what looks like identifiers, `rules` makes the rules, and
//! `written` writes them down with what they admit beyond the log.

pub mod admission;
pub mod observations;
pub mod paths;
pub mod rules;
pub mod suggestion;

pub use admission::Admission;
pub use observations::Observations;
pub use suggestion::SuggestionReport;
