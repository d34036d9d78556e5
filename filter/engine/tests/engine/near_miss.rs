//! The ALLOW rule that came closest, for the line of a denial.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use peerwarden_engine::{Program, Traffic};

use super::{FRONTEND, config, get, policy};

/// The rule and what it failed on.
fn near_miss(resources: &[String], traffic: &Traffic) -> Option<String> {
    let program = Program::compile(&config(&resources.join(",")).unwrap()).unwrap();
    let near = program.near_miss(traffic)?;
    let failed: Vec<String> = near.failed.iter().map(ToString::to_string).collect();
    Some(format!("{}: {}", near.by, failed.join(", ")))
}

const READERS: &str = r#"{"rules": [
    {"from": [{"source": {"principals": ["cluster.local/ns/web/sa/other"]}}], "to": [{"operation": {"methods": ["PUT"], "paths": ["/a"]}}]},
    {"from": [{"source": {"principals": ["cluster.local/ns/web/sa/frontend"]}}, {"source": {"namespaces": ["ops"]}}],
     "to": [{"operation": {"methods": ["POST"], "paths": ["/a"]}}, {"operation": {"paths": ["/b"]}}],
     "when": [{"key": "request.headers[x-team]", "values": ["blue"]}]}]}"#;

#[test]
fn the_rule_with_the_fewest_failures_is_named() {
    let all = [policy("a", READERS)];
    let near = |path| near_miss(&all, &get(Some(FRONTEND), path));
    let rule = "ns[shop]-policy[a]-rule[1]";
    assert_eq!(near("/b"), Some(format!("{rule}: http.headers.x-team")));
    // If two come equally close, the first counts.
    assert_eq!(
        near("/a"),
        Some("ns[shop]-policy[a]-rule[0]: tls.peer, http.method".to_owned())
    );
    assert_eq!(
        near("/c"),
        Some(format!("{rule}: http.path, http.headers.x-team"))
    );
    let unknown = near_miss(&all, &get(None, "/b"));
    assert_eq!(unknown, Some(format!("{rule}: tls.peer, http.headers.x-team")));
}

#[test]
fn there_is_none_without_rules_or_with_too_many() {
    let request = get(Some(FRONTEND), "/");
    assert_eq!(near_miss(&[policy("nobody", "{}")], &request), None);
    assert_eq!(near_miss(&[], &request), None);
    let rule = r#"{"to": [{"operation": {"paths": ["/x"]}}]}"#;
    let rules = |number: usize| {
        policy(
            "a",
            &format!(r#"{{"rules": [{}]}}"#, vec![rule; number].join(",")),
        )
    };
    assert!(near_miss(&[rules(64)], &request).is_some());
    assert_eq!(near_miss(&[rules(65)], &request), None);
}
