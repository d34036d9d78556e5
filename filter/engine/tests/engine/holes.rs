//! A test for each known hole in the authorization of Envoy and Istio, named after it.
//!
//! The engine compares texts unchanged: spellings that only Envoy can make equal (SECURITY.md lists them) differ here,
//! and each test shows the effect.

mod address;
mod headers;
mod hosts;
mod identity;
mod paths;

use peerwarden_engine::Config;

use super::{config, policy};

/// A policy with one rule, with this operation.
fn operation(action: &str, fields: &str) -> Config {
    one(action, &format!(r#"{{"to": [{{"operation": {{{fields}}}}}]}}"#))
}

/// A policy with one rule, with this source.
fn source(action: &str, fields: &str) -> Config {
    one(action, &format!(r#"{{"from": [{{"source": {{{fields}}}}}]}}"#))
}

/// A policy with one rule, with this condition.
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
