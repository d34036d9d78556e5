//! The scripts behind the Makefile: their messages on a machine that lacks something, and the compiler of a release.

mod ci;
mod machine;
mod prerequisites;
mod release;
mod versions;
