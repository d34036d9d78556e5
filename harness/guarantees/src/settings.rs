//! Guarantee: all settings of messages that traffic passes are known.
//!
//! Envoy gains fields with each version, and an unknown field may change a request after the decision, or send it
//! elsewhere. So a message that traffic passes may have only fields that a guarantee reads or that do neither.

mod bootstrap;
mod fields;
mod plugin;
mod tokens;
mod transport;

use peerwarden_engine::document::Value;

use super::chain::Chain;
use super::cursor::{Cursor, Failure};
use super::destinations;
use super::proxy_protocol;
use super::routes;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus};

/// The possible effect of an unknown field in a message that traffic passes.
const CHANGES: &str = "change where a request goes, or what it says";

/// Options of clusters that do not affect requests.
const TCP_OPTIONS: &str = "envoy.extensions.upstreams.tcp.v3.TcpProtocolOptions";

/// Network filters of a cluster that do not affect traffic.
const CLUSTER_FILTERS: [&str; 2] = [
    "envoy.tcp.metadataexchange.config.MetadataExchange",
    "istio.telemetry.metadata_exchange",
];

/// Transport sockets of a cluster that connect to the chosen endpoint.
const TRANSPORT_SOCKETS: [&str; 6] = [
    "envoy.extensions.transport_sockets.alts.v3.Alts",
    "envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport",
    "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport",
    "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer",
    "envoy.extensions.transport_sockets.starttls.v3.UpstreamStartTlsConfig",
    "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
];

pub(super) fn check(chain: &Chain<'_>, all: &CheckInput<'_>) -> GuaranteeResult {
    only(&chain.listener, fields::LISTENER)?;
    only(&chain.here, fields::FILTER_CHAIN)?;
    transport::check(chain, all)?;
    plugin::check(chain)?;
    tokens::check(chain)?;
    for bootstrap in all.configuration.bootstraps(chain.here.document) {
        bootstrap::check(bootstrap)?;
    }
    for other in &all.chains {
        handed_on(other)?;
    }
    let of_requests = chain.http.iter().flat_map(|http| &http.filters);
    for filter in chain.network.iter().chain(of_requests) {
        // The module's own is checked by `loading`.
        if !filter.is_module()
            && let Some(discovery) = &filter.discovery
            && let Some(default) = discovery.get("default_config")?
        {
            return Err(default.fails(
                "cannot be verified: until the configuration arrives, the filter runs with this one",
                "leave `default_config` out",
            ));
        }
    }
    match &chain.http {
        Some(http) => {
            only(&http.manager, fields::MANAGER)?;
            for upgrade in http.manager.items("upgrade_configs")? {
                only(&upgrade, fields::MANAGER_UPGRADE)?;
            }
            // Routes that cannot be read are reported by `enabled`.
            for place in routes::levels(http, &all.configuration).unwrap_or_default() {
                of_level(&place)?;
            }
        }
        None => {
            let proxies = chain
                .network
                .iter()
                .filter(|filter| filter.short() == "tcp_proxy");
            for config in proxies.filter_map(|proxy| proxy.config.as_ref()) {
                only(config, fields::TCP_PROXY)?;
            }
        }
    }
    // Clusters that are not given are reported by `upstream`.
    for cluster in destinations::of_chain(chain, all)?.into_iter().flatten() {
        of_cluster(&cluster)?;
    }
    Ok(GuaranteeStatus::Held)
}

fn only(here: &Cursor<'_>, known: &[&str]) -> Result<(), Failure> {
    here.only(known, CHANGES)
}

/// A listener that passes a connection on to the listener of its original destination, which a PROXY header chooses.
fn handed_on(chain: &Chain<'_>) -> Result<(), Failure> {
    if !chain.listener.flag("use_original_dst")? || proxy_protocol::taken(chain)?.is_none() {
        return Ok(());
    }
    Err(chain.listener.or_here("use_original_dst").fails(
        "the PROXY header of a client chooses the listener that its connection is handed to",
        "leave `use_original_dst` out, or the PROXY protocol",
    ))
}

