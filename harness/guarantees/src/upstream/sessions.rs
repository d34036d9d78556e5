//! Sessions by which a request names the endpoint that it goes to.

use peerwarden_engine::document::Value;

use super::TYPES;
use crate::chain::Chain;
use crate::cursor::{Cursor, Failure};

/// The filter with which a request can choose an endpoint.
const SESSION: &str = "stateful_session";

/// A load-balancing policy that chooses among subsets.
const SUBSET: &str = "envoy.extensions.load_balancing_policies.subset.";

/// Checks a cluster whose endpoints may be different applications.
///
/// # Errors
///
/// If a request chooses one.
pub(super) fn of_cluster(cluster: &Cursor<'_>, chain: &Chain<'_>) -> Result<(), Failure> {
    let mut filters = chain.http.iter().flat_map(|http| &http.filters);
    let session = filters.find(|filter| filter.short() == SESSION);
    let mut subsets = cluster.get("lb_subset_config")?;
    if let Some(balancing) = cluster.get("load_balancing_policy")? {
        subsets = subsets.or(within(&balancing, SUBSET));
    }
    // Its endpoints are all addresses that anybody's connections went to.
    let is_of_anybody = cluster.one_of("type", &TYPES)? == "ORIGINAL_DST";
    match session {
        Some(session) if subsets.is_some() || is_of_anybody => Err(session.here.fails(
            "a request names the endpoint that it goes to, in whichever subset of its cluster, or of those that others went to",
            "remove it, or give each application a separate cluster",
        )),
        Some(_) | None => Ok(()),
    }
}

/// A message of this kind, anywhere below.
fn within<'v>(here: &Cursor<'v>, kind: &str) -> Option<Cursor<'v>> {
    let is =
        matches!(here.value, Value::Object(_)) && here.message().is_ok_and(|(own, _)| own.starts_with(kind));
    if is {
        return Some(here.clone());
    }
    here.parts().iter().find_map(|part| within(part, kind))
}
