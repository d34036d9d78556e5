//! Where code stands, and how texts read: which crate may import which, that no modules of a crate need each other in a circle, that files
//! are small, and that nothing reads as if translated or names a package registry.
//!
//! A module may name its own children and they it; everything else goes one way.

mod circles;
mod crates;
mod language;
mod modules;
mod recursion;
mod registries;
mod sizes;
mod source;
mod tree;
