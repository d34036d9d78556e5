//! Compiled and reference agree where there are thousands of rules and few of them match: values that share their beginnings and
//! endings, blocks within blocks, many rules with the same key, and rules that only `not…` fields make.

use std::cell::Cell;

use peerwarden_engine::{Lookup, Peer, Program, Traffic, Verdict, reference};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config as Runner, TestRunner};
use serde_json::json;

use super::config_with;
use super::generate::Json;

const SEGMENTS: [&str; 12] = [
    "a", "b", "ab", "aba", "v1", "x", "xa", "bab", "v12", "c", "ca", "v",
];
const STAR: [&str; 4] = ["", "*", "", ""];

/// `/a/ab/v1`, of one to four segments.
fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(select(&SEGMENTS[..]), 1..=4)
        .prop_map(|segments| format!("/{}", segments.join("/")))
}

/// Exact, with a star at one end, or a template.
fn path_pattern() -> impl Strategy<Value = String> {
    let text = (path(), select(&STAR[..]), select(&STAR[..])).prop_map(|(path, before, after)| {
        let after = if before.is_empty() { after } else { "" };
        format!("{before}{path}{after}")
    });
    let template = (
        path(),
        select(&["/{*}", "/{**}"][..]),
        select(&["", "/a", "/ab/a"][..]),
    )
        .prop_map(|(start, operator, end)| format!("{start}{operator}{end}"));
    prop_oneof![4 => text, 1 => template]
}

fn identity() -> impl Strategy<Value = (String, String)> {
    (0..30_u32, 0..10_u32).prop_map(|(namespace, account)| (format!("n{namespace}"), format!("s{account}")))
}

fn block() -> impl Strategy<Value = String> {
    (24..=32_u32, 0..4_u32, 0..4_u32)
        .prop_map(|(length, third, last)| format!("10.0.{third}.{last}/{length}"))
}

/// A source, and its `not…` twin now and then.
fn source() -> impl Strategy<Value = Json> {
    let field = (identity(), block(), 0..9_u8).prop_map(|((namespace, account), block, kind)| match kind {
        0..=2 => ("principals", format!("td/ns/{namespace}/sa/{account}")),
        3 => ("principals", format!("td/ns/{namespace}/*")),
        4 => ("principals", format!("*/sa/{account}")),
        5 => ("namespaces", namespace),
        6 => ("trustDomains", "td".to_owned()),
        _ => ("ipBlocks", block),
    });
    prop::collection::vec((field, prop::bool::weighted(0.02)), 1..=2).prop_map(|fields| {
        let mut source = json!({});
        for ((name, value), negative) in fields {
            let mut name = name.to_owned();
            if negative {
                name = format!("not{}{}", name[..1].to_uppercase(), &name[1..]);
            }
            source[name] = json!([value]);
        }
        json!({ "source": source })
    })
}

fn account() -> impl Strategy<Value = Json> {
    identity().prop_map(
        |(namespace, account)| json!({"source": {"serviceAccounts": [format!("{namespace}/{account}")]}}),
    )
}

fn operation() -> impl Strategy<Value = Json> {
    let values = prop::collection::vec(path_pattern(), 1..=2);
    (
        values,
        prop::option::of(select(&["GET", "POST"][..])),
        prop::bool::weighted(0.02),
    )
        .prop_map(|(paths, method, negative)| {
            let name = if negative { "notPaths" } else { "paths" };
            match method {
                Some(method) => json!({"operation": {"methods": [method], name: paths}}),
                None => json!({"operation": {name: paths}}),
            }
        })
}

fn rule() -> impl Strategy<Value = Json> {
    let source = prop_oneof![5 => source(), 1 => account()];
    (
        prop::collection::vec(source, 1..=2),
        prop::collection::vec(operation(), 1..=2),
        0..60_u8,
    )
        .prop_map(|(from, to, kind)| match kind {
            0 => json!({ "from": from }),
            1 => json!({ "to": to }),
            2 => json!({"to": to, "when": [{"key": "request.headers[x]", "values": ["v1*", "*ab"]}]}),
            _ => json!({"from": from, "to": to}),
        })
}

fn policies(action: &'static str, count: usize) -> impl Strategy<Value = Vec<Json>> {
    prop::collection::vec(rule(), count).prop_map(move |rules| {
        let rules = rules.into_iter().enumerate();
        let policies = rules.map(|(index, rule)| {
            json!({
                "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
                "metadata": {"name": format!("p{index}"), "namespace": "shop"},
                "spec": {"action": action, "rules": [rule]}
            })
        });
        policies.collect()
    })
}

fn now_and_then<T: Clone + std::fmt::Debug>(found: T) -> impl Strategy<Value = Lookup<T>> {
    (0..12_u8).prop_map(move |dice| match dice {
        0 => Lookup::Unavailable,
        1 => Lookup::Missing,
        _ => Lookup::Found(found.clone()),
    })
}

fn traffic() -> impl Strategy<Value = Traffic> {
    let parts = (
        identity(),
        path(),
        select(&["GET", "POST"][..]),
        0..8_u32,
        0..5_u32,
    );
    parts
        .prop_flat_map(|((namespace, account), path, method, third, last)| {
            let peer = Peer::from_uri(format!("spiffe://td/ns/{namespace}/sa/{account}"));
            let headers = [(":path", path.as_str()), (":method", method), ("x", "v1")]
                .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
            (
                now_and_then(peer),
                now_and_then(headers.to_vec()),
                now_and_then(format!("10.0.{third}.{last}").parse().unwrap()),
            )
        })
        .prop_map(|(peer, headers, source_ip)| Traffic {
            peer,
            headers,
            source_ip,
            ..Traffic::default()
        })
}

#[test]
fn thousands_of_rules_are_found_as_the_reference_finds_them() {
    let (allowed, by_deny, by_none) = (Cell::new(0), Cell::new(0), Cell::new(0));
    // Few rules allow little, and of many some deny nearly everything: of each there is some.
    for count in [100, 400, 2000] {
        let mut runner = TestRunner::new(Runner {
            cases: 2,
            failure_persistence: None,
            // A set that fails is reported as it is: made smaller it would take hours.
            max_shrink_iters: 64,
            ..Runner::default()
        });
        let case = (
            policies("ALLOW", count),
            policies("DENY", count / 20),
            prop::collection::vec(traffic(), 120),
        );
        runner
            .run(&case, |(allow, deny, requests)| {
                let documents: Vec<String> = allow.iter().chain(&deny).map(Json::to_string).collect();
                let config = config_with(&documents.join(","), r#""mesh": {"trustDomain": "td"}"#)
                    .map_err(|problems| TestCaseError::fail(problems.to_string()))?;
                let program = Program::compile(&config).unwrap();
                for traffic in requests {
                    let decision = program.judge(&traffic, &traffic).decision;
                    let expected = reference::explain(&config, &traffic, &traffic).outcome;
                    prop_assert_eq!(
                        (decision.verdict, decision.by, decision.reason),
                        (expected.verdict, expected.by.as_ref(), expected.reason),
                        "{:?}",
                        traffic
                    );
                    let count = match (decision.verdict, decision.by) {
                        (Verdict::Allow, _) => &allowed,
                        (Verdict::Deny, Some(_)) => &by_deny,
                        (Verdict::Deny, None) => &by_none,
                    };
                    count.set(count.get() + 1);
                }
                Ok(())
            })
            .unwrap();
    }
    let counts = [allowed.get(), by_deny.get(), by_none.get()];
    println!("allowed, denied by a rule, denied by none: {counts:?}");
    assert!(counts.iter().all(|count| *count > 10), "{counts:?}");
}
