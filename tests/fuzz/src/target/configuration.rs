//! The bytes of a plugin configuration, as Envoy provides them.

use peerwarden_engine::document::Value;
use peerwarden_engine::{Config, Program, Traffic, Workload, reference};
use peerwarden_wire::configuration;

pub(super) const DICTIONARY: &[&str] = &[
    "\"workload\":",
    "\"resources\":",
    "\"mesh\":",
    "\"protocol\":",
    "\"report\":",
    "\"openConnections\":",
    "\"extensionProviders\":",
    "\"namespace\":",
    "\"labels\":",
    "\"spec\":",
    "\"rules\":",
    "\"from\":",
    "\"to\":",
    "\"when\":",
    "\"source\":",
    "\"operation\":",
    "\"principals\":",
    "\"notPaths\":",
    "\"ipBlocks\":",
    "\"key\":",
    "\"values\":",
    "\"action\":",
    "\"DENY\"",
    "\"ALLOW\"",
    "\"CUSTOM\"",
    "\"AUDIT\"",
    "\"kind\":",
    "\"apiVersion\":",
    "\"security.istio.io/v1\"",
    "\"AuthorizationPolicy\"",
    "\"PeerAuthentication\"",
    "\"RequestAuthentication\"",
    "\"jwtRules\":",
    "\"issuer\":",
    "\"jwks\":",
    "\"jwksUri\":",
    "\"metadata\":",
    "\"name\":",
    "\"*\"",
    "null",
    "[",
    "]",
    "{",
    "}",
    ",",
    "1e999",
    "\u{a}",
    "\u{12}",
];

pub(super) fn run(bytes: &[u8]) {
    let read = || configuration::read(bytes, node);
    let (first, second) = (read(), read());
    match (&first, &second) {
        // The same bytes give the same answer: if one thread accepts, every thread accepts.
        (Err(first), Err(second)) => assert_eq!(first, second),
        (Ok(first), Ok(second)) => assert_eq!(format!("{:?}", first.config), format!("{:?}", second.config)),
        _ => panic!("refused once and taken once"),
    }
    let Ok(loaded) = first else {
        return;
    };
    assert!(loaded.program.is_some(), "there is a workload, and no program");
    // Parsed as a whole rather than document by document; a `Struct` is parsed in only one way. That refuses more: of a document that does
    // not apply, the module reads only what says so.
    if let Ok(mut config) = Config::parse(bytes) {
        config.workload = config.workload.or_else(node);
        if let Ok(program) = Program::compile(&config) {
            agree(&config, &program, &loaded.program);
        }
    }
}

/// Checks that both ways of compiling, and the reference, decide some traffic the same.
fn agree(config: &Config, program: &Program, loaded: &Option<Program>) {
    for traffic in samples() {
        let verdict = program.judge(&traffic, &traffic).decision.verdict;
        let outcome = reference::explain(config, &traffic, &traffic).outcome;
        assert_eq!(verdict, outcome.verdict, "compiled and reference disagree");
        let loaded = loaded
            .as_ref()
            .map(|loaded| loaded.judge(&traffic, &traffic).decision.verdict);
        assert_eq!(Some(verdict), loaded, "whole and document by document disagree");
    }
}

fn samples() -> [Traffic; 2] {
    [
        Traffic::default(),
        Traffic::from_peer("spiffe://cluster.local/ns/web/sa/frontend"),
    ]
}

/// The workload that the node's metadata describes.
fn node() -> Option<Workload> {
    let text = |text: &str| Value::String(text.to_owned());
    let workload = Value::Object(vec![("namespace".to_owned(), text("shop"))]);
    Config::read(&Value::Object(vec![("workload".to_owned(), workload)]))
        .ok()?
        .workload
}
