//! Properties of any documents and any traffic, whatever each rule means.
//!
//! Each property reports how often it had an effect: documents that change nothing prove nothing.

use std::cell::Cell;

use peerwarden_engine::{Config, Program, Traffic, Verdict};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config as Runner, TestCaseError, TestRunner};
use serde_json::json;

use super::config_with;
use super::generate::{Json, PROVIDERS, custom_policy, peer_authentication, policy, rule, traffic};

/// Documents of every kind, a protocol, and requests.
type Case = (Vec<Json>, &'static str, Vec<Traffic>);

fn case() -> impl Strategy<Value = Case> {
    let documents = (
        prop::collection::vec(policy(), 0..5),
        prop::collection::vec(peer_authentication(), 0..2),
        prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(custom_policy(), 1..=3)],
    )
        .prop_map(|(policies, modes, custom)| policies.into_iter().chain(modes).chain(custom).collect());
    (
        documents,
        prop::sample::select(vec!["http", "tcp"]),
        prop::collection::vec(traffic(), 8),
    )
}

fn compile(documents: &[Json], protocol: &str) -> Result<Program, TestCaseError> {
    let documents: Vec<String> = documents.iter().map(ToString::to_string).collect();
    let more = format!(
        r#""protocol": "{protocol}", "mesh": {{"trustDomain": "td", "trustDomainAliases": ["old"], "multipleCustomAuthzProviders": true}},
           "extensionProviders": {PROVIDERS}"#
    );
    let config: Result<Config, _> = config_with(&documents.join(","), &more);
    config
        .and_then(|config| Program::compile(&config))
        .map_err(|problems| TestCaseError::fail(problems.to_string()))
}

fn allows(program: &Program, traffic: &Traffic) -> bool {
    program.judge(traffic, traffic).decision.verdict == Verdict::Allow
}

/// Runs a property on generated cases; `changed` counts the cases in which it had an effect, which must be frequent.
fn holds<S: Strategy>(
    strategy: &S,
    at_least: u32,
    property: impl Fn(S::Value, &Cell<u32>) -> Result<(), TestCaseError>,
) where
    S::Value: Clone,
{
    let changed = Cell::new(0);
    let mut runner = TestRunner::new(Runner {
        cases: 600,
        failure_persistence: None,
        ..Runner::default()
    });
    runner.run(strategy, |value| property(value, &changed)).unwrap();
    println!("had something to show {} times", changed.get());
    assert!(changed.get() >= at_least, "only {} times", changed.get());
}

fn document(action: &str, rules: &Json, annotations: &Json) -> Json {
    json!({
        "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
        "metadata": {"name": "added", "namespace": "shop", "annotations": annotations},
        "spec": {"action": action, "rules": rules}
    })
}

#[test]
fn adding_a_deny_policy_never_allows_more() {
    holds(
        &(case(), rule()),
        100,
        |((mut documents, protocol, requests), rule), changed| {
            let before = compile(&documents, protocol)?;
            documents.push(document("DENY", &json!([rule]), &json!({})));
            let after = compile(&documents, protocol)?;
            for traffic in &requests {
                let (was, is) = (allows(&before, traffic), allows(&after, traffic));
                prop_assert!(was || !is, "{documents:?} {traffic:?}");
                changed.set(changed.get() + u32::from(was != is));
            }
            Ok(())
        },
    );
}

#[test]
fn adding_an_allow_rule_where_there_is_an_allow_policy_never_denies_more() {
    holds(
        &(case(), rule()),
        100,
        |((mut documents, protocol, requests), rule), changed| {
            // One that applies: it has neither selector nor target.
            documents.push(document("ALLOW", &json!([]), &json!({})));
            let before = compile(&documents, protocol)?;
            documents.pop();
            documents.push(document("ALLOW", &json!([rule]), &json!({})));
            let after = compile(&documents, protocol)?;
            for traffic in &requests {
                let (was, is) = (allows(&before, traffic), allows(&after, traffic));
                prop_assert!(is || !was, "{documents:?} {traffic:?}");
                changed.set(changed.get() + u32::from(was != is));
            }
            Ok(())
        },
    );
}

