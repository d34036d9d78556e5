//! The analysis from outside: programs in, sets of traffic out, compared with the programs' decisions.

mod compare;
#[path = "../../../../filter/engine/tests/engine/generate.rs"]
mod generate;
mod many;
mod random;
mod rules;
mod tokens;
mod workloads;

use peerwarden_engine::document::Value;
use peerwarden_engine::{Config, Program};

/// A program for the workload `app: orders` in `shop`, with these documents as JSON.
fn program(documents: &str, more: &str) -> Program {
    let json = format!(
        r#"{{"workload": {{"namespace": "shop", "labels": {{"app": "orders"}}}}, "resources": [{documents}]{more}}}"#
    );
    let config = Config::parse(json.as_bytes()).unwrap_or_else(|problems| panic!("{problems}: {json}"));
    Program::compile(&config).unwrap_or_else(|problems| panic!("{problems}: {json}"))
}

/// An `AuthorizationPolicy` in `shop` with this `spec`.
fn policy(name: &str, spec: &str) -> String {
    format!(
        r#"{{"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
            "metadata": {{"name": "{name}", "namespace": "shop"}}, "spec": {spec}}}"#
    )
}

fn value(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}
