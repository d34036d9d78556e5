//! The `peerwarden` command.
fn main() {}
