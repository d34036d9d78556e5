//! Policies and traffic from the generators of the engine's own property tests, seeded with the bytes.

#[path = "../../../../filter/engine/tests/engine/generate.rs"]
mod generate;

use peerwarden_engine::document::Value;
use peerwarden_engine::{Config, Program, reference};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config as Runner, RngAlgorithm, TestRng, TestRunner};

/// A seed that depends on every byte. The bytes themselves cannot be the source of randomness: proptest gives half of
/// the rest to each strategy that draws by itself, so any number of bytes is used up, and after that `rand` searches
/// for a number for ever.
fn seed(bytes: &[u8]) -> [u8; 32] {
    let mut seed = [0; 32];
    for (at, byte) in bytes.iter().enumerate() {
        let place = at % seed.len();
        seed[place] = u8::wrapping_add(seed[place], *byte).rotate_left(3) ^ (at / seed.len()) as u8;
    }
    seed
}

fn value(json: &str) -> Value {
    serde_json::from_str(json).expect("the generators have JSON")
}

pub(super) fn run(bytes: &[u8]) {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed(bytes));
    let mut runner = TestRunner::new_with_rng(Runner::default(), rng);
    let documents = (
        prop::collection::vec(generate::policy(), 0..5),
        prop::collection::vec(generate::peer_authentication(), 0..3),
        prop::collection::vec(generate::custom_policy(), 0..=3),
    );
    let case = (
        documents,
        any::<bool>(),
        prop::collection::vec(generate::traffic(), 4),
        any::<bool>(),
        any::<bool>(),
    );
    // A seed that gives no case shows nothing.
    let Ok(tree) = case.new_tree(&mut runner) else {
        return;
    };
    let ((policies, modes, customs), http, requests, strict, several) = tree.current();
    let documents: Vec<String> = [policies, modes, customs]
        .concat()
        .iter()
        .map(ToString::to_string)
        .collect();
    let json = format!(
        r#"{{"workload": {{"namespace": "shop", "labels": {{"app": "orders"}}}}, "resources": [{}],
            "protocol": "{}", "paths": "{}", "mesh": {{"trustDomain": "td", "trustDomainAliases": ["old"], "multipleCustomAuthzProviders": {}}},
            "extensionProviders": {}}}"#,
        documents.join(","),
        if http { "http" } else { "tcp" },
        if strict { "strict" } else { "lenient" },
        several,
        generate::PROVIDERS
    );
    let config = Config::parse(json.as_bytes()).unwrap_or_else(|problems| panic!("{problems}: {json}"));
    let program = Program::compile(&config).unwrap_or_else(|problems| panic!("{problems}: {json}"));
    for traffic in &requests {
        let judgement = program.judge(traffic, traffic);
        let trace = reference::explain(&config, traffic, traffic);
        let decision = judgement.decision;
        let outcome = trace.outcome;
        assert_eq!(
            (decision.verdict, decision.by, decision.reason),
            (outcome.verdict, outcome.by.as_ref(), outcome.reason),
            "compiled and reference disagree: {json} {traffic:?}"
        );
        assert_eq!(judgement.audited, trace.audited.as_ref(), "{json} {traffic:?}");
    }
}
