//! The scripts that the Makefile stands on: what they say on a machine that lacks something, and which compiler a release takes.

mod ci;
mod machine;
mod prerequisites;
mod release;
