//! Generated pairs of policy sets: the analysis finds a difference exactly when there is one.

use std::cell::Cell;

use peerwarden_analysis::{AnalysisError, Peers, compare};
use peerwarden_engine::{Lookup, Program, Traffic, Verdict, reference};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config as Runner, TestRunner};
use serde_json::json;

use super::generate::{Json, PROVIDERS, custom_policy, peer_authentication, policy, rule, traffic};
use super::program;

/// A change of the old documents that makes the new ones.
#[derive(Debug, Clone)]
enum Change {
    Drop,
    Add(Json),
    Replace(Json),
    /// One rule of one policy.
    Rule(Json),
    Nothing,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        2 => Just(Change::Drop),
        2 => policy().prop_map(Change::Add),
        2 => prop_oneof![policy(), peer_authentication()].prop_map(Change::Replace),
        4 => rule().prop_map(Change::Rule),
        1 => Just(Change::Nothing),
    ]
}

fn documents() -> impl Strategy<Value = Vec<Json>> {
    (
        prop::collection::vec(policy(), 1..5),
        prop::collection::vec(peer_authentication(), 0..2),
        prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(custom_policy(), 1..=2)],
    )
        .prop_map(|(policies, modes, customs)| policies.into_iter().chain(modes).chain(customs).collect())
}

fn changed(documents: &[Json], at: usize, change: &Change) -> Vec<Json> {
    let mut documents = documents.to_vec();
    let at = at % documents.len();
    match change {
        Change::Drop => {
            documents.remove(at);
        }
        Change::Add(document) => documents.push(document.clone()),
        Change::Replace(document) => documents[at] = document.clone(),
        Change::Rule(rule) => {
            if documents[at]["kind"] == "AuthorizationPolicy" && documents[at]["spec"]["action"] != "CUSTOM" {
                documents[at]["spec"]["rules"][0] = rule.clone();
            }
        }
        Change::Nothing => documents.reverse(),
    }
    documents
}

fn compiled(documents: &[Json], protocol: &str, paths: &str) -> Program {
    let texts: Vec<String> = documents.iter().map(Json::to_string).collect();
    let more = format!(
        r#", "protocol": "{protocol}", "paths": "{paths}", "mesh": {{"trustDomain": "td", "trustDomainAliases": ["old"], "multipleCustomAuthzProviders": true}},
           "extensionProviders": {PROVIDERS}"#
    );
    program(&texts.join(","), &more)
}

/// Restricts traffic to what the crate's documentation covers.
fn such_as_can_be(mut traffic: Traffic, protocol: &str) -> Traffic {
    if let Lookup::Found(peer) = &mut traffic.peer {
        peer.uri_sans.retain(|name| !name.is_empty());
        peer.uri_sans.truncate(1);
    }
    for lookup in [
        &mut traffic.source_ip,
        &mut traffic.remote_ip,
        &mut traffic.destination_ip,
    ] {
        if !matches!(lookup, Lookup::Found(_)) {
            *lookup = Lookup::Found([192, 0, 2, 1].into());
        }
    }
    if !matches!(traffic.destination_port, Lookup::Found(_)) {
        traffic.destination_port = Lookup::Found(9999);
    }
    let secured = matches!(traffic.peer, Lookup::Found(_)) || traffic.tls == Lookup::Found(true);
    traffic.tls = Lookup::Found(secured);
    if !matches!(traffic.peer, Lookup::Found(_)) {
        traffic.peer = Lookup::Missing;
    }
    traffic.sni = match traffic.sni {
        Lookup::Found(name) if secured && !name.is_empty() => Lookup::Found(name),
        Lookup::Found(_) | Lookup::Missing | Lookup::Unavailable => Lookup::Missing,
    };
    if !matches!(traffic.metadata, Lookup::Found(_)) {
        traffic.metadata = Lookup::Found(Vec::new());
    }
    if protocol == "tcp" {
        traffic.headers = Lookup::Missing;
        traffic.jwt = Lookup::Missing;
        return traffic;
    }
    if traffic.jwt == Lookup::Unavailable {
        traffic.jwt = Lookup::Missing;
    }
    let lines = match traffic.headers {
        Lookup::Found(lines) => lines,
        Lookup::Missing | Lookup::Unavailable => Vec::new(),
    };
    let first = |name: &str| {
        lines
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, text)| text.clone())
    };
    let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
    let path = first(":path")
        .filter(|path| path.starts_with(b"/"))
        .unwrap_or(b"/a".to_vec());
    let method = first(":method")
        .filter(|method| !method.is_empty())
        .unwrap_or(b"GET".to_vec());
    headers.push((":path".to_owned(), path));
    headers.push((":method".to_owned(), method));
    headers.extend(first(":authority").map(|host| (":authority".to_owned(), host)));
    headers.extend(lines.into_iter().filter(|(name, _)| !name.starts_with(':')));
    traffic.headers = Lookup::Found(headers);
    traffic
}

