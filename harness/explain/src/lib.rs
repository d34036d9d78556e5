//! Explains a decision in words and as JSON, on the policies' own text: what decided, and the rule that came closest.
//!
//! Everything is read from the reference evaluator's trace.

pub mod brief;
pub mod diagnosis;
mod excerpt;
mod explanation;
pub mod human;
pub mod json;
mod logged;
mod words;

pub use explanation::{AccessLogLine, Explanation, LineVerdict, LoggedOutcome, Subject, outcome};
pub use logged::Comparison;
pub use words::SEVERAL_PROVIDERS;
