//! The module's imports: what it requires of Envoy.

use std::collections::BTreeSet;

use crate::fixture::module;
use crate::{custom, faults};

#[test]
fn asks_for_nothing_of_wasi() {
    let imports = module().imports();
    assert!(!imports.is_empty());
    let foreign: Vec<_> = imports
        .iter()
        .filter(|import| !import.starts_with("env.proxy_"))
        .collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}

#[test]
fn speaks_the_abi_that_envoy_knows() {
    let exports = module().exports();
    for needed in ["proxy_abi_version_0_2_1", "memory", "proxy_on_configure"] {
        assert!(
            exports.iter().any(|export| export == needed),
            "{needed}: {exports:?}"
        );
    }
}

/// Envoy would call the SDK's `malloc` rather than the module's own function, whose buffers are the only ones that it
/// reads.
#[test]
fn what_allocates_is_the_modules_own() {
    let exports = module().exports();
    let has = |name: &str| exports.iter().any(|export| export == name);
    assert!(has("proxy_on_memory_allocate") && !has("malloc"), "{exports:?}");
}

/// A restriction of capabilities is checked against this list, which must match the module.
#[test]
fn capabilities_are_its_callbacks_and_host_calls() {
    let imports = module().imports();
    let calls = imports.iter().filter_map(|import| import.strip_prefix("env."));
    let exports = module().exports();
    let callbacks = exports
        .iter()
        .map(String::as_str)
        // The allocator is not a callback, and Envoy uses it whatever else it allows.
        .filter(|export| export.starts_with("proxy_on_") && *export != "proxy_on_memory_allocate");
    let mut all: Vec<&str> = calls.chain(callbacks).collect();
    all.sort_unstable();
    assert_eq!(all, peerwarden_guarantees::CAPABILITIES);
}

/// Each host call fails in a test.
#[test]
fn every_host_call_fails_in_turns() {
    let fail: BTreeSet<&str> = faults::FUNCTIONS
        .into_iter()
        .chain(faults::OF_THE_TIMER)
        .chain(custom::faults::FUNCTIONS)
        .collect();
    let imports = module().imports();
    let calls: BTreeSet<&str> = imports
        .iter()
        .filter_map(|import| import.strip_prefix("env."))
        .collect();
    assert_eq!(fail, calls);
}