/// Whether the peer's name, if its certificate has one, has Istio's shape.
fn has_istio_name(traffic: &Traffic) -> bool {
    match &traffic.peer {
        Lookup::Found(peer) => {
            peer.uri_sans.is_empty() || peer.spiffe_id().is_ok_and(|id| id.namespace.is_some())
        }
        Lookup::Missing | Lookup::Unavailable => true,
    }
}

fn allows(program: &Program, traffic: &Traffic) -> bool {
    program.judge(traffic, traffic).decision.verdict == Verdict::Allow
}

#[test]
fn a_difference_is_found_exactly_when_there_is_one() {
    let cases = (
        documents(),
        any::<usize>(),
        change(),
        select(vec!["http", "tcp"]),
        [
            select(vec!["lenient", "strict"]),
            select(vec!["lenient", "strict"]),
        ],
        prop::collection::vec(traffic(), 24),
    );
    let (equal, different, by_chance) = (Cell::new(0_u32), Cell::new(0_u32), Cell::new(0_u32));
    let mut runner = TestRunner::new(Runner {
        cases: 400,
        failure_persistence: None,
        max_shrink_iters: 0,
        ..Runner::default()
    });
    runner
        .run(&cases, |(old, at, change, protocol, paths, requests)| {
            let new = changed(&old, at, &change);
            let programs = [(&old, paths[0]), (&new, paths[1])]
                .map(|(documents, paths)| compiled(documents, protocol, paths));
            // Both programs evaluated each counterexample, or this fails.
            let comparison = compare(&programs[0], &programs[1], 100)
                .map_err(|why: AnalysisError| TestCaseError::fail(why.to_string()))?;
            let count = if comparison.is_equivalent() {
                &equal
            } else {
                &different
            };
            count.set(count.get() + 1);
            if matches!(change, Change::Nothing) && paths[0] == paths[1] {
                prop_assert!(comparison.is_equivalent(), "{comparison:?}");
            }
            for request in requests {
                let request = such_as_can_be(request, protocol);
                let [before, after] = [0, 1].map(|number| allows(&programs[number], &request));
                // With that many patterns, nothing is claimed about names in another form.
                if comparison.peers == Peers::IstioNames && !has_istio_name(&request) {
                    continue;
                }
                if before != after {
                    by_chance.set(by_chance.get() + 1);
                    let classes = if after {
                        &comparison.newly_allowed
                    } else {
                        &comparison.newly_denied
                    };
                    prop_assert!(
                        !classes.shown.is_empty(),
                        "{request:?} is not found: {comparison:?}"
                    );
                }
            }
            Ok(())
        })
        .unwrap();
    let (equal, different, by_chance) = (equal.get(), different.get(), by_chance.get());
    println!("{equal} equal, {different} different, {by_chance} requests by chance");
    assert!(
        equal > 50 && different > 60 && by_chance > 300,
        "{equal} {different} {by_chance}"
    );
}

/// The reference evaluator, which shares no matching code with the programs, agrees on the examples.
#[test]
fn examples_are_what_the_reference_says_too() {
    let mut runner = TestRunner::new(Runner {
        cases: 60,
        failure_persistence: None,
        max_shrink_iters: 0,
        ..Runner::default()
    });
    let shown = Cell::new(0_u32);
    runner
        .run(
            &(documents(), documents(), select(vec!["lenient", "strict"])),
            |(old, new, paths)| {
                let programs = [&old, &new].map(|documents| compiled(documents, "http", paths));
                let comparison = compare(&programs[0], &programs[1], 20)
                    .map_err(|why| TestCaseError::fail(why.to_string()))?;
                let sides = [
                    (&comparison.newly_allowed, true),
                    (&comparison.newly_denied, false),
                ];
                for (classes, allowed) in sides {
                    for class in &classes.shown {
                        shown.set(shown.get() + 1);
                        for (documents, expected) in [(&old, !allowed), (&new, allowed)] {
                            let json = json!({
                                "workload": {"namespace": "shop", "labels": {"app": "orders"}},
                                "mesh": {"trustDomain": "td", "trustDomainAliases": ["old"], "multipleCustomAuthzProviders": true},
                                "extensionProviders": serde_json::from_str::<Json>(PROVIDERS).unwrap(),
                                "resources": documents,
                                "paths": paths,
                            });
                            let config =
                                peerwarden_engine::Config::parse(json.to_string().as_bytes()).unwrap();
                            let trace = reference::explain(&config, &class.witness, &class.witness);
                            prop_assert_eq!(trace.outcome.verdict == Verdict::Allow, expected, "{:?}", class);
                        }
                    }
                }
                Ok(())
            },
        )
        .unwrap();
    assert!(shown.get() > 200, "{}", shown.get());
}
