//! What the module asks of Envoy, by its imports.

use crate::fixture::module;

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
    for needed in [
        "proxy_abi_version_0_2_1",
        "_initialize",
        "memory",
        "proxy_on_configure",
    ] {
        assert!(
            exports.iter().any(|export| export == needed),
            "{needed}: {exports:?}"
        );
    }
}
