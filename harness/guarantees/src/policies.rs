//! Guarantee: some document applies to this workload.

use super::chain::Chain;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus, REFUSED};

pub(super) fn check(chain: &Chain<'_>, _: &CheckInput<'_>) -> GuaranteeResult {
    let mut verdict = GuaranteeStatus::DoesNotApply("there is no module");
    for module in chain.modules() {
        let Ok((here, config)) = module.configuration() else {
            return Ok(GuaranteeStatus::DoesNotApply(REFUSED));
        };
        let Some(workload) = &config.workload else {
            return Ok(GuaranteeStatus::DoesNotApply(
                "the node says which workload this is",
            ));
        };
        let all = config.resources.len();
        if all == 0 {
            return Ok(GuaranteeStatus::DoesNotApply(
                "no documents: everything is allowed",
            ));
        }
        let apply = config
            .resources
            .iter()
            .any(|resource| resource.applies_to(&config.mesh, workload));
        if !apply {
            let documents = if all == 1 {
                "document applies"
            } else {
                "documents apply"
            };
            return Err(here.fails(
                format!(
                    "0 of {all} {documents} to this workload in namespace `{}`: everything is allowed",
                    workload.namespace
                ),
                "correct `workload`; or, if everybody may come in, write an AuthorizationPolicy with `rules: [{}]`",
            ));
        }
        verdict = GuaranteeStatus::Held;
    }
    Ok(verdict)
}
