//! At the edge, nobody writes their own origin.

use peerwarden_engine::WorkloadKind;

use super::chain::{Chain, Http};
use super::filter::Filter;
use super::{All, Outcome, REFUSED, Verdict};

pub(super) fn check(chain: &Chain<'_>, _: &All<'_>) -> Outcome {
    let Some(http) = &chain.http else {
        return Ok(Verdict::DoesNotApply("TCP"));
    };
    chain.each(|_, module| of_module(http, module))
}

fn of_module(http: &Http<'_>, module: &Filter<'_>) -> Outcome {
    module.plugin()?;
    let Ok((_, config)) = module.configuration() else {
        return Ok(Verdict::DoesNotApply(REFUSED));
    };
    if config
        .workload
        .is_none_or(|workload| workload.kind != WorkloadKind::Gateway)
    {
        return Ok(Verdict::DoesNotApply(
            "no gateway: proxies ahead of it say who asks",
        ));
    }
    if let Some(other) = http
        .manager
        .items("original_ip_detection_extensions")?
        .into_iter()
        .next()
    {
        return Err(other.fails(
            "cannot be told: an extension says where requests come from",
            "write `use_remote_address: true`, and `xff_num_trusted_hops` for proxies of yours",
        ));
    }
    if http.manager.flag("use_remote_address")? {
        return Ok(Verdict::Held);
    }
    Err(http.manager.or_here("use_remote_address").fails(
        "`remoteIpBlocks` are asked of what a client writes into `X-Forwarded-For`",
        "write `use_remote_address: true`, and `xff_num_trusted_hops` for proxies of yours",
    ))
}
