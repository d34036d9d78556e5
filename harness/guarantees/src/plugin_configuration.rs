//! Guarantee: the module accepts its configuration, which is for this kind of traffic.

use peerwarden_engine::{Program, Protocol};

use super::chain::Chain;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus};

pub(super) fn check(chain: &Chain<'_>, _: &CheckInput<'_>) -> GuaranteeResult {
    for module in chain.modules() {
        let (here, config) = module.configuration()?;
        let (wanted, place) = if module.kind.starts_with("envoy.extensions.filters.http.") {
            (Protocol::Http, "an HTTP filter")
        } else {
            (Protocol::Tcp, "a network filter")
        };
        if config.protocol != wanted {
            return Err(here.fails(
                format!(
                    "`protocol` is `{}`, but this is {place}: nothing is decided here",
                    config.protocol.as_str()
                ),
                format!("write `\"protocol\": \"{}\"`", wanted.as_str()),
            ));
        }
        // Without a workload it depends on the node, and without that the module denies everything.
        if config.workload.is_some()
            && let Err(problems) = Program::compile(&config)
        {
            let why = problems
                .iter()
                .next()
                .map(ToString::to_string)
                .unwrap_or_default();
            return Err(here.fails(
                format!("the module refuses it: {why}"),
                "run `peerwarden check` on its documents",
            ));
        }
    }
    Ok(GuaranteeStatus::Held)
}
