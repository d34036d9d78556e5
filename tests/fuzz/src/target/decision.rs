//! Policies and traffic made of the bytes, by the generators of the engine's own property tests: each choice takes some of them.

#[path = "../../../../filter/engine/tests/engine/generate.rs"]
mod generate;

use peerwarden_engine::document::Value;
use peerwarden_engine::{Config, Program, reference};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config as Runner, RngAlgorithm, TestRng, TestRunner};

use crate::mutate::Mutator;

/// More bytes than any case takes.
const FILLER: usize = 32 * 1024;

fn value(json: &str) -> Value {
    serde_json::from_str(json).expect("the generators have JSON")
}

pub(super) fn run(bytes: &[u8]) {
    // Behind their end there would be zeros for ever, of which generators that want two different values never have enough.
    let mut filler = Mutator::new(bytes.len() as u64);
    let seed = [bytes, filler.bytes(FILLER).as_slice()].concat();
    let rng = TestRng::from_seed(RngAlgorithm::PassThrough, &seed);
    let mut runner = TestRunner::new_with_rng(Runner::default(), rng);
    let documents = (
        prop::collection::vec(generate::policy(), 0..5),
        prop::collection::vec(generate::peer_authentication(), 0..3),
        prop::collection::vec(generate::custom_policy(), 0..=1),
    );
    let case = (
        documents,
        any::<bool>(),
        prop::collection::vec(generate::traffic(), 4),
    );
    // Bytes that no case can be made of show nothing.
    let Ok(tree) = case.new_tree(&mut runner) else {
        return;
    };
    let ((policies, modes, customs), http, requests) = tree.current();
    let documents: Vec<String> = [policies, modes, customs]
        .concat()
        .iter()
        .map(ToString::to_string)
        .collect();
    let json = format!(
        r#"{{"workload": {{"namespace": "shop", "labels": {{"app": "orders"}}}}, "resources": [{}],
            "protocol": "{}", "mesh": {{"trustDomain": "td", "trustDomainAliases": ["old"]}},
            "extensionProviders": {}}}"#,
        documents.join(","),
        if http { "http" } else { "tcp" },
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
