//! One test for each hole that authorization in Envoy and Istio is known to have had, named after it.
//!
//! The engine takes texts as they come: what only Envoy can make equal (SECURITY.md lists it) differs here, and each test
//! says on which side that falls.

mod address;
mod headers;
mod hosts;
mod identity;
mod paths;

use peerwarden_engine::Config;

use super::{config, policy};

/// One policy with one rule, which asks for this operation.
fn operation(action: &str, fields: &str) -> Config {
    one(action, &format!(r#"{{"to": [{{"operation": {{{fields}}}}}]}}"#))
}

/// One policy with one rule, which asks for this source.
fn source(action: &str, fields: &str) -> Config {
    one(action, &format!(r#"{{"from": [{{"source": {{{fields}}}}}]}}"#))
}

/// One policy with one rule, which asks for this condition.
fn when(action: &str, fields: &str) -> Config {
    one(action, &format!(r#"{{"when": [{{{fields}}}]}}"#))
}

fn one(action: &str, rule: &str) -> Config {
    config(&policy(
        "p",
        &format!(r#"{{"action": "{action}", "rules": [{rule}]}}"#),
    ))
    .unwrap()
}
