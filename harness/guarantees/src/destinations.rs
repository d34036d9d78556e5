//! The destinations of a chain's traffic: clusters, and the filters behind the router.

use std::collections::BTreeSet;

use peerwarden_engine::Config;

use super::CheckInput;
use super::chain::{Chain, Http};
use super::cursor::{Cursor, Failure};
use super::filter::Filter;
use super::policy_inputs;
use super::routes;

pub(super) const HTTP_OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
pub(super) const AGGREGATE: &str = "envoy.extensions.clusters.aggregate.v3.ClusterConfig";

/// The clusters that requests or connections of a chain may go to, and those of the authorizers that decide about them.
///
/// # Errors
///
/// If a value has the wrong shape.
pub(super) fn of_chain<'v>(
    chain: &Chain<'v>,
    all: &CheckInput<'v>,
) -> Result<Vec<Result<Cursor<'v>, Failure>>, Failure> {
    let mut names = authorizers(chain);
    if let Some(http) = &chain.http {
        // Routes that cannot be read are reported by `enabled`.
        let places = routes::places(http, &all.configuration).unwrap_or_default();
        names.extend(named(&places)?);
        return Ok(clusters(names, all));
    }
    for proxy in chain
        .network
        .iter()
        .filter(|filter| filter.short() == "tcp_proxy")
    {
        let Some(config) = &proxy.config else { continue };
        for name in named_by(config)? {
            names.push(ClusterName::read(name)?);
        }
    }
    for (here, config) in configured(chain) {
        names.extend(config.lock.clusters().map(|name| ClusterName {
            name: name.to_owned(),
            here: here.clone(),
        }));
    }
    Ok(clusters(names, all))
}

/// The clusters of the authorizers that the policies of the workload ask.
fn authorizers<'v>(chain: &Chain<'v>) -> Vec<ClusterName<'v>> {
    let mut found = Vec::new();
    for (here, config) in configured(chain) {
        let asked: BTreeSet<_> = policy_inputs::policies(&config)
            .filter_map(|policy| policy.provider.as_deref())
            .collect();
        let ours = config.extension_providers.iter();
        for provider in ours.filter(|provider| asked.contains(provider.name.as_str())) {
            if let Ok(authorizer) = &provider.authorizer {
                found.push(ClusterName {
                    name: authorizer.service().cluster.clone(),
                    here: here.clone(),
                });
            }
        }
    }
    found
}

/// The configurations of the modules that decide. One that the module refuses is reported by `configuration`.
fn configured<'v>(chain: &Chain<'v>) -> Vec<(Cursor<'v>, Config)> {
    let modules = chain.deciding();
    modules
        .filter_map(|(_, module)| module.configuration().ok())
        .collect()
}

/// The mirrors that copy a place's requests.
///
/// # Errors
///
/// If a value has the wrong shape.
pub(super) fn mirrors<'v>(place: &Cursor<'v>) -> Result<Vec<Cursor<'v>>, Failure> {
    let mut found = place.items("request_mirror_policies")?;
    if let Some(action) = place.get("route")? {
        found.extend(action.items("request_mirror_policies")?);
    }
    Ok(found)
}

/// The name of a cluster, and the place of the name.
struct ClusterName<'v> {
    name: String,
    here: Cursor<'v>,
}

impl<'v> ClusterName<'v> {
    fn read(here: Cursor<'v>) -> Result<Self, Failure> {
        let name = here.text()?.to_owned();
        Ok(Self { name, here })
    }
}

/// The filters behind the router: its own, and those of the clusters that routes name.
///
/// # Errors
///
/// If a value has the wrong shape.
pub(super) fn filters<'v>(http: &Http<'v>, all: &CheckInput<'v>) -> Result<Vec<Filter<'v>>, Failure> {
    let mut found = Vec::new();
    for router in http.filters.iter().filter(|filter| filter.short() == "router") {
        let config = router.config.as_ref().ok_or_else(|| router.unread())?;
        found.extend(config.items("upstream_http_filters")?);
    }
    // Routes and clusters that are not given are reported by `enabled` and `upstream`.
    let places = routes::places(http, &all.configuration).unwrap_or_default();
    for cluster in clusters(named(&places)?, all).into_iter().flatten() {
        found.extend(of_options(&cluster)?);
    }
    read(found, all)
}

