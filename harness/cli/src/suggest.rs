//! The tightest policy that admits what an access log shows.
//!
//! `seen` gathers who asked for what, `paths` makes templates of what looks like identifiers, `rules` makes the rules, and
//! `written` writes them down with what they admit beyond the log.

pub(crate) mod paths;
pub(crate) mod rules;
pub(crate) mod seen;
pub(crate) mod wanted;
pub(crate) mod written;

pub(crate) use seen::Seen;
pub(crate) use wanted::Wanted;
pub(crate) use written::Told;
