//! The standing of single rules.

use peerwarden_analysis::rules::{RuleStanding, Standing, standing};

use super::{policy, program};

fn of(spec: &str) -> Vec<RuleStanding> {
    standing(&program(&policy("a", spec), "")).unwrap()
}

fn words(judged: &[RuleStanding]) -> Vec<String> {
    let rules = |by: &[peerwarden_engine::RuleId]| {
        let names: Vec<String> = by
            .iter()
            .map(|by| format!("{}[{}]", by.name, by.rule.unwrap()))
            .collect();
        names.join(",")
    };
    let word = |judged: &RuleStanding| match &judged.standing {
        Standing::Decides(_) => "decides".to_owned(),
        Standing::NeverMatches => "never matches".to_owned(),
        Standing::Refused { by, .. } => format!("refused by {}", rules(by)),
        Standing::Shadowed { by, .. } => format!("shadowed by {}", rules(by)),
    };
    judged.iter().map(word).collect()
}

#[test]
fn one_rule_that_holds_all_of_another() {
    let judged = of(r#"{"rules": [
        {"to": [{"operation": {"paths": ["/a/b"]}}]},
        {"to": [{"operation": {"paths": ["/a*"]}}]}
    ]}"#);
    assert_eq!(words(&judged), ["shadowed by a[1]", "decides"]);
}

#[test]
fn several_rules_that_hold_all_of_another() {
    let judged = of(r#"{"rules": [
        {"from": [{"source": {"ipBlocks": ["10.0.0.0/8"]}}]},
        {"from": [{"source": {"ipBlocks": ["10.0.0.0/9"]}}]},
        {"from": [{"source": {"ipBlocks": ["10.128.0.0/9", "11.0.0.0/8"]}}]}
    ]}"#);
    assert_eq!(
        words(&judged),
        ["shadowed by a[1],a[2]", "shadowed by a[0]", "decides"]
    );
}

#[test]
fn a_rule_that_contradicts_itself() {
    let judged = of(r#"{"rules": [
        {"to": [{"operation": {"paths": ["/a"], "notPaths": ["/a*"]}}]},
        {"to": [{"operation": {"paths": ["/a?x=1"]}}]},
        {"from": [{"source": {"principals": ["spiffe://cluster.local/ns/a/sa/b"]}}]},
        {"from": [{"source": {"principals": ["td/ns/a/sa/b"], "namespaces": ["c"]}}]}
    ]}"#);
    let words = words(&judged);
    assert_eq!(words[0], "never matches");
    assert_eq!(words[1], "never matches", "a path has no query");
    assert_eq!(words[2], "decides", "a certificate can say `spiffe://spiffe://…`");
    assert_eq!(words[3], "never matches");
}

#[test]
fn a_rule_that_a_denial_leaves_nothing_of() {
    let deny = policy(
        "d",
        r#"{"action": "DENY", "rules": [{"to": [{"operation": {"notMethods": ["GET"]}}]}]}"#,
    );
    let allow = policy(
        "a",
        r#"{"rules": [{"to": [{"operation": {"methods": ["POST"]}}]}, {"to": [{"operation": {"methods": ["GET"]}}]}]}"#,
    );
    let judged = standing(&program(&format!("{deny},{allow}"), "")).unwrap();
    assert_eq!(words(&judged), ["decides", "refused by d[0]", "decides"]);
    let strict = r#"{"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
        "metadata": {"name": "default", "namespace": "shop"}, "spec": {"mtls": {"mode": "STRICT"}}}"#;
    let anonymous = policy(
        "a",
        r#"{"rules": [{"from": [{"source": {"notPrincipals": ["*"]}}]}]}"#,
    );
    let judged = standing(&program(&format!("{strict},{anonymous}"), "")).unwrap();
    assert_eq!(words(&judged), ["refused by "]);
}
