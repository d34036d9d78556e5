//! The engine from outside: documents in, decisions out. Runs natively and, under Node, as Wasm.

#[cfg(not(target_arch = "wasm32"))]
mod bounds;
#[cfg(not(target_arch = "wasm32"))]
mod crowded;
mod custom;
mod decide;
#[cfg(not(target_arch = "wasm32"))]
mod elsewhere;
#[cfg(not(target_arch = "wasm32"))]
mod equality;
mod fingerprint;
#[cfg(not(target_arch = "wasm32"))]
mod generate;
mod holes;
#[cfg(not(target_arch = "wasm32"))]
mod many;
mod metadata;
mod modes;
mod near_miss;
#[cfg(not(target_arch = "wasm32"))]
mod properties;
mod refuse;
mod refuse_settings;
mod select;
mod shadow;
mod tcp;
mod tokens;

use peerwarden_engine::document::{Path, Value};
use peerwarden_engine::resource::{Action, Resource};
use peerwarden_engine::{
    Config, Decision, ExternalAuthorizers, Problems, Program, Question, Report, Step, Traffic, Verdict,
    reference,
};
#[cfg(not(target_arch = "wasm32"))]
use proptest::prelude::*;

/// The peer that most rules are about.
const FRONTEND: &str = "spiffe://cluster.local/ns/web/sa/frontend";

/// A configuration for a workload `app: orders` in `shop`, with these `resources` as JSON.
fn config(resources: &str) -> Result<Config, Problems> {
    config_with(resources, "")
}

/// The same with more keys of the configuration, such as `"protocol": "tcp"`.
fn config_with(resources: &str, more: &str) -> Result<Config, Problems> {
    let more = if more.is_empty() {
        String::new()
    } else {
        format!(", {more}")
    };
    let json = format!(
        r#"{{"workload": {{"namespace": "shop", "labels": {{"app": "orders"}}}}, "resources": [{resources}]{more}}}"#
    );
    Config::parse(json.as_bytes())
}

/// An `AuthorizationPolicy` in `shop` with this `spec`.
fn policy(name: &str, spec: &str) -> String {
    policy_in("shop", name, spec)
}

fn policy_in(namespace: &str, name: &str, spec: &str) -> String {
    format!(
        r#"{{"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
            "metadata": {{"name": "{name}", "namespace": "{namespace}"}}, "spec": {spec}}}"#
    )
}

/// Decides twice, compiled and by the reference, which must agree, and shows the decision.
fn decide(config: &Config, traffic: &Traffic) -> String {
    let program = Program::compile(config).unwrap();
    let judgement = program.judge(traffic, traffic);
    let decision = judgement.decision;
    let bare = Program::compile(&without_effect(config)).unwrap();
    assert_eq!(
        decision,
        bare.judge(traffic, traffic).decision,
        "the shadow or the audit mark changes the decision"
    );
    let trace = reference::explain(config, traffic, traffic);
    assert_eq!(
        outline_of(trace.clone()),
        reference::outline(config, traffic, traffic),
        "the outline is another"
    );
    let parts = |outcome: &reference::Outcome| (outcome.verdict, outcome.by.clone(), outcome.reason);
    let own = |decision: Decision<'_>| (decision.verdict, decision.by.cloned(), decision.reason);
    assert_eq!(
        (
            own(decision),
            judgement.shadow.map(own),
            judgement.audited.cloned()
        ),
        (
            parts(&trace.outcome),
            trace.shadow.as_ref().map(parts),
            trace.audited
        ),
        "compiled and reference disagree"
    );
    assert_unreported(&program, traffic, &reference::explain(config, traffic, traffic));
    let by = decision.by.map(|by| format!(" {by}")).unwrap_or_default();
    format!("{}{by}", decision.verdict.as_str())
}

