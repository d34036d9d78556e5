//! The compiled and the reference evaluator agree on thousands of rules of which few match: values with common
//! beginnings and endings, nested blocks, many rules with the same key, and rules with only `not…` fields.

use std::cell::Cell;
use std::net::IpAddr;

use peerwarden_engine::{Lookup, Peer, Program, Traffic, Verdict};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config as Runner, TestRunner};
use serde_json::json;

use super::generate::Json;
use super::{agreed, config_with};

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

/// Blocks of every length that few enough rules share, each within the shorter ones.
fn block() -> impl Strategy<Value = String> {
    let v4 = (20..=32_u32, 0..4_u32, 0..4_u32)
        .prop_map(|(length, third, last)| format!("10.0.{third}.{last}/{length}"));
    let v6 = (100..=128_u32, 0..9_u32, 0..9_u32)
        .prop_map(|(length, high, low)| format!("fd00::{high}:{low}/{length}"));
    prop_oneof![3 => v4, 1 => v6]
}

fn address() -> impl Strategy<Value = IpAddr> {
    let v4 = (0..8_u8, 0..5_u8).prop_map(|(third, last)| IpAddr::from([10, 0, third, last]));
    let v6 = (0..9_u16, 0..9_u16).prop_map(|(high, low)| IpAddr::from([0xfd00, 0, 0, 0, 0, 0, high, low]));
    prop_oneof![3 => v4, 1 => v6]
}

/// A source, sometimes with its `not…` twin.
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
    let parts = (identity(), path(), select(&["GET", "POST"][..]), address());
    parts
        .prop_flat_map(|((namespace, account), path, method, address)| {
            let peer = Peer::from_uri(format!("spiffe://td/ns/{namespace}/sa/{account}"));
            let headers = [(":path", path.as_str()), (":method", method), ("x", "v1")]
                .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
            (
                now_and_then(peer),
                now_and_then(headers.to_vec()),
                now_and_then(address),
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
                    let decision = agreed(&program, &config, &traffic)?;
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

/// A rule for each length of block, the longest first, and addresses that leave them one bit after the other.
#[test]
fn a_block_of_any_length_is_found() {
    let v4 = |bit: u32| IpAddr::from((0x0a01_0203_u32 ^ 1_u32.checked_shl(bit).unwrap_or(0)).to_be_bytes());
    let v6 = |bit: u32| {
        let within = 0xfd00_0001_0002_0003_0004_0005_0006_0007_u128;
        IpAddr::from((within ^ 1_u128.checked_shl(bit).unwrap_or(0)).to_be_bytes())
    };
    let blocks = (0..=32).rev().map(|length| (v4(32), length));
    let blocks = blocks.chain((0..=128).rev().map(|length| (v6(128), length)));
    let documents = blocks.enumerate().map(|(index, (address, length))| {
        let rule = json!({"from": [{"source": {"ipBlocks": [format!("{address}/{length}")]}}]});
        super::policy(&format!("p{index:03}"), &json!({"rules": [rule]}).to_string())
    });
    let config = super::config(&documents.collect::<Vec<_>>().join(",")).unwrap();
    let addresses = (0..=32).map(v4).chain((0..=128).map(v6));
    for (index, source_ip) in addresses.enumerate() {
        let traffic = Traffic {
            source_ip: Lookup::Found(source_ip),
            ..Traffic::default()
        };
        // Bit 0 is the last one: the longest block that does not look at it is one shorter than all.
        let place = if index <= 32 {
            (index + 1) % 33
        } else {
            33 + (index - 33 + 1) % 129
        };
        assert_eq!(
            super::decide(&config, &traffic),
            format!("allow ns[shop]-policy[p{place:03}]-rule[0]"),
            "{source_ip}"
        );
    }
}
