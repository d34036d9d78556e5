//! Guarantee: if the module cannot run, nobody is allowed.

use super::chain::Chain;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus};

/// The policies, in the order of their numbers
/// (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/wasm/v3/wasm.proto>).
const POLICIES: [&str; 4] = ["UNSPECIFIED", "FAIL_RELOAD", "FAIL_CLOSED", "FAIL_OPEN"];

/// The policies that fail closed: the default, and the one that tries a new VM for the next stream and closes if that
/// fails too.
const CLOSE: [&str; 3] = ["UNSPECIFIED", "FAIL_CLOSED", "FAIL_RELOAD"];

const OPEN: &str = "if the module cannot run, everything is let through";

pub(super) fn check(chain: &Chain<'_>, _: &CheckInput<'_>) -> GuaranteeResult {
    for module in chain.modules() {
        let plugin = module.plugin()?;
        if plugin.flag("fail_open")? {
            return Err(plugin
                .or_here("fail_open")
                .fails(OPEN, "write `failure_policy: FAIL_CLOSED` instead"));
        }
        let policy = plugin.one_of("failure_policy", &POLICIES)?;
        if !CLOSE.contains(&policy) {
            let why = if policy == "FAIL_OPEN" {
                OPEN.to_owned()
            } else {
                format!("cannot be verified: unknown value `{policy}`")
            };
            let place = plugin.or_here("failure_policy");
            return Err(place.fails(why, "write `FAIL_CLOSED`"));
        }
    }
    Ok(GuaranteeStatus::Held)
}
