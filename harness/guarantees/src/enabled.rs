//! Guarantee: nothing disables the module.

use super::chain::Chain;
use super::cursor::{Cursor, Failure};
use super::routes::{self, Override};
use super::{CheckInput, GuaranteeResult, GuaranteeStatus};

pub(super) fn check(chain: &Chain<'_>, all: &CheckInput<'_>) -> GuaranteeResult {
    for module in chain.modules() {
        let flags = [
            ("disabled", "the module is switched off", "leave `disabled` out"),
            (
                "is_optional",
                "an Envoy that does not know the filter silently ignores it",
                "leave `is_optional` out",
            ),
        ];
        for (flag, why, help) in flags {
            if module.here.flag(flag)? {
                return Err(module.here.or_here(flag).fails(why, help));
            }
        }
    }
    let Some(http) = &chain.http else {
        return Ok(GuaranteeStatus::Held);
    };
    of_upgrades(&http.manager)?;
    let places = routes::places(http, &all.configuration)?;
    for over in routes::overrides(&places)? {
        if chain.deciding().any(|(_, module)| over.filter == module.name) {
            switches_off(&over)?;
        }
    }
    Ok(GuaranteeStatus::Held)
}

/// An upgrade with its own filters uses these instead of `http_filters`
/// (<https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/http/upgrades>).
fn of_upgrades(manager: &Cursor<'_>) -> Result<(), Failure> {
    for upgrade in manager.items("upgrade_configs")? {
        if upgrade.items("filters")?.is_empty() {
            continue;
        }
        let kind = upgrade.word("upgrade_type")?;
        return Err(upgrade.or_here("filters").fails(
            format!("upgrades to `{kind}` have their own filters and bypass the module"),
            "remove `filters` from the upgrade, so that it goes through `http_filters`",
        ));
    }
    Ok(())
}

/// A Wasm filter has no per-route configuration, so a `FilterConfig` with an empty one changes nothing.
fn switches_off(over: &Override<'_>) -> Result<(), Failure> {
    let help = "remove this entry; write exceptions in policies";
    if over.disabled {
        return Err(over
            .here
            .fails("the module is switched off for these requests", help));
    }
    let empty = match &over.config {
        Some((kind, config)) => *kind == "google.protobuf.Struct" && config.entries("value")?.is_empty(),
        None => true,
    };
    if over.wrapped && empty {
        return Ok(());
    }
    Err(over.here.fails(
        "cannot be verified: the module has another configuration for these requests",
        help,
    ))
}
