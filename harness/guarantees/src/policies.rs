//! Guarantee: some policy applies to this workload.

use peerwarden_engine::{Config, Workload, WorkloadKind};
use peerwarden_explain::diagnosis::UnselectedWorkload;

use super::chain::Chain;
use super::cursor::{Cursor, Failure};
use super::{CheckInput, GuaranteeResult, GuaranteeStatus, REFUSED};

const HELP: &str =
    "if everybody may come in, write an AuthorizationPolicy for this workload with `rules: [{}]`";

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
        // An edge may leave all decisions to the workloads behind it.
        if config.resources.is_empty() && workload.kind == WorkloadKind::Gateway {
            return Ok(GuaranteeStatus::DoesNotApply(
                "no documents: everything is allowed",
            ));
        }
        applies(&here, &config, workload)?;
        verdict = GuaranteeStatus::Held;
    }
    Ok(verdict)
}

/// If there are AuthorizationPolicies, one of them must apply, and else any other document.
fn applies(here: &Cursor<'_>, config: &Config, workload: &Workload) -> Result<(), Failure> {
    if config.resources.is_empty() {
        return Err(here.fails("there are no documents: everything is allowed", HELP));
    }
    let Some(unselected) = UnselectedWorkload::find(config) else {
        return Ok(());
    };
    let help = match unselected.help() {
        Some(nearest) => format!("{nearest}; {HELP}"),
        None => HELP.to_owned(),
    };
    Err(here.fails(
        format!(
            "{}; the workload is in namespace `{}`",
            unselected.message(),
            workload.namespace
        ),
        help,
    ))
}
