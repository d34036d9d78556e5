//! A chain for outgoing connections, which needs no module: nobody outside can reach it, or it leads them nowhere.

use super::CheckInput;
use super::chain::Chain;
use super::cursor::{Cursor, Failure};
use super::destinations;
use super::filter::Filter;
use super::proxy_protocol;
use super::routes;
use super::tunnel;

/// The directions, in the order of their numbers.
const DIRECTIONS: [&str; 3] = ["UNSPECIFIED", "INBOUND", "OUTBOUND"];

/// Network filters that connections can pass without being led elsewhere: the proxy itself, and Istio's statistics.
const HARMLESS: [&str; 2] = ["tcp_proxy", "stats.PluginConfig"];

/// Whether a listener is for what goes out, and why it is not safe to believe that.
#[derive(Debug)]
pub(super) enum Outgoing<'v> {
    /// It does not say so.
    No,
    Yes,
    /// It says so, but this place contradicts it, for this reason.
    Contradicted(Cursor<'v>, &'static str),
}

impl<'v> Outgoing<'v> {
    /// Reads the listener of a chain without the module.
    ///
    /// # Errors
    ///
    /// If a value has the wrong shape.
    pub(super) fn read(chain: &Chain<'v>, all: &CheckInput<'v>) -> Result<Self, Failure> {
        let listener = &chain.listener;
        if listener.one_of("traffic_direction", &DIRECTIONS)? != "OUTBOUND" {
            return Ok(Self::No);
        }
        let ours: Vec<&Chain<'v>> = all
            .chains
            .iter()
            .filter(|other| is_beside(chain, other))
            .collect();
        if let Some(module) = ours.iter().find_map(|other| other.modules().next()) {
            return Ok(Self::Contradicted(
                module.here.clone(),
                "another chain of the listener has the module",
            ));
        }
        for other in &ours {
            if let Some(end) = end_of_tunnel(other, all)? {
                return Ok(Self::Contradicted(end, "it ends tunnels, which come in"));
            }
        }
        if tunnel::is_internal(chain)? {
            return Ok(Self::Yes);
        }
        // Envoy looks for the listener of the address that a connection went to, bound or not.
        for other in &all.chains {
            let comes_in = other.listener.one_of("traffic_direction", &DIRECTIONS)? != "OUTBOUND";
            if comes_in && other.listener.flag("use_original_dst")? {
                return Ok(Self::Contradicted(
                    other.listener.clone(),
                    "this listener hands what comes in to it (`use_original_dst`)",
                ));
            }
        }
        if !is_bound(listener)? {
            return Ok(Self::Yes);
        }
        let Some(address) = outside(listener)? else {
            return Ok(Self::Yes);
        };
        if is_of_redirected(chain, &ours, all)? {
            return Ok(Self::Yes);
        }
        Ok(Self::Contradicted(address, "others can reach this address"))
    }
}

fn is_beside(chain: &Chain<'_>, other: &Chain<'_>) -> bool {
    other.listener.document == chain.listener.document && other.listener.path == chain.listener.path
}

/// Where a chain ends the tunnel of `CONNECT`, or may.
fn end_of_tunnel<'v>(chain: &Chain<'v>, all: &CheckInput<'v>) -> Result<Option<Cursor<'v>>, Failure> {
    let Some(http) = &chain.http else {
        return Ok(None);
    };
    for place in routes::places(http, &all.configuration)? {
        if let Some(end) = place.each_below("connect_config").first() {
            return Ok(Some(end.clone()));
        }
    }
    Ok(None)
}

/// Whether Envoy listens at the address itself, and does not only take connections from another listener.
fn is_bound(listener: &Cursor<'_>) -> Result<bool, Failure> {
    for place in [Some(listener.clone()), listener.get("deprecated_v1")?] {
        if let Some(place) = place
            && place.get("bind_to_port")?.is_some()
            && !place.flag("bind_to_port")?
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// An address of the listener that is not only for its own machine.
fn outside<'v>(listener: &Cursor<'v>) -> Result<Option<Cursor<'v>>, Failure> {
    let mut addresses: Vec<Cursor<'v>> = listener.get("address")?.into_iter().collect();
    for more in listener.items("additional_addresses")? {
        addresses.extend(more.get("address")?);
    }
    for address in &addresses {
        let Some(socket) = address.get("socket_address")? else {
            if address.get("pipe")?.is_some() {
                continue;
            }
            return Ok(Some(address.clone()));
        };
        let text = socket.word("address")?;
        let ip: Option<std::net::IpAddr> = text.parse().ok();
        if !ip.is_some_and(|ip| ip.is_loopback()) {
            return Ok(Some(socket));
        }
    }
    Ok(addresses.is_empty().then(|| listener.clone()))
}

/// Whether the listener is for connections that the machine redirects to it, as Istio's `virtualOutbound`: who connects to its own
/// address is led back to that address, and never to an application.
fn is_of_redirected(chain: &Chain<'_>, ours: &[&Chain<'_>], all: &CheckInput<'_>) -> Result<bool, Failure> {
    if !chain.listener.flag("use_original_dst")? || proxy_protocol::taken(chain)?.is_some() {
        return Ok(false);
    }
    // Chains that are discovered may be any, and filters of datagrams lead where they like.
    let listener = &chain.listener;
    let is_of_datagrams = chain.is_udp()? || listener.get("udp_listener_config")?.is_some();
    if is_of_datagrams || listener.get("fcds_config")?.is_some() {
        return Ok(false);
    }
    for other in ours {
        // Other filters name clusters of their own, or change the address that a connection goes to.
        let is_proxy = |filter: &Filter<'_>| HARMLESS.contains(&filter.short());
        if other.http.is_some() || !other.network.iter().all(is_proxy) {
            return Ok(false);
        }
        for cluster in destinations::of_chain(other, all)? {
            if !is_of_nowhere(&cluster?)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Whether a cluster has no endpoints but the address that a connection went to.
fn is_of_nowhere(cluster: &Cursor<'_>) -> Result<bool, Failure> {
    let kind = cluster.one_of(
        "type",
        &["STATIC", "STRICT_DNS", "LOGICAL_DNS", "EDS", "ORIGINAL_DST"],
    )?;
    let is_typed = cluster.get("cluster_type")?.is_some();
    let by_config = cluster.get("original_dst_lb_config")?.is_some();
    Ok(match kind {
        "ORIGINAL_DST" => !is_typed && !by_config,
        "STATIC" => !is_typed && cluster.get("load_assignment")?.is_none(),
        _ => false,
    })
}
