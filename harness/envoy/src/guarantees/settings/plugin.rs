//! The fields of the message by which Envoy loads and calls the module.

use super::super::chain::Chain;
use super::super::cursor::Failure;
use super::fields;

const MAY: &str = "keep the module from deciding";

/// Checks the fields of each module of a chain.
pub(super) fn check(chain: &Chain<'_>) -> Result<(), Failure> {
    for module in chain.modules() {
        // One that is not there to read is a matter of `configuration`.
        let Ok(plugin) = module.plugin() else { continue };
        plugin.only(fields::PLUGIN, MAY)?;
        if let Some(vm) = plugin.get("vm_config")? {
            vm.only(fields::VM, MAY)?;
        }
    }
    Ok(())
}
