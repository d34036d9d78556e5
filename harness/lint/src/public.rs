//! Rules about everything, and about paths that anybody may ask for in many repositories, such as those of health checks and metrics.

use peerwarden_engine::resource::Rule;

/// What anybody may ask for in many repositories, so that two rules are meant.
const PUBLIC: [&str; 14] = [
    "health",
    "live",
    "ready",
    "readi",
    "startup",
    "metrics",
    "ping",
    "status",
    "public",
    "static",
    ".well-known",
    "drain",
    "stats",
    "prometheus",
];

/// Whether each operation has paths, and all of these are public.
pub(crate) fn is_public(rule: &Rule) -> bool {
    let mut operations = rule.to.iter().flatten().peekable();
    let is = |path: &String| PUBLIC.iter().any(|word| path.contains(word));
    operations.peek().is_some()
        && operations.all(|operation| !operation.paths.is_empty() && operation.paths.iter().all(is))
}

/// Whether a rule says nothing, and so is about everything.
pub(crate) fn is_empty(rule: &Rule) -> bool {
    rule.from.is_none() && rule.to.is_none() && rule.when.is_empty()
}
