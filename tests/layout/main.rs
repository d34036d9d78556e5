//! Where code stands, and how texts read: which crate may import which, that no modules of a crate need each other in a circle, and that
//! nothing reads as if translated or names a package registry.
//!
//! A module may know its own children and they its types and helpers; everything else goes one way.

mod circles;
mod crates;
mod language;
mod modules;
mod recursion;
mod registries;
mod source;
