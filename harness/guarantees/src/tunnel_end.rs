//! A chain that ends tunnels and needs no module, because all that comes out of them goes to chains with the module.

use super::CheckInput;
use super::chain::{Chain, MANAGER};
use super::cursor::{Cursor, Failure};
use super::destinations;
use super::routes::{self, Level};
use super::settings;

/// Filters that refuse a request, or say something about it to the chain that decides.
const FILTERS: [&str; 7] = [
    "local_ratelimit",
    "ratelimit",
    "rbac",
    "router",
    "set_filter_state",
    "io.istio.http.peer_metadata.Config",
    "stats.PluginConfig",
];

/// Fields of a route's action with which a request goes to the cluster that it names.
const ACTION: [&str; 6] = [
    "cluster",
    "idle_timeout",
    "max_stream_duration",
    "retry_policy",
    "timeout",
    "upgrade_configs",
];

/// Whether all that enters the chain goes on to internal listeners in which each chain has the module.
///
/// # Errors
///
/// If a value has the wrong shape, or a setting that traffic passes is unknown.
pub(super) fn leads_to_module(chain: &Chain<'_>, all: &CheckInput<'_>) -> Result<bool, Failure> {
    let Some(http) = &chain.http else {
        return Ok(false);
    };
    let of_connections = chain.network.iter().filter(|filter| filter.kind != MANAGER);
    let mut filters = http.filters.iter().chain(of_connections);
    if !filters.all(|filter| FILTERS.contains(&filter.short()))
        || !destinations::filters(http, all)?.is_empty()
    {
        return Ok(false);
    }
    for upgrade in http.manager.items("upgrade_configs")? {
        if !upgrade.items("filters")?.is_empty() {
            return Ok(false);
        }
    }
    let mut goes_on = false;
    for level in routes::levels(http, &all.configuration)? {
        if !destinations::mirrors(level.here())?.is_empty() {
            return Ok(false);
        }
        let Level::Route(route) = &level else {
            continue;
        };
        if let Some(action) = route.get("route")? {
            if action.get("cluster")?.is_none() || action.unknown(&ACTION)?.is_some() {
                return Ok(false);
            }
            goes_on = true;
        } else if route.get("redirect")?.is_none() && route.get("direct_response")?.is_none() {
            return Ok(false);
        }
    }
    for cluster in destinations::of_chain(chain, all)? {
        if !is_of_module(&cluster?, all)? {
            return Ok(false);
        }
    }
    if goes_on {
        settings::check(chain, all)?;
    }
    Ok(goes_on)
}

/// Whether a cluster has only internal listeners for endpoints, in which each chain has the module.
fn is_of_module(cluster: &Cursor<'_>, all: &CheckInput<'_>) -> Result<bool, Failure> {
    let is_typed = cluster.get("cluster_type")?.is_some();
    let policy = cluster.get("load_balancing_policy")?.is_some();
    if is_typed || policy || cluster.one_of("type", &["STATIC"]).is_err() {
        return Ok(false);
    }
    let Some(assignment) = cluster.get("load_assignment")? else {
        return Ok(false);
    };
    if !assignment.each_below("socket_address").is_empty() || !assignment.each_below("pipe").is_empty() {
        return Ok(false);
    }
    let names = assignment.each_below("server_listener_name");
    for name in &names {
        let name = name.text()?;
        let named = all.chains.iter().filter(|chain| {
            chain.listener.word("name") == Ok(name)
                && all
                    .configuration
                    .may_be_of_one(chain.here.document, cluster.document)
        });
        let chains: Vec<_> = named.collect();
        if chains.is_empty() || chains.iter().any(|chain| chain.module().is_none()) {
            return Ok(false);
        }
    }
    Ok(!names.is_empty())
}