#[test]
fn the_order_of_documents_and_rules_never_matters() {
    let shuffled = (case(), any::<u64>());
    holds(
        &shuffled,
        300,
        |((documents, protocol, requests), seed), changed| {
            let mut order = documents.clone();
            let rotate = usize::try_from(seed % 7).unwrap();
            if !order.is_empty() {
                let middle = rotate % order.len();
                order.rotate_left(middle);
            }
            // Modes are ordered by their age and then by their name; if two share both, the first counts.
            order.sort_by_key(|document| document["kind"] == "PeerAuthentication");
            let mut same: Vec<Json> = documents
                .iter()
                .filter(|document| document["kind"] == "PeerAuthentication")
                .cloned()
                .collect();
            order.retain(|document| document["kind"] != "PeerAuthentication");
            order.append(&mut same);
            for document in &mut order {
                if let Some(rules) = document.pointer_mut("/spec/rules").and_then(Json::as_array_mut) {
                    rules.reverse();
                }
            }
            let (before, after) = (compile(&documents, protocol)?, compile(&order, protocol)?);
            for traffic in &requests {
                let (was, is) = (allows(&before, traffic), allows(&after, traffic));
                prop_assert_eq!(was, is, "{:?} {:?}", documents, traffic);
                changed.set(changed.get() + u32::from(order != documents));
            }
            Ok(())
        },
    );
}

#[test]
fn a_dry_run_or_audit_policy_never_changes_a_verdict() {
    let dry = json!({"istio.io/dry-run": "true"});
    holds(
        &(
            case(),
            rule(),
            prop::sample::select(vec!["ALLOW", "DENY", "AUDIT"]),
        ),
        300,
        |((mut documents, protocol, requests), rule, action), changed| {
            let before = compile(&documents, protocol)?;
            let annotations = if action == "AUDIT" { json!({}) } else { dry.clone() };
            documents.push(document(action, &json!([rule]), &annotations));
            let after = compile(&documents, protocol)?;
            for traffic in &requests {
                let (was, is) = (before.judge(traffic, traffic), after.judge(traffic, traffic));
                prop_assert_eq!(was.decision, is.decision, "{:?} {:?}", documents, traffic);
                let shows = is.audited != was.audited
                    || is.shadow.map(|s| s.verdict) != was.shadow.map(|s| s.verdict);
                changed.set(changed.get() + u32::from(shows));
            }
            Ok(())
        },
    );
}

#[test]
fn removing_a_policy_that_does_not_select_the_workload_changes_nothing() {
    let foreign = |namespace: &str, selector: &str| json!({"namespace": namespace, "selector": {"matchLabels": {"app": selector}}});
    let places = prop::sample::select(vec![
        foreign("other", "orders"),
        foreign("shop", "cart"),
        foreign("istio-system", "cart"),
    ]);
    holds(
        &(
            case(),
            rule(),
            places,
            prop::sample::select(vec!["ALLOW", "DENY"]),
            any::<Index>(),
        ),
        300,
        |((documents, protocol, requests), rule, place, action, at), changed| {
            let mut more = documents.clone();
            let mut added = document(action, &json!([rule]), &json!({}));
            added["metadata"]["namespace"] = place["namespace"].clone();
            added["spec"]["selector"] = place["selector"].clone();
            more.insert(at.index(documents.len() + 1), added.clone());
            let (with, without) = (compile(&more, protocol)?, compile(&documents, protocol)?);
            // Were it to select the workload, it would show.
            added["metadata"]["namespace"] = json!("shop");
            added["spec"]["selector"] = json!(null);
            more.push(added);
            let selected = compile(&more, protocol)?;
            for traffic in &requests {
                let (was, is) = (with.judge(traffic, traffic), without.judge(traffic, traffic));
                prop_assert_eq!(was, is, "{:?} {:?}", documents, traffic);
                changed
                    .set(changed.get() + u32::from(allows(&selected, traffic) != allows(&without, traffic)));
            }
            Ok(())
        },
    );
}
