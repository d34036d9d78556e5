//! Fuzzing targets: functions that take any bytes and panic where a promise is broken.
//!
//! One of them is run by two drivers: libFuzzer, guided by coverage, for as long as one likes (`make fuzz`), and a test without it
//! (`tests/kept.rs`), over the inputs that are kept and a fixed number of mutations of them.

mod corpus;
mod mutate;
pub mod readers;
mod target;

pub use corpus::{folder, kept};
pub use mutate::Mutator;
pub use target::{ALL, Target, named};