/// The program's decision, which is the reference's, also where nothing reports it.
#[cfg(not(target_arch = "wasm32"))]
fn agreed<'p>(
    program: &'p Program,
    config: &Config,
    traffic: &Traffic,
) -> Result<Decision<'p>, TestCaseError> {
    let decision = program.judge(traffic, traffic).decision;
    let trace = reference::explain(config, traffic, traffic);
    assert_unreported(program, traffic, &trace);
    let expected = &trace.outcome;
    prop_assert_eq!(
        (decision.verdict, decision.by, decision.reason),
        (expected.verdict, expected.by.as_ref(), expected.reason),
        "{:?}",
        traffic
    );
    Ok(decision)
}

/// If nothing reports the rule that allows, the decision is the same, and the rule is any that allows.
fn assert_unreported(program: &Program, traffic: &Traffic, trace: &reference::Trace) {
    let mut step = program.begin(traffic, Report::Denied);
    let judgement = loop {
        step = match step {
            Step::Decided(judgement) => break judgement,
            Step::Ask(Question { provider, by, .. }) => {
                let answer = traffic.answer(provider);
                program.answered(provider, by, answer, traffic, Report::Denied)
            }
        };
    };
    let (decision, outcome) = (judgement.decision, &trace.outcome);
    assert_eq!(
        (decision.verdict, decision.reason),
        (outcome.verdict, outcome.reason),
        "decided otherwise where nobody is told: {traffic:?}"
    );
    let shadow = judgement
        .shadow
        .map(|shadow| (shadow.verdict, shadow.by.cloned()));
    let expected = trace
        .shadow
        .as_ref()
        .map(|shadow| (shadow.verdict, shadow.by.clone()));
    assert_eq!(shadow, expected, "{traffic:?}");
    assert_eq!(judgement.audited, trace.audited.as_ref(), "{traffic:?}");
    let Some(by) = decision.by.filter(|_| decision.verdict == Verdict::Allow) else {
        assert_eq!(decision.by, outcome.by.as_ref(), "{traffic:?}");
        return;
    };
    let allows = trace.policies.iter().any(|policy| {
        let applies = policy.action == Action::Allow && !policy.dry_run && policy.not_applied.is_none();
        let is_it = applies && *policy.namespace == *by.namespace && *policy.name == *by.name;
        is_it
            && policy
                .rules
                .iter()
                .any(|rule| Some(rule.index) == by.rule && rule.matched)
    });
    assert!(allows, "{by} does not allow {traffic:?}");
}

/// A trace without the parts that are only for people.
fn outline_of(mut trace: reference::Trace) -> reference::Trace {
    for policy in &mut trace.policies {
        policy.place = Path::default();
        if policy.not_applied.is_some() {
            policy.rules.clear();
        }
        for rule in &mut policy.rules {
            let parts = rule.sources.iter_mut().chain(&mut rule.operations);
            for part in parts.chain(&mut rule.conditions) {
                part.path = Path::default();
                for clause in &mut part.clauses {
                    clause.path = Path::default();
                    clause.field.clear();
                    clause.values.clear();
                    clause.found = None;
                }
            }
        }
    }
    trace
}

/// The configuration without its dry runs and AUDIT policies.
fn without_effect(config: &Config) -> Config {
    let mut config = config.clone();
    config.resources.retain(|resource| match resource {
        Resource::AuthorizationPolicy(policy) => {
            policy.action != Action::Audit && policy.metadata.annotation("istio.io/dry-run") != Some("true")
        }
        Resource::PeerAuthentication(_) | Resource::RequestAuthentication(_) => true,
    });
    config
}

fn allows(config: &Config, traffic: &Traffic) -> bool {
    decide(config, traffic).starts_with(Verdict::Allow.as_str())
}

/// An HTTP request, by its pseudo-headers and headers.
fn request(peer: Option<&str>, method: &str, host: &str, path: &str, headers: &[(&str, &str)]) -> Traffic {
    let mut traffic = peer.map(Traffic::from_peer).unwrap_or_default();
    let pseudo = [(":method", method), (":authority", host), (":path", path)];
    let lines = pseudo
        .iter()
        .chain(headers)
        .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
    traffic.headers = peerwarden_engine::Lookup::Found(lines.collect());
    traffic
}

fn get(peer: Option<&str>, path: &str) -> Traffic {
    request(peer, "GET", "orders.shop", path, &[])
}

fn value(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}
