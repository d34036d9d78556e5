//! The fields of the message that loads and configures the module.

use super::super::chain::Chain;
use super::super::cursor::Failure;

const MAY: &str = "keep the module from deciding";

/// A Wasm plugin. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/wasm/v3/wasm.proto>
const PLUGIN: &[&str] = &[
    "allow_on_headers_stop_iteration",
    "capability_restriction_config",
    "configuration",
    "fail_open",
    "failure_policy",
    "name",
    "reload_config",
    "root_id",
    "vm_config",
];

/// Its VM. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/wasm/v3/wasm.proto>
const VM: &[&str] = &[
    "allow_precompiled",
    "capability_restriction_config",
    "code",
    "configuration",
    "environment_variables",
    "nack_on_code_cache_miss",
    "runtime",
    "vm_id",
];

/// Checks the fields of each module of a chain.
pub(super) fn check(chain: &Chain<'_>) -> Result<(), Failure> {
    for module in chain.modules() {
        // A plugin that is not given is reported by `configuration`.
        let Ok(plugin) = module.plugin() else { continue };
        plugin.only(PLUGIN, MAY)?;
        if let Some(vm) = plugin.get("vm_config")? {
            vm.only(VM, MAY)?;
        }
    }
    Ok(())
}