/// The filters of the authorizers' clusters, which questions and answers pass.
///
/// # Errors
///
/// If a value has the wrong shape.
pub(super) fn filters_of_authorizers<'v>(
    chain: &Chain<'v>,
    all: &CheckInput<'v>,
) -> Result<Vec<Filter<'v>>, Failure> {
    let mut found = Vec::new();
    for cluster in clusters(authorizers(chain), all).into_iter().flatten() {
        found.extend(of_options(&cluster)?);
    }
    read(found, all)
}

/// The filters among a cluster's options.
fn of_options<'v>(cluster: &Cursor<'v>) -> Result<Vec<Cursor<'v>>, Failure> {
    let mut found = Vec::new();
    for (_, options) in cluster.entries("typed_extension_protocol_options")? {
        let (kind, options) = options.message()?;
        if kind == HTTP_OPTIONS {
            found.extend(options.items("http_filters")?);
        }
    }
    Ok(found)
}

fn read<'v>(filters: Vec<Cursor<'v>>, all: &CheckInput<'v>) -> Result<Vec<Filter<'v>>, Failure> {
    let filters = filters.into_iter();
    filters
        .map(|here| Filter::read(here, &all.configuration))
        .collect()
}

/// The clusters that routes name, for requests and for copies of them.
fn named<'v>(places: &[Cursor<'v>]) -> Result<Vec<ClusterName<'v>>, Failure> {
    let mut found = Vec::new();
    for place in places {
        for mirror in mirrors(place)? {
            found.extend(mirror.get("cluster")?);
        }
        let Some(action) = place.get("route")? else {
            continue;
        };
        found.extend(named_by(&action)?);
    }
    found.into_iter().map(ClusterName::read).collect()
}

/// The names in `cluster` and `weighted_clusters` of a route's action, or of `tcp_proxy`.
fn named_by<'v>(here: &Cursor<'v>) -> Result<Vec<Cursor<'v>>, Failure> {
    let mut found: Vec<_> = here.get("cluster")?.into_iter().collect();
    if let Some(weighted) = here.get("weighted_clusters")? {
        for cluster in weighted.items("clusters")? {
            found.extend(cluster.get("name")?);
        }
    }
    Ok(found)
}

/// The clusters with these names, and those that aggregates of them contain.
fn clusters<'v>(mut names: Vec<ClusterName<'v>>, all: &CheckInput<'v>) -> Vec<Result<Cursor<'v>, Failure>> {
    let mut found = Vec::new();
    let mut seen = Vec::new();
    while let Some(ClusterName { name, here }) = names.pop() {
        let key = (name.clone(), here.document);
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        let given = all.configuration.clusters(&name, here.document);
        if given.is_empty() {
            found.push(Err(here.fails(
                format!("cannot be verified: the cluster `{name}` is not in the input"),
                "also pass the file that it comes from, or Envoy's `/config_dump`",
            )));
        }
        for cluster in given {
            match parts(cluster) {
                Ok(parts) => names.extend(parts),
                Err(failure) => found.push(Err(failure)),
            }
            found.push(Ok(cluster.clone()));
        }
    }
    found
}

/// The names of the clusters in an aggregate.
fn parts<'v>(cluster: &Cursor<'v>) -> Result<Vec<ClusterName<'v>>, Failure> {
    let items = match cluster.at(&["cluster_type", "typed_config"])? {
        Some(typed) => match typed.message()? {
            (AGGREGATE, message) => message.items("clusters")?,
            _ => Vec::new(),
        },
        None => Vec::new(),
    };
    items.into_iter().map(ClusterName::read).collect()
}
