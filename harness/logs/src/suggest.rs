//! The tightest policy that admits what an access log shows.
//!
//! `seen` gathers who asked for what, `paths` makes templates of what looks like identifiers, `rules` makes the rules, and
//! `written` writes them down with what they admit beyond the log.

pub mod paths;
pub mod rules;
pub mod seen;
pub mod wanted;
pub mod written;

pub use seen::Seen;
pub use wanted::Wanted;
pub use written::Told;
