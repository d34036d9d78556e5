//! The compiled and the reference evaluator agree on generated documents and traffic.

use std::cell::Cell;

use peerwarden_engine::Traffic;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config as Runner, TestRunner};

use super::generate::{PROVIDERS, custom_policy, peer_authentication, policy, traffic};
use super::{config_with, decide};

/// Policies of several names, modes, a protocol, which paths are established, whether there may be several providers, and sixteen
/// requests for each set of them.
fn case() -> impl Strategy<Value = (String, &'static str, &'static str, bool, Vec<Traffic>)> {
    let documents = (
        prop::collection::vec(policy(), 0..5),
        prop::collection::vec(peer_authentication(), 0..3),
        prop_oneof![
            2 => Just(Vec::new()),
            1 => prop::collection::vec(custom_policy(), 1..=3),
        ],
    )
        .prop_map(|(policies, modes, customs)| {
            policies
                .into_iter()
                .chain(modes)
                .chain(customs)
                .map(|json| json.to_string())
                .collect::<Vec<_>>()
                .join(",")
        });
    (
        documents,
        select(vec!["http", "tcp"]),
        select(vec!["lenient", "strict"]),
        any::<bool>(),
        prop::collection::vec(traffic(), 16),
    )
}

#[test]
fn compiled_and_reference_agree() {
    let (allowed, denied, by_rule) = (Cell::new(0_u32), Cell::new(0_u32), Cell::new(0_u32));
    let mut runner = TestRunner::new(Runner {
        cases: 1500,
        failure_persistence: None,
        ..Runner::default()
    });
    runner
        .run(&case(), |(documents, protocol, paths, several, requests)| {
            let more = format!(
                r#""protocol": "{protocol}", "paths": "{paths}", "mesh": {{"trustDomain": "td", "trustDomainAliases": ["old"], "multipleCustomAuthzProviders": {several}}},
                   "extensionProviders": {PROVIDERS}"#
            );
            let config = config_with(&documents, &more)
                .map_err(|problems| TestCaseError::fail(problems.to_string()))?;
            for traffic in requests {
                let shown = decide(&config, &traffic);
                let count = if shown.starts_with("allow") {
                    &allowed
                } else {
                    &denied
                };
                count.set(count.get() + 1);
                by_rule.set(by_rule.get() + u32::from(shown.contains("-rule[")));
            }
            Ok(())
        })
        .unwrap();
    // A generator whose rules never meet its traffic would agree about nothing.
    let (allowed, denied, by_rule) = (allowed.get(), denied.get(), by_rule.get());
    println!("{allowed} allowed, {denied} denied, {by_rule} by a rule");
    assert!(
        allowed > 2_000 && denied > 2_000 && by_rule > 5_000,
        "{allowed} allowed, {denied} denied, {by_rule} by a rule"
    );
}
