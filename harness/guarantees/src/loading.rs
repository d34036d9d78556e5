//! Guarantee: the module is loaded before the listener accepts its first connection.

use super::chain::Chain;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus};

pub(super) fn check(chain: &Chain<'_>, _: &CheckInput<'_>) -> GuaranteeResult {
    for module in chain.modules() {
        if let Some(discovery) = &module.discovery {
            if let Some(default) = discovery.get("default_config")? {
                return Err(default.fails(
                    "until the module's configuration has arrived, this one decides",
                    "remove `default_config`, so that nobody is let in until then",
                ));
            }
            if discovery.flag("apply_default_config_without_warming")? {
                return Err(discovery.or_here("apply_default_config_without_warming").fails(
                    "the listener accepts connections before the module's configuration has arrived",
                    "leave it out",
                ));
            }
        }
        let plugin = module.plugin()?;
        let code = plugin.at(&["vm_config", "code"])?;
        let local = code.as_ref().map(|code| code.get("local")).transpose()?.flatten();
        if let Some(local) = &local
            && let Some(text) = local.get("inline_string")?
        {
            return Err(text.fails(
                "an inline string is not a Wasm module",
                "write `code: {local: {filename: …}}`",
            ));
        }
        if local.is_none() {
            let place = code.unwrap_or(plugin);
            let why = if module.discovery.is_some() {
                "the module is not a local file: after an update by ECDS, Envoy lets everything through without a \
                 decision until the next update, whatever the failure policy is"
            } else {
                "the module is not a local file: the listener may accept connections before it has arrived"
            };
            return Err(place
                .or_here("remote")
                .fails(why, "write `code: {local: {filename: …}}`"));
        }
    }
    Ok(GuaranteeStatus::Held)
}
