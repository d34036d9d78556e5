//! Fuzz targets: functions that take any bytes and panic if a promise is broken.
//!
//! Two drivers run them: libFuzzer, guided by coverage, for as long as you like (`make fuzz`), and a test without it
//! (`tests/kept.rs`), over the kept inputs and a fixed number of mutations of them.

mod corpus;
mod mutate;
pub mod readers;
mod target;

pub use corpus::{folder, kept};
pub use mutate::Mutator;
pub use target::{ALL, Target, named};
