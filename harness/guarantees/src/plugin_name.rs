//! Guarantee: no other plugin's configuration replaces this one.

use super::chain::Chain;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus};

pub(super) fn check(chain: &Chain<'_>, all: &CheckInput<'_>) -> GuaranteeResult {
    for module in chain.modules() {
        let (key, configured) = (module.key()?, module.configured()?);
        let of_this_envoy = |other: &&Chain<'_>| {
            all.configuration
                .may_be_of_one(other.here.document, chain.here.document)
        };
        let others = all.chains.iter().filter(of_this_envoy).flat_map(Chain::modules);
        for other in others {
            // Another chain's module that cannot be read is reported there.
            if other.key() == Ok(key) && other.configured() != Ok(configured) {
                let [_, name, _] = key;
                return Err(module.plugin()?.or_here("name").fails(
                    format!("the plugin `{name}` has another configuration elsewhere, with the same `root_id` and \
                             `vm_id`"),
                    "give each configuration a different plugin `name`",
                ));
            }
        }
    }
    Ok(GuaranteeStatus::Held)
}
