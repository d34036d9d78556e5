//! Guarantee: at the edge, no client chooses its own source address.

use peerwarden_engine::WorkloadKind;
use peerwarden_engine::document::Value;

use super::chain::{Chain, Http};
use super::claimed_address::ClaimedAddress;
use super::filter::Filter;
use super::header_write;
use super::policy_inputs::PolicyInputs;
use super::set_filter_state::DIRECT_PEER;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus, REFUSED};

/// The header in which proxies record the original client address.
const HEADER: &str = "x-forwarded-for";

pub(super) fn check(chain: &Chain<'_>, all: &CheckInput<'_>) -> GuaranteeResult {
    let Some(http) = &chain.http else {
        return Ok(GuaranteeStatus::DoesNotApply("TCP"));
    };
    chain.each(|_, module| of_module(chain, http, module, all))
}

fn of_module(
    chain: &Chain<'_>,
    http: &Http<'_>,
    module: &Filter<'_>,
    all: &CheckInput<'_>,
) -> GuaranteeResult {
    module.plugin()?;
    let Ok((_, config)) = module.configuration() else {
        return Ok(GuaranteeStatus::DoesNotApply(REFUSED));
    };
    let kind = config.workload.as_ref().map(|workload| workload.kind);
    let policy = PolicyInputs::of(&config).origin;
    let is_read = policy.is_some();
    let goes_by = match policy {
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
    // At the edge, the operator decides who may write a PROXY header, until a policy depends on it.
    if let Some(claimed) = ClaimedAddress::source(chain, all)?
        && (is_read || !claimed.by_header)
        && !claimed.is_trusted(chain)?
    {
        let how = claimed.shown();
        return Err(claimed.here.fails(
            format!("{goes_by} what a client says {how}"),
            format!("name your own proxies in `filter_chain_match: {{direct_source_prefix_ranges: […]}}`, or take \
                     `{DIRECT_PEER}` where a tunnel ends"),
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
