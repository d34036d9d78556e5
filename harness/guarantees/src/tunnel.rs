//! The end of a tunnel: an internal listener with `original_dst` takes the addresses of its connections from filter state or metadata
//! that another listener hands on, such as the one that ends the tunnel. There a request, `CONNECT`, may fill them
//! (<https://www.envoyproxy.io/docs/envoy/latest/configuration/other_features/internal_listener>).

use super::CheckInput;
use super::chain::Chain;
use super::cursor::{Cursor, Failure};
use super::filter::short;
use super::set_filter_state::{self, CLUSTER_STATE, DIRECT_PEER};

/// The listener filter, and the namespace of its metadata.
const FILTER: &str = "original_dst";
pub(super) const NAMESPACE: &str = "envoy.filters.listener.original_dst";

/// The filter state from which it takes the addresses of a connection: where it goes, and where it comes from.
const DESTINATION: &str = "envoy.filters.listener.original_dst.local_ip";
const SOURCE: &str = "envoy.filters.listener.original_dst.remote_ip";

/// The place where a client's text may become the address that a connection goes to. Nothing says that it is the operator's, unless all
/// that sets it is fixed.
///
/// # Errors
///
/// If a value has the wrong shape.
pub(super) fn destination<'v>(
    chain: &Chain<'v>,
    all: &CheckInput<'v>,
) -> Result<Option<Cursor<'v>>, Failure> {
    let Some(filter) = taken(chain)? else {
        return Ok(None);
    };
    let passed = passed_on(chain, all)?;
    let items = shared(chain, all, DESTINATION);
    for item in &items {
        if !set_filter_state::is_fixed(item)? {
            return Ok(Some(item.clone()));
        }
    }
    let metadata = passed
        .iter()
        .find(|passed| passed.name == NAMESPACE && passed.of_request);
    if let Some(metadata) = metadata {
        return Ok(Some(metadata.here.clone()));
    }
    let is_set = !items.is_empty() || passed.iter().any(|passed| passed.name == NAMESPACE);
    Ok((!is_set).then_some(filter))
}

/// The place where a client's text may become the address that a connection comes from. If nothing sets it, it is none.
///
/// # Errors
///
/// If a value has the wrong shape.
pub(super) fn source<'v>(chain: &Chain<'v>, all: &CheckInput<'v>) -> Result<Option<Cursor<'v>>, Failure> {
    if taken(chain)?.is_none() {
        return Ok(None);
    }
    for item in shared(chain, all, SOURCE) {
        if set_filter_state::text(&item)? != Some(DIRECT_PEER) {
            return Ok(Some(item));
        }
    }
    let passed = passed_on(chain, all)?.into_iter();
    let mut metadata = passed.filter(|passed| passed.name == NAMESPACE && passed.of_request);
    Ok(metadata.next().map(|passed| passed.here))
}

/// Metadata that a cluster hands on to internal listeners.
pub(super) struct PassedMetadata<'v> {
    pub(super) here: Cursor<'v>,
    /// Its namespace.
    pub(super) name: &'v str,
    /// Whether it is a request's, and not written in the configuration.
    pub(super) of_request: bool,
}

/// All that clusters of this Envoy hand on to an internal listener; nothing to another.
///
/// # Errors
///
/// If a value has the wrong shape.
pub(super) fn passed_on<'v>(
    chain: &Chain<'v>,
    all: &CheckInput<'v>,
) -> Result<Vec<PassedMetadata<'v>>, Failure> {
    let mut found = Vec::new();
    if !is_internal(chain)? {
        return Ok(found);
    }
    for part in parts(chain, all) {
        for list in part.each_below("passthrough_metadata") {
            for here in list.parts() {
                let kind = here.get("kind")?;
                let of_configuration = ["cluster", "host", "route"];
                let is_of =
                    |kind: &Cursor<'v>, name: &&str| kind.get(name).is_ok_and(|found| found.is_some());
                let of_request =
                    kind.is_none_or(|kind| !of_configuration.iter().any(|name| is_of(&kind, name)));
                let name = here.word("name")?;
                found.push(PassedMetadata {
                    here,
                    name,
                    of_request,
                });
            }
        }
    }
    Ok(found)
}

/// Envoy's own filter state that reaches an internal listener, without the addresses above.
///
/// # Errors
///
/// If the listener has the wrong shape.
pub(super) fn handed_on<'v>(chain: &Chain<'v>, all: &CheckInput<'v>) -> Result<Vec<Cursor<'v>>, Failure> {
    if !is_internal(chain)? {
        return Ok(Vec::new());
    }
    let mut found: Vec<Cursor<'v>> = parts(chain, all)
        .flat_map(|part| set_filter_state::all_shared(&part))
        .collect();
    let is_own = |key: &str| key.starts_with("envoy.") && ![DESTINATION, SOURCE].contains(&key);
    // `second-lock` and `upstream` look for the cluster of a connection everywhere.
    found.retain(|item| {
        item.word("object_key")
            .is_ok_and(|key| is_own(key) && key != CLUSTER_STATE)
    });
    Ok(found)
}

/// Whether only this Envoy's own clusters reach the listener.
///
/// # Errors
///
/// If the listener has the wrong shape.
pub(super) fn is_internal(chain: &Chain<'_>) -> Result<bool, Failure> {
    Ok(chain.listener.get("internal_listener")?.is_some())
}

/// The listener filter of an internal listener that takes addresses from what is handed on.
fn taken<'v>(chain: &Chain<'v>) -> Result<Option<Cursor<'v>>, Failure> {
    if !is_internal(chain)? {
        return Ok(None);
    }
    if chain.listener.flag("use_original_dst")? {
        return chain.listener.get("use_original_dst");
    }
    for filter in chain.listener.items("listener_filters")? {
        // One of an unknown type is reported by `trusted-state`.
        if short(filter.typed_kind()?) == FILTER {
            return Ok(Some(filter));
        }
    }
    Ok(None)
}

fn shared<'v>(chain: &Chain<'v>, all: &CheckInput<'v>, key: &str) -> Vec<Cursor<'v>> {
    let items = parts(chain, all).flat_map(|part| set_filter_state::shared(&part, key));
    items.collect()
}

/// Everything of the chain's Envoy that can contain filters.
fn parts<'c, 'v>(chain: &'c Chain<'v>, all: &'c CheckInput<'v>) -> impl Iterator<Item = Cursor<'v>> + 'c {
    let configuration = &all.configuration;
    configuration
        .everything()
        .filter(|part| configuration.may_be_of_one(part.document, chain.here.document))
}
