//! Guarantee: Envoy calls the module for every decision, and allows the host calls that it needs.

use super::chain::Chain;
use super::cursor::{Cursor, Failure};
use super::{CheckInput, GuaranteeResult, GuaranteeStatus};

/// The callbacks that the module exports and the host calls that it imports, in order.
pub const CAPABILITIES: &[&str] = &[
    "proxy_add_header_map_value",
    "proxy_call_foreign_function",
    "proxy_close_stream",
    "proxy_continue_stream",
    "proxy_define_metric",
    "proxy_get_buffer_bytes",
    "proxy_get_current_time_nanoseconds",
    "proxy_get_header_map_pairs",
    "proxy_get_header_map_value",
    "proxy_get_metric",
    "proxy_get_property",
    "proxy_get_shared_data",
    "proxy_grpc_call",
    "proxy_http_call",
    "proxy_increment_metric",
    "proxy_log",
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_delete",
    "proxy_on_downstream_data",
    "proxy_on_grpc_close",
    "proxy_on_grpc_receive",
    "proxy_on_http_call_response",
    "proxy_on_new_connection",
    "proxy_on_request_body",
    "proxy_on_request_headers",
    "proxy_on_request_trailers",
    "proxy_on_response_headers",
    "proxy_on_tick",
    "proxy_on_upstream_data",
    "proxy_record_metric",
    "proxy_remove_header_map_value",
    "proxy_replace_header_map_value",
    "proxy_send_local_response",
    "proxy_set_effective_context",
    "proxy_set_property",
    "proxy_set_shared_data",
    "proxy_set_tick_period_milliseconds",
];

pub(super) fn check(chain: &Chain<'_>, _: &CheckInput<'_>) -> GuaranteeResult {
    for module in chain.modules() {
        let plugin = module.plugin()?;
        let vm = plugin.get("vm_config")?;
        // Envoy 1.40 has the list in both.
        let both = [Some(&plugin), vm.as_ref()].into_iter().flatten();
        for restricted in both {
            restricts(restricted)?;
        }
    }
    Ok(GuaranteeStatus::Held)
}

fn restricts(here: &Cursor<'_>) -> Result<(), Failure> {
    let Some(restriction) = here.get("capability_restriction_config")? else {
        return Ok(());
    };
    let allowed = restriction.entries("allowed_capabilities")?;
    // An empty list restricts nothing.
    if allowed.is_empty() {
        return Ok(());
    }
    let missing = CAPABILITIES
        .iter()
        .find(|needed| !allowed.iter().any(|(name, _)| name == *needed));
    if let Some(missing) = missing {
        return Err(restriction.or_here("allowed_capabilities").fails(
            format!(
                "`{missing}` is not allowed: Envoy skips it, so what depends on it passes without a decision"
            ),
            "leave `capability_restriction_config` out",
        ));
    }
    Ok(())
}
