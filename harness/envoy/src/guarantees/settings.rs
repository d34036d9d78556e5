//! Guarantee: every setting on the way of traffic is one that is known.
//!
//! Envoy gains fields with each version, and a field that nobody looked at may change a request after the decision, or send it
//! elsewhere. So a message that traffic passes may have only fields that a guarantee reads or that change neither.

mod fields;

use super::chain::Chain;
use super::cursor::{Cursor, Failure, is_field};
use super::destinations;
use super::proxy_protocol;
use super::routes;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus};

/// Network filters of a cluster that change nothing.
const CLUSTER_FILTERS: [&str; 2] = [
    "envoy.tcp.metadataexchange.config.MetadataExchange",
    "istio.telemetry.metadata_exchange",
];

/// Transport sockets of a cluster that connect to the endpoint that was chosen.
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
    for bootstrap in all.configuration.bootstraps(chain.here.document) {
        if let Some(headers) = bootstrap.get("inline_headers")? {
            return Err(headers.fails(
                "cannot be verified: Envoy joins the lines of these headers, and policies do not see each value",
                "leave `inline_headers` out",
            ));
        }
    }
    for other in &all.chains {
        handed_on(other)?;
    }
    let of_requests = chain.http.iter().flat_map(|http| &http.filters);
    for filter in chain.network.iter().chain(of_requests) {
        // The module's own is a matter of `loading`.
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
            // Routes that cannot be read are a matter of `enabled`.
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
    // Clusters that are not there to read are a matter of `upstream`.
    for cluster in destinations::of_chain(chain, all)?.into_iter().flatten() {
        of_cluster(&cluster)?;
    }
    Ok(GuaranteeStatus::Held)
}

/// A listener that hands a connection to the listener of its original destination, which a PROXY header chooses.
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
    for mirror in destinations::mirrors(level.here())? {
        only(&mirror, fields::MIRROR)?;
    }
    Ok(())
}

fn of_cluster(cluster: &Cursor<'_>) -> Result<(), Failure> {
    only(cluster, fields::CLUSTER)?;
    let mut upstream: Vec<Cursor<'_>> = cluster
        .get("upstream_http_protocol_options")?
        .into_iter()
        .collect();
    for (_, options) in cluster.entries("typed_extension_protocol_options")? {
        let (kind, options) = options.message()?;
        if kind == destinations::HTTP_OPTIONS {
            only(&options, fields::HTTP_OPTIONS)?;
            upstream.extend(options.get("upstream_http_protocol_options")?);
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
    for socket in sockets {
        let kind = socket.typed_kind()?;
        if !TRANSPORT_SOCKETS.contains(&kind) {
            return Err(socket.fails(
                "cannot be verified: this transport socket may connect to another address",
                "use TLS (`UpstreamTlsContext`) or plaintext (`RawBuffer`)",
            ));
        }
    }
    Ok(())
}

/// Checks that a message has no other fields.
fn only(here: &Cursor<'_>, known: &[&str]) -> Result<(), Failure> {
    for (key, field) in here.fields()? {
        if key != "@type" && !known.iter().any(|name| is_field(key, name)) {
            return Err(field.fails(
                format!("cannot be verified: `{key}` may change where a request goes, or what it says"),
                "leave it out",
            ));
        }
    }
    Ok(())
}