fn of_level(level: &routes::Level<'_>) -> Result<(), Failure> {
    match level {
        routes::Level::Configuration(here) => only(here, fields::ROUTES),
        routes::Level::VirtualHost(here) => only(here, fields::VIRTUAL_HOST),
        routes::Level::ClusterWeight(here) => only(here, fields::CLUSTER_WEIGHT),
        routes::Level::Route(here) => {
            only(here, fields::ROUTE)?;
            let Some(action) = here.get("route")? else {
                return Ok(());
            };
            only(&action, fields::ROUTE_ACTION)?;
            for upgrade in action.items("upgrade_configs")? {
                only(&upgrade, fields::UPGRADE)?;
            }
            match action.get("weighted_clusters")? {
                Some(weighted) => only(&weighted, fields::WEIGHTED_CLUSTERS),
                None => Ok(()),
            }
        }
    }?;
    for (_, entry) in level.here().entries("typed_per_filter_config")? {
        plain(&entry)?;
    }
    for mirror in destinations::mirrors(level.here())? {
        only(&mirror, fields::MIRROR)?;
    }
    Ok(())
}

/// The contents of a `TypedStruct` become the filter's own message for routes, whatever type it names.
fn plain(entry: &Cursor<'_>) -> Result<(), Failure> {
    if entry.is_typed_struct()? {
        return Err(entry.fails(
            "cannot be verified: Envoy makes another message of this `TypedStruct` than it names",
            "write the message with its own `@type`",
        ));
    }
    match entry.get("config")? {
        Some(inner) if matches!(inner.value, Value::Object(_)) => plain(&inner),
        Some(_) | None => Ok(()),
    }
}

fn of_cluster(cluster: &Cursor<'_>) -> Result<(), Failure> {
    only(cluster, fields::CLUSTER)?;
    let mut upstream: Vec<Cursor<'_>> = cluster
        .get("upstream_http_protocol_options")?
        .into_iter()
        .collect();
    for (name, options) in cluster.entries("typed_extension_protocol_options")? {
        let (kind, message) = options.message()?;
        // Envoy chooses by the key, and converts a message of any type.
        if name != kind
            || options.is_typed_struct()?
            || ![destinations::HTTP_OPTIONS, TCP_OPTIONS].contains(&kind)
        {
            return Err(options.fails(
                format!("cannot be verified: options `{name}` of the type `{kind}`"),
                format!("write `{}` with its own type", destinations::HTTP_OPTIONS),
            ));
        }
        if kind == destinations::HTTP_OPTIONS {
            only(&message, fields::HTTP_OPTIONS)?;
            upstream.extend(message.get("upstream_http_protocol_options")?);
        }
    }
    for options in upstream {
        only(&options, fields::UPSTREAM_HTTP_OPTIONS)?;
    }
    for filter in cluster.items("filters")? {
        let kind = filter.typed_kind()?;
        if !CLUSTER_FILTERS.contains(&kind) {
            return Err(filter.fails(
                "cannot be verified: this filter may change what reaches the application",
                "leave it out",
            ));
        }
    }
    let own = cluster.get("transport_socket")?;
    let mut sockets: Vec<Cursor<'_>> = own.into_iter().collect();
    for matching in cluster.items("transport_socket_matches")? {
        sockets.extend(matching.get("transport_socket")?);
    }
    // Some sockets have another inside.
    let inner: Vec<Cursor<'_>> = sockets
        .iter()
        .flat_map(|socket| socket.each_below("transport_socket"))
        .collect();
    for socket in sockets.iter().chain(&inner) {
        let kind = socket.typed_kind()?;
        if !TRANSPORT_SOCKETS.contains(&kind) {
            return Err(socket.fails(
                "cannot be verified: this transport socket may connect to another address",
                "use TLS (`UpstreamTlsContext`) or plaintext (`RawBuffer`)",
            ));
        }
        if let Some(passed) = socket.each_below("pass_through_tlvs").first() {
            return Err(passed.fails(
                "what a client wrote into its PROXY header about itself reaches the application",
                "leave `pass_through_tlvs` out",
            ));
        }
    }
    Ok(())
}
