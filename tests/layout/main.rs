//! Where code stands: which crate may import which, and that no modules of a crate need each other in a circle.
//!
//! A module may know its own children and they it; everything else goes one way.

mod circles;
mod crates;
mod modules;
