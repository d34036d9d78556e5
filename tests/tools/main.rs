//! The scripts that the Makefile stands on: what they say on a machine that lacks something.

mod ci;
mod machine;
mod prerequisites;
