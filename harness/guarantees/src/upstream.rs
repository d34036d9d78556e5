//! Guarantee: only the configuration chooses where allowed requests go, and all traffic that goes there was decided on.

mod sessions;

use peerwarden_engine::Config;

use super::chain::{Chain, Http};
use super::claimed_address::ClaimedAddress;
use super::cursor::{Cursor, Failure};
use super::destinations::{self, AGGREGATE, mirrors, of_chain};
use super::framing;
use super::header_name::HeaderName;
use super::header_removal;
use super::header_write;
use super::order::CODEC;
use super::routes;
use super::set_filter_state::{self, CLUSTER_STATE};
use super::tunnel;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus};

/// How a cluster finds its endpoints, in the order of the numbers.
const TYPES: [&str; 5] = ["STATIC", "STRICT_DNS", "LOGICAL_DNS", "EDS", "ORIGINAL_DST"];

/// Pools that pass requests on as requests.
const POOLS: [&str; 2] = [
    "envoy.extensions.upstreams.http.generic.v3.GenericConnectionPoolProto",
    "envoy.extensions.upstreams.http.http.v3.HttpConnectionPoolProto",
];

const WEBSOCKET: &str = "websocket";

/// Fields that choose a cluster other than by its name.
const PLUGINS: [&str; 2] = ["cluster_specifier_plugin", "inline_cluster_specifier_plugin"];

/// The names of the same, without `ORIGINAL_DST`, where Envoy finds no type of a message.
const NAMED: [&str; 4] = [
    "envoy.cluster.eds",
    "envoy.cluster.logical_dns",
    "envoy.cluster.static",
    "envoy.cluster.strict_dns",
];

const DNS: &str = "envoy.extensions.clusters.dns.v3.DnsCluster";
const FORWARD_PROXY: &str = "envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig";

/// The package of Envoy's load-balancing policies, and those with which a request cannot choose an endpoint.
const BALANCERS: &str = "envoy.extensions.load_balancing_policies.";
const FAIR: [&str; 10] = [
    "client_side_weighted_round_robin",
    "cluster_provided",
    "least_request",
    "load_aware_locality",
    "maglev",
    "random",
    "ring_hash",
    "round_robin",
    "subset",
    "wrr_locality",
];

const CLUSTER: &str = "name the cluster in `cluster`, or several in `weighted_clusters`";
const ENDPOINTS: &str = "give each application a separate cluster, with its endpoints or its DNS name";

pub(super) fn check(chain: &Chain<'_>, all: &CheckInput<'_>) -> GuaranteeResult {
    if let Some(http) = &chain.http {
        http.manager
            .items("upgrade_configs")?
            .iter()
            .try_for_each(of_upgrade)?;
        let Ok(places) = routes::places(http, &all.configuration) else {
            return Ok(GuaranteeStatus::DoesNotApply(
                "routes cannot be verified, see `enabled`",
            ));
        };
        for place in &places {
            of_place(place)?;
        }
        of_routing(http, &places, all)?;
        framing::check(http, all)?;
    }
    for config in set_filter_state::configurations(chain, all)? {
        set_filter_state::items(&config)?.iter().try_for_each(of_item)?;
    }
    // With a lock for connections, `second-lock` checks them.
    let of_lock = |config: &Config| config.lock.clusters().next().is_some();
    let mut configs = chain
        .deciding()
        .filter_map(|(_, module)| module.configuration().ok());
    let is_locked = configs.any(|(_, config)| of_lock(&config));
    for part in all.configuration.everything().filter(|_| !is_locked) {
        if let Some(item) = set_filter_state::shared(&part, CLUSTER_STATE).first() {
            return Err(of_cluster_state(item));
        }
    }
    tunnel::handed_on(chain, all)?.iter().try_for_each(of_item)?;
    for cluster in of_chain(chain, all)? {
        let cluster = cluster?;
        of_cluster(&cluster)?;
        of_original_destination(&cluster, chain, all)?;
        sessions::of_cluster(&cluster, chain)?;
    }
    of_authorizers(chain, all)?;
    Ok(GuaranteeStatus::Held)
}

/// Envoy chooses a route before any filter runs: if a filter ahead of the module changes a header, the route depends on
/// the old value, and policies see the new one.
fn of_routing(http: &Http<'_>, places: &[Cursor<'_>], all: &CheckInput<'_>) -> Result<(), Failure> {
    let mut names = vec![":authority".to_owned(), "host".to_owned()];
    for place in places {
        if let Some(matches) = place.get("match")? {
            for header in matches.items("headers")? {
                names.push(header.word("name")?.to_ascii_lowercase());
            }
            for (field, header) in [("cookies", "cookie"), ("grpc", "content-type")] {
                names.extend(matches.get(field)?.map(|_| header.to_owned()));
            }
        }
    }
    let changed = header_write::by_filters(http, all)?;
    let changed = changed.into_iter().filter(|written| !written.late);
    let mut changed: Vec<_> = changed.map(|written| (written.here, written.name)).collect();
    let removed = header_removal::ahead_of_module(http, all)?.into_iter();
    changed.extend(removed.map(|removed| (removed.here, removed.name)));
    for (here, name) in changed {
        // For a host, changes of other headers do not matter.
        let routed = match name {
            HeaderName::Any | HeaderName::Service => names.get(2),
            HeaderName::Exact(_)
            | HeaderName::Prefix(_)
            | HeaderName::Suffix(_)
            | HeaderName::Contained(_) => names.iter().find(|own| name.is(own)),
        };
        if let Some(routed) = routed {
            return Err(here.fails(
                format!(
                    "routes go by `{routed}` as the client sent it, and this changes it before the module: policies decide about \
                     another request than the one that is sent on"
                ),
                "let routes match on something else, or leave this out",
            ));
        }
    }
    Ok(())
}

