//! The command as its users run it: arguments, files and standard input in; output and exit code out.

mod analysis;
mod cache;
mod certs;
mod check;
mod ci;
mod coverage;
mod custom;
mod eval;
mod explain;
mod fix;
mod fixture;
mod fixtures;
mod fmt;
mod formats;
mod groups;
mod guarantees;
mod ingress;
mod lints;
mod machines;
mod many;
mod meanings;
mod mistakes;
mod output;
mod pages;
mod paths;
mod probe;
mod readme;
mod render;
mod replay;
mod repository;
mod schema;
mod settings;
mod shadow;
mod shells;
mod snapshot;
mod streams;
mod suggest;
mod test;
mod tokens;
mod trust_domains;
mod vacuous;
/// As `tests/conformance` has it.
#[path = "../../../../tests/conformance/schema/validate.rs"]
mod validate;
mod watch;
mod why;
