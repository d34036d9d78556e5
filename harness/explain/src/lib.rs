//! A decision in words and as JSON, on the policies' own text: what decided, and the rule that came closest.
//!
//! All of it is read from the reference evaluator's trace.

mod excerpt;
mod explained;
pub mod human;
pub mod json;
mod style;
pub mod why;
mod words;

pub use explained::{Explained, Known, Line, Subject, outcome};
