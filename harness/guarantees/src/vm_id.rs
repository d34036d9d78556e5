//! Guarantee: no other module writes the shared data by which upgrades reach open streams.

use peerwarden_engine::document::Value;

use super::chain::Chain;
use super::cursor::Cursor;
use super::filter::MODULE;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus};

pub(super) fn check(chain: &Chain<'_>, all: &CheckInput<'_>) -> GuaranteeResult {
    for module in chain.modules() {
        let plugin = module.plugin()?;
        let [vm_id, ..] = module.key()?;
        let here = plugin.or_here("vm_config");
        if vm_id.is_empty() {
            return Err(here.fails(
                "there is no `vm_id`: every other module without one can write the data that this module shares with \
                 its successor",
                "write a `vm_id` that no other module has, such as `peerwarden`",
            ));
        }
        let code = plugin.at(&["vm_config", "code"])?.map(|code| code.value);
        // The documents are read as the files of one Envoy; a module of another Envoy may have another `vm_id` anyway.
        let documents = all.configuration.documents.iter();
        for other in documents.flat_map(plugins) {
            let vm = other.get("vm_config")?;
            let Some(vm) = vm.filter(|vm| vm.word("vm_id") == Ok(vm_id)) else {
                continue;
            };
            if !is_peerwarden(&other) && vm.get("code")?.map(|code| code.value) != code {
                let name = other.word("name")?;
                return Err(here.or_here("vm_id").fails(
                    format!("the plugin `{name}` of another module has the same `vm_id`, `{vm_id}`, and can write \
                             the data that this module shares"),
                    "give each module a different `vm_id`",
                ));
            }
        }
    }
    Ok(GuaranteeStatus::Held)
}

/// Whether a plugin has the module's name, whatever its `vm_id`.
fn is_peerwarden(plugin: &Cursor<'_>) -> bool {
    let names = [
        &["name"] as &[&str],
        &["root_id"],
        &["vm_config", "code", "local", "filename"],
    ];
    let mut said = names
        .iter()
        .filter_map(|names| plugin.at(names).ok()??.value.as_str());
    said.any(|name| name.contains(MODULE))
}

/// Every Wasm plugin in a document, wherever it is used: filters, access logs, services of the bootstrap.
fn plugins(document: &Value) -> Vec<Cursor<'_>> {
    let mut found = Vec::new();
    let mut rest = vec![document];
    while let Some(value) = rest.pop() {
        match value {
            Value::Object(fields) => {
                if fields
                    .iter()
                    .any(|(name, _)| matches!(name.as_str(), "vm_config" | "vmConfig"))
                {
                    found.push(Cursor::root(0, value));
                }
                rest.extend(fields.iter().map(|(_, value)| value));
            }
            Value::List(items) => rest.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found
}
