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
    has_only(rule, &PUBLIC)
}

/// Whether each operation has paths, and all of these are for monitoring: those of Spring's actuator too, which are not for anybody.
pub(crate) fn is_for_monitoring(rule: &Rule) -> bool {
    let words: Vec<&str> = PUBLIC.into_iter().chain(["actuator"]).collect();
    has_only(rule, &words)
}

/// Whether each operation has paths, and all of these have one of the words.
fn has_only(rule: &Rule, words: &[&str]) -> bool {
    let mut operations = rule.to.iter().flatten().peekable();
    // At the start of a word: `/shipping` is no `ping`.
    let begins = |path: &str, at: usize| !path[..at].ends_with(char::is_alphanumeric);
    let has = |path: &String, word: &str| path.match_indices(word).any(|(at, _)| begins(path, at));
    let is = |path: &String| words.iter().any(|word| has(path, word));
    operations.peek().is_some()
        && operations.all(|operation| !operation.paths.is_empty() && operation.paths.iter().all(is))
}

/// Whether a rule says nothing, and so is about everything.
pub(crate) fn is_empty(rule: &Rule) -> bool {
    rule.from.is_none() && rule.to.is_none() && rule.when.is_empty()
}

#[cfg(test)]
mod tests {
    use super::is_public;
    use peerwarden_engine::resource::{Operation, Rule};

    #[test]
    fn public_paths_are_told_by_words() {
        let rule = |path: &str| Rule {
            to: Some(vec![Operation {
                paths: vec![path.to_owned()],
                ..Operation::default()
            }]),
            ..Rule::default()
        };
        for (path, public) in [
            ("/metrics", true),
            ("/actuator/health", true),
            ("*/readyz", true),
            ("/shop.ShippingService/Ship", false),
            ("/biometrics/*", false),
            ("/orders", false),
        ] {
            assert_eq!(is_public(&rule(path)), public, "{path}");
        }
        assert!(!is_public(&Rule::default()));
    }
}
