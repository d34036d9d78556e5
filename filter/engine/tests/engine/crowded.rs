//! The compiled and the reference evaluator agree where an index discards little: rules with `not…` fields, or rules
//! with the same values, most of which are discarded before they are evaluated.

mod crowds;

use std::cell::Cell;

use peerwarden_engine::{Config, Lookup, Program, Traffic, Verdict};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config as Runner, TestRunner};
use serde_json::json;

use super::generate::Json;
use super::{agreed, config, config_with, decide, get, policy, value};
use crowds::{BEGINNINGS, NAMES, PATHS, policies, traffic};

#[test]
fn rules_that_many_share_are_ruled_out_as_the_reference_rules_them_out() {
    let (late, by_deny, by_none) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Runner {
        cases: 24,
        failure_persistence: None,
        max_shrink_iters: 64,
        ..Runner::default()
    });
    // With as many rules that deny as are ruled out together, few are left that another could allow.
    let sizes = vec![(20, 0), (60, 3), (300, 0), (300, 6), (20, 40)];
    let case = select(sizes).prop_flat_map(|(allow, deny)| {
        (
            policies("ALLOW", allow),
            policies("DENY", deny),
            prop::collection::vec(traffic(), 60),
        )
    });
    runner
        .run(&case, |(allow, deny, requests)| {
            let documents: Vec<String> = allow.iter().chain(&deny).map(Json::to_string).collect();
            let config = config_with(&documents.join(","), r#""mesh": {"trustDomain": "td"}"#)
                .map_err(|problems| TestCaseError::fail(problems.to_string()))?;
            let program = Program::compile(&config).unwrap();
            for traffic in requests {
                let decision = agreed(&program, &config, &traffic)?;
                let count = match (decision.verdict, decision.by) {
                    // The first rules of all were ruled out, or tried in vain.
                    (Verdict::Allow, Some(by)) if by.rule > Some(2) || &*by.name != "ALLOW-0" => &late,
                    (Verdict::Allow, _) => continue,
                    (Verdict::Deny, Some(_)) => &by_deny,
                    (Verdict::Deny, None) => &by_none,
                };
                count.set(count.get() + 1);
            }
            Ok(())
        })
        .unwrap();
    let counts = [late.get(), by_deny.get(), by_none.get()];
    println!("allowed by a late rule, denied by a rule, denied by none: {counts:?}");
    assert!(counts.iter().all(|count| *count > 3), "{counts:?}");
}

/// A rule whose values all others share; all except the `only` one also require metadata that is absent.
fn crowd(count: usize, only: usize, action: &str, rule: impl Fn(usize) -> Json) -> Config {
    let rules = (0..count).map(|index| {
        let mut rule = rule(index);
        if index != only {
            rule["when"] = json!([{"key": "experimental.envoy.filters.f[k]", "values": ["x"]}]);
        }
        rule
    });
    let spec = json!({"action": action, "rules": rules.collect::<Vec<_>>()});
    config(&policy("crowd", &spec.to_string())).unwrap()
}

/// A request for the path that all of [`BEGINNINGS`] begin.
fn request() -> Traffic {
    let mut traffic = get(Some(NAMES[0]), PATHS[4]);
    traffic.destination_port = Lookup::Found(80);
    traffic
}

#[test]
fn a_rule_in_a_list_too_many_is_not_ruled_out() {
    let count = BEGINNINGS.len() * 17;
    // The beginning of the one that matches is shared by fewer than any other.
    let only = count - 1;
    let config = crowd(count, only, "ALLOW", |index| {
        let beginning = if index == 0 { 0 } else { index % BEGINNINGS.len() };
        let other = if index == 19 { 0 } else { beginning };
        json!({"to": [{"operation": {"paths": [BEGINNINGS[other]]}}]})
    });
    assert_eq!(
        decide(&config, &request()),
        format!("allow ns[shop]-policy[crowd]-rule[{only}]")
    );
}

#[test]
fn what_could_not_be_established_rules_out_no_rule_that_denies() {
    let config = crowd(40, 20, "DENY", |_| {
        json!({
            "from": [{"source": {"principals": ["td/ns/web*"]}}],
            "to": [{"operation": {"paths": ["/x*"]}}],
        })
    });
    let mut traffic = request();
    assert_eq!(decide(&config, &traffic), "allow");
    traffic.headers = Lookup::Unavailable;
    assert_eq!(decide(&config, &traffic), "deny ns[shop]-policy[crowd]-rule[20]");
}

#[test]
fn a_principal_of_a_token_is_found_by_either_half() {
    let config = crowd(40, 20, "ALLOW", |_| {
        json!({
            "from": [{"source": {"requestPrincipals": ["other/*", "*/sub"]}}],
            "to": [{"operation": {"methods": ["GET"]}}],
        })
    });
    for (jwt, verdict) in [
        (
            r#"{"iss": "iss", "sub": "sub"}"#,
            "allow ns[shop]-policy[crowd]-rule[20]",
        ),
        (
            r#"{"iss": "other", "sub": "x"}"#,
            "allow ns[shop]-policy[crowd]-rule[20]",
        ),
        (r#"{"iss": "iss", "sub": "x"}"#, "deny"),
    ] {
        let mut traffic = request();
        traffic.jwt = Lookup::Found(value(jwt));
        assert_eq!(decide(&config, &traffic), verdict, "{jwt}");
    }
}
