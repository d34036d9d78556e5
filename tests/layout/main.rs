//! The layout of the code, and the language: which crate may import which, that no modules of a crate form a circle,
//! and that nothing reads as if translated or names a package registry.
//!
//! A module may name its own children and they it; everything else goes one way.

mod circles;
mod crates;
mod language;
mod modules;
mod recursion;
mod registries;
mod source;
