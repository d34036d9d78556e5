//! Guarantee: only the configuration chooses where allowed requests go, and everything that goes there was decided about.

use super::chain::{Chain, Http};
use super::cursor::{Cursor, Failure};
use super::filter::Filter;
use super::routes;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus};

/// Fields that choose a cluster in another way than by its name.
const PLUGINS: [&str; 2] = ["cluster_specifier_plugin", "inline_cluster_specifier_plugin"];

const HTTP_OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const DNS: &str = "envoy.extensions.clusters.dns.v3.DnsCluster";
const AGGREGATE: &str = "envoy.extensions.clusters.aggregate.v3.ClusterConfig";
const FORWARD_PROXY: &str = "envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig";
const BALANCERS: &str = "envoy.extensions.load_balancing_policies.";
const OVERRIDE_HOST: &str = "envoy.extensions.load_balancing_policies.override_host.";

const CLUSTER: &str = "name the cluster in `cluster`, or several in `weighted_clusters`";
const ENDPOINTS: &str = "give each application a separate cluster, with its endpoints or its DNS name";

pub(super) fn check(chain: &Chain<'_>, all: &CheckInput<'_>) -> GuaranteeResult {
    let Some(http) = &chain.http else {
        return Ok(GuaranteeStatus::DoesNotApply("TCP"));
    };
    let Ok(places) = routes::places(http, &all.configuration) else {
        return Ok(GuaranteeStatus::DoesNotApply(
            "routes cannot be verified, see `enabled`",
        ));
    };
    for place in &places {
        of_place(place)?;
    }
    for cluster in clusters(named(&places)?, all) {
        of_cluster(&cluster?)?;
    }
    Ok(GuaranteeStatus::Held)
}

/// The filters behind the router: its own, and those of the clusters that routes name.
///
/// # Errors
/// A value of the wrong shape.
pub(super) fn filters<'v>(http: &Http<'v>, all: &CheckInput<'v>) -> Result<Vec<Filter<'v>>, Failure> {
    let mut found = Vec::new();
    for router in http.filters.iter().filter(|filter| filter.short() == "router") {
        let config = router.config.as_ref().ok_or_else(|| router.unread())?;
        found.extend(config.items("upstream_http_filters")?);
    }
    // Routes and clusters that are not there to read are said of `enabled` and `upstream`.
    let places = routes::places(http, &all.configuration).unwrap_or_default();
    for cluster in clusters(named(&places)?, all).into_iter().flatten() {
        for (_, options) in cluster.entries("typed_extension_protocol_options")? {
            let (kind, options) = options.message()?;
            if kind == HTTP_OPTIONS {
                found.extend(options.items("http_filters")?);
            }
        }
    }
    let filters = found.into_iter();
    filters
        .map(|here| Filter::read(here, &all.configuration))
        .collect()
}

/// Of a route configuration, a virtual host, a route or a weighted cluster.
fn of_place(place: &Cursor<'_>) -> Result<(), Failure> {
    let action = place.get("route")?;
    for here in std::iter::once(place).chain(&action) {
        chosen(here)?;
        for mirror in here.items("request_mirror_policies")? {
            chosen(&mirror)?;
        }
    }
    let Some(action) = action else {
        return Ok(());
    };
    for plugin in PLUGINS {
        if let Some(here) = action.get(plugin)? {
            return Err(here.fails(
                "cannot be verified: a plugin chooses where these requests go",
                CLUSTER,
            ));
        }
    }
    for upgrade in action.items("upgrade_configs")? {
        if let Some(here) = upgrade.get("connect_config")? {
            return Err(here.fails(
                "Envoy ends the tunnel of `CONNECT` here, and the requests in it reach the application without a \
                 decision",
                "remove `connect_config`, or end the tunnel in another listener that forwards to this one",
            ));
        }
    }
    Ok(())
}

fn chosen(here: &Cursor<'_>) -> Result<(), Failure> {
    let Some(header) = here.get("cluster_header")? else {
        return Ok(());
    };
    if header.value.as_str() == Some("") {
        return Ok(());
    }
    Err(header.fails(
        "a client's header chooses the cluster of a request, whatever was decided",
        CLUSTER,
    ))
}

/// The clusters that routes name.
fn named<'v>(places: &[Cursor<'v>]) -> Result<Vec<Cursor<'v>>, Failure> {
    let mut found = Vec::new();
    for place in places {
        let Some(action) = place.get("route")? else {
            continue;
        };
        found.extend(action.get("cluster")?);
        if let Some(weighted) = action.get("weighted_clusters")? {
            for cluster in weighted.items("clusters")? {
                found.extend(cluster.get("name")?);
            }
        }
    }
    Ok(found)
}

/// The clusters with these names, and those that they consist of.
fn clusters<'v>(mut names: Vec<Cursor<'v>>, all: &CheckInput<'v>) -> Vec<Result<Cursor<'v>, Failure>> {
    let mut found = Vec::new();
    let mut seen = Vec::new();
    while let Some(place) = names.pop() {
        let name = match place.text() {
            Ok(name) => name,
            Err(failure) => {
                found.push(Err(failure));
                continue;
            }
        };
        if seen.contains(&(name, place.document)) {
            continue;
        }
        seen.push((name, place.document));
        let given = all.configuration.clusters(name, place.document);
        if given.is_empty() {
            found.push(Err(place.fails(
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
fn parts<'v>(cluster: &Cursor<'v>) -> Result<Vec<Cursor<'v>>, Failure> {
    match cluster.at(&["cluster_type", "typed_config"])? {
        Some(typed) => match typed.message()? {
            (AGGREGATE, message) => message.items("clusters"),
            _ => Ok(Vec::new()),
        },
        None => Ok(Vec::new()),
    }
}

fn of_cluster(cluster: &Cursor<'_>) -> Result<(), Failure> {
    if let Some(by) = cluster.get("original_dst_lb_config")? {
        let from = [
            ("use_http_header", by.flag("use_http_header")?),
            ("metadata_key", by.get("metadata_key")?.is_some()),
        ];
        if let Some((field, _)) = from.into_iter().find(|(_, is)| *is) {
            return Err(by.or_here(field).fails(
                "a request chooses the address that it goes to, whatever was decided",
                format!("leave `{field}` out"),
            ));
        }
    }
    if let Some(own) = cluster.get("cluster_type")? {
        let kind = match own.get("typed_config")? {
            Some(typed) => typed.message()?.0,
            None => "",
        };
        let why = match kind {
            DNS | AGGREGATE => None,
            FORWARD_PROXY => Some("a client's `Host` chooses the address that a request goes to"),
            _ => Some("cannot be verified: the destination of a cluster of this type is unknown"),
        };
        if let Some(why) = why {
            return Err(own.fails(why, ENDPOINTS));
        }
    }
    let Some(balancing) = cluster.get("load_balancing_policy")? else {
        return Ok(());
    };
    for policy in balancing.items("policies")? {
        let kind = match policy.at(&["typed_extension_config", "typed_config"])? {
            Some(typed) => typed.message()?.0,
            None => "",
        };
        if !kind.starts_with(BALANCERS) || kind.starts_with(OVERRIDE_HOST) {
            return Err(policy.fails(
                "cannot be verified: a request may choose the address that it goes to",
                "use an Envoy policy that chooses among the cluster's endpoints, such as `round_robin`",
            ));
        }
    }
    Ok(())
}
