//! Finds policies that are accepted but probably mistaken: `lints` has one file for each lint, with a stable code and a
//! page in `docs/lints`.

mod comments;
mod context;
mod destination_rule;
pub mod fix;
mod gateway;
mod inventory;
mod lint;
mod lints;
mod paths;
mod pattern;
mod proof;
mod proxies;
mod public;
mod repeats;
mod run;
mod sample;
pub mod settings;
mod suppressions;
mod tokens;
mod typing;
mod values;
mod workload;

pub use context::{Scope, SkippedDocuments, Surroundings};
pub use lint::Lint;
pub use lints::{LINTS, by_code, no_such};
pub use run::{Findings, of_placeholders, refused_at_handshake, run};