/// Checks a route configuration, a virtual host, a route or a weighted cluster.
fn of_place(place: &Cursor<'_>) -> Result<(), Failure> {
    let action = place.get("route")?;
    std::iter::once(place).chain(&action).try_for_each(chosen)?;
    mirrors(place)?.iter().try_for_each(chosen)?;
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
        of_upgrade(&upgrade)?;
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

/// After an upgrade the application reads the bytes. For anything but WebSocket these may contain requests that were
/// not decided: an ordinary answer to CONNECT opens a tunnel, and before 1.39 Envoy passes on whatever follows an
/// upgrade that is not answered.
fn of_upgrade(upgrade: &Cursor<'_>) -> Result<(), Failure> {
    let kind = upgrade.word("upgrade_type")?;
    if kind.eq_ignore_ascii_case(WEBSOCKET) {
        return Ok(());
    }
    Err(upgrade.or_here("upgrade_type").fails(
        format!(
            "data behind an upgrade to `{kind}` may reach the application as requests that were not decided"
        ),
        format!("allow upgrades to `{WEBSOCKET}` only"),
    ))
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

/// Envoy's own filter state chooses clusters, addresses and server names.
fn of_item(item: &Cursor<'_>) -> Result<(), Failure> {
    let key = item.word("object_key")?;
    if key == CLUSTER_STATE {
        return Err(of_cluster_state(item));
    }
    if !key.starts_with("envoy.") {
        return Ok(());
    }
    if set_filter_state::is_fixed(item)? {
        return Ok(());
    }
    Err(item.fails(
        format!(
            "a client's text becomes `{key}`, which may choose where its traffic goes, whatever was decided"
        ),
        "write a fixed text, or leave the item out",
    ))
}

/// The failure for any value: it replaces the cluster that `tcp_proxy` names, which was checked.
fn of_cluster_state(item: &Cursor<'_>) -> Failure {
    item.fails(
        format!("`{CLUSTER_STATE}` chooses the cluster that connections go to"),
        "name the cluster in `tcp_proxy`",
    )
}

/// Filters between the module and an authorizer, which could change the question or the answer.
fn of_authorizers(chain: &Chain<'_>, all: &CheckInput<'_>) -> Result<(), Failure> {
    for filter in destinations::filters_of_authorizers(chain, all)? {
        if filter.short() != CODEC {
            return Err(filter.here.fails(
                "this is between the module and its authorizer, and may change the question or the answer",
                "remove it",
            ));
        }
    }
    Ok(())
}

/// A cluster that connects to a connection's original destination, which a client may choose.
fn of_original_destination(
    cluster: &Cursor<'_>,
    chain: &Chain<'_>,
    all: &CheckInput<'_>,
) -> Result<(), Failure> {
    if cluster.one_of("type", &TYPES)? != "ORIGINAL_DST" {
        return Ok(());
    }
    let Some(claimed) = ClaimedAddress::destination(chain, all)? else {
        return Ok(());
    };
    if claimed.is_trusted(chain)? {
        return Ok(());
    }
    let how = claimed.shown();
    Err(claimed.here.fails(
        format!("the client chooses the address that its traffic goes to, {how}"),
        ENDPOINTS,
    ))
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
        let kind = own.typed_kind()?;
        let why = match kind {
            DNS | AGGREGATE => None,
            "" if NAMED.contains(&own.word("name")?) => None,
            FORWARD_PROXY => Some("a client's `Host` chooses the address that a request goes to"),
            _ => Some("cannot be verified: the destination of a cluster of this type is unknown"),
        };
        if let Some(why) = why {
            return Err(own.fails(why, ENDPOINTS));
        }
    }
    if let Some(pool) = cluster.at(&["upstream_config", "typed_config"])?
        && !POOLS.contains(&pool.message()?.0)
    {
        return Err(pool.fails(
            "cannot be verified: this pool may pass on the body of a request unchanged, with requests in it that were not decided",
            "leave `upstream_config` out",
        ));
    }
    let Some(balancing) = cluster.get("load_balancing_policy")? else {
        return Ok(());
    };
    // A policy may contain others.
    let all = balancing.each_below("policies").into_iter();
    all.flat_map(|policies| policies.parts())
        .try_for_each(|policy| balances(&policy))
}

fn balances(policy: &Cursor<'_>) -> Result<(), Failure> {
    let typed = policy.at(&["typed_extension_config", "typed_config"])?;
    let kind = match &typed {
        Some(typed) if !typed.is_typed_struct()? => typed.message()?.0,
        _ => "",
    };
    let short = kind
        .strip_prefix(BALANCERS)
        .and_then(|rest| rest.split('.').next());
    if short.is_some_and(|short| FAIR.contains(&short)) {
        return Ok(());
    }
    Err(policy.fails(
        "cannot be verified: a request may choose the address that it goes to",
        "use an Envoy policy that chooses among the cluster's endpoints, such as `round_robin`",
    ))
}
