//! Guarantee: at the edge, no client chooses its own source address.

use peerwarden_engine::WorkloadKind;
use peerwarden_engine::document::Value;

use super::chain::{Chain, Http};
use super::filter::Filter;
use super::header_write;
use super::policy_inputs::PolicyInputs;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus, REFUSED};

/// The header in which proxies record the original client address.
const HEADER: &str = "x-forwarded-for";

pub(super) fn check(chain: &Chain<'_>, _: &CheckInput<'_>) -> GuaranteeResult {
    let Some(http) = &chain.http else {
        return Ok(GuaranteeStatus::DoesNotApply("TCP"));
    };
    chain.each(|_, module| of_module(http, module))
}

fn of_module(http: &Http<'_>, module: &Filter<'_>) -> GuaranteeResult {
    module.plugin()?;
    let Ok((_, config)) = module.configuration() else {
        return Ok(GuaranteeStatus::DoesNotApply(REFUSED));
    };
    let kind = config.workload.as_ref().map(|workload| workload.kind);
    let goes_by = match PolicyInputs::of(&config).origin {
        Some(policy) => format!("`{policy}` depends on the original client's address, which is"),
        None if kind == Some(WorkloadKind::Gateway) => "`remoteIpBlocks` match".to_owned(),
        None => {
            return Ok(GuaranteeStatus::DoesNotApply(
                "no gateway, and no policy on remote addresses",
            ));
        }
    };
    if let Some(other) = http
        .manager
        .items("original_ip_detection_extensions")?
        .into_iter()
        .next()
    {
        return Err(other.fails(
            "cannot be verified: an extension determines the original client's address",
            "write `use_remote_address: true`, and `xff_num_trusted_hops` for your own proxies",
        ));
    }
    if !http.manager.flag("use_remote_address")? {
        return Err(http.manager.or_here("use_remote_address").fails(
            format!("{goes_by} what a client writes into `X-Forwarded-For`"),
            "write `use_remote_address: true`, and `xff_num_trusted_hops` for your own proxies",
        ));
    }
    // Without trusted proxies, the header is not read.
    let hops = http.manager.get("xff_num_trusted_hops")?;
    if hops.is_none_or(|hops| *hops.value == Value::Number(0.0)) {
        return Ok(GuaranteeStatus::Held);
    }
    match header_write::early(http)?
        .into_iter()
        .find(|written| written.is_exactly(HEADER))
    {
        None => Ok(GuaranteeStatus::Held),
        Some(written) => Err(written.here.fails(
            format!("{goes_by} what this writes into `X-Forwarded-For`, instead of what your proxies write"),
            "leave it out",
        )),
    }
}
