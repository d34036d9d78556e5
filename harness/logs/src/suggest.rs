//! The tightest policy that allows the traffic in an access log.
//!
//! `observations` collects who requested what, `paths` turns segments that look like identifiers into templates,
//! `rules` makes the rules, and `suggestion` writes them with what they allow beyond the log.

pub mod admission;
pub mod observations;
pub mod paths;
pub mod rules;
pub mod suggestion;

pub use admission::Admission;
pub use observations::Observations;
pub use suggestion::SuggestionReport;
