//! Guarantee: the module is present, and decides on inbound traffic.

use super::chain::Chain;
use super::outgoing::Outgoing;
use super::tunnel_end;
use super::undecided;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus};

/// The runtime for code that is built into Envoy, whatever the file contains.
const NULL_VM: &str = "envoy.wasm.runtime.null";

pub(super) fn check(chain: &Chain<'_>, all: &CheckInput<'_>) -> GuaranteeResult {
    if let Some((_, module)) = chain.module() {
        // A plugin that cannot be read is reported by `configuration`.
        let vm = module
            .plugin()
            .ok()
            .and_then(|plugin| plugin.get("vm_config").ok()?);
        return match vm {
            Some(vm) if vm.word("runtime")? == NULL_VM => Err(vm.or_here("runtime").fails(
                "with this runtime, Envoy runs its own code instead of the module",
                "write `runtime: envoy.wasm.runtime.v8`",
            )),
            Some(_) | None => Ok(GuaranteeStatus::Held),
        };
    }
    if let Some(http) = &chain.http
        && chain.modules().next().is_some()
    {
        return Err(http.manager.fails(
            "the module is a network filter here, so it decides on connections instead of requests",
            "put `envoy.filters.http.wasm` with `\"protocol\": \"http\"` into `http_filters`, before the router",
        ));
    }
    let outgoing = Outgoing::read(chain, all)?;
    if matches!(outgoing, Outgoing::Yes) {
        return Ok(GuaranteeStatus::DoesNotApply("for outgoing connections"));
    }
    if let Some(reason) = undecided::reason(chain, all)? {
        return Ok(GuaranteeStatus::DoesNotApply(reason));
    }
    if tunnel_end::leads_to_module(chain, all)? {
        return Ok(GuaranteeStatus::DoesNotApply(
            "it ends tunnels, and the module decides behind it",
        ));
    }
    if let Outgoing::Contradicted(here, why) = outgoing {
        return Err(here.fails(
            format!("no filter of this chain is peerwarden's, and though the listener is `OUTBOUND`, {why}"),
            "bind the listener to a loopback address, or add the module",
        ));
    }
    let place = if chain.http.is_some() {
        "`envoy.filters.http.wasm` into `http_filters`, before the router"
    } else {
        "`envoy.filters.network.wasm` into `filters`, before `tcp_proxy`"
    };
    Err(chain.here.fails(
        "no filter here is peerwarden's: incoming traffic is let through without a decision",
        format!("add {place}, with `peerwarden` in its name, or remove the listener if it is not needed"),
    ))
}
