//! The peers that a handshake refuses before any policy is evaluated: those of trust domains that the mesh does not accept.

use peerwarden_analysis::{Pattern, Term, Values};
use peerwarden_engine::{SpiffeId, WorkloadKind};
use peerwarden_envoy::trust::Trust;

use crate::traffic::Traffic;

/// Why the handshake refuses the peer, whatever policies say; `None` if it is let in, or if another listener ends its TLS.
pub fn refusal(trust: &Trust, workload: WorkloadKind, traffic: &Traffic) -> Option<String> {
    // A gateway's servers have roots of their own, a waypoint's peer is vouched for by its tunnel.
    let sidecar = workload == WorkloadKind::Sidecar;
    let domain = of_peer(trust, traffic).filter(|_| sidecar)?;
    Some(reason(trust, domain))
}

/// The trust domains that a handshake refuses among the peers of a class of traffic: those that policies name, or else that of its
/// example.
pub fn refused(trust: &Trust, workload: WorkloadKind, peers: &Values, example: &Traffic) -> Vec<String> {
    if workload != WorkloadKind::Sidecar {
        return Vec::new();
    }
    let mut domains = named_among(peers);
    let known = !domains.is_empty();
    domains.retain(|domain| !trust.has(domain));
    if !known && let Some(domain) = of_peer(trust, example) {
        domains.push(domain.to_owned());
    }
    domains.sort_unstable();
    domains.dedup();
    domains
}

/// The trust domains that a handshake refuses among callers, of those that policies name.
pub fn refused_callers(trust: &Trust, workload: WorkloadKind, peers: &Values) -> Vec<String> {
    let mut domains = named_among(peers);
    domains.retain(|domain| workload == WorkloadKind::Sidecar && !trust.has(domain));
    domains
}

/// The same for a caller by its principal.
pub fn refused_caller(trust: &Trust, workload: WorkloadKind, principal: &str) -> Option<String> {
    let sidecar = workload == WorkloadKind::Sidecar;
    named_by(principal).filter(|domain| sidecar && !trust.has(domain))
}

/// The trust domains that policies name in full.
fn named_among(peers: &Values) -> Vec<String> {
    match peers {
        Values::AnyOf(terms) => terms.iter().filter_map(named).collect(),
        Values::Has { .. } => Vec::new(),
    }
}

/// The trust domain that a policy names in full.
fn named(term: &Term) -> Option<String> {
    let Pattern::Written(text) = &term.pattern else {
        return None;
    };
    named_by(text)
}

fn named_by(text: &str) -> Option<String> {
    let domain = match text.strip_prefix("trust domain ") {
        Some(domain) => domain,
        None => text.split_once('/')?.0,
    };
    let is_one = SpiffeId::parse(format!("spiffe://{domain}/any").as_bytes()).is_ok();
    is_one.then(|| domain.to_owned())
}

/// The trust domain of a peer, if it is refused.
fn of_peer<'t>(trust: &Trust, traffic: &'t Traffic) -> Option<&'t str> {
    let peer = traffic.tls.as_ref()?.peer.as_ref()?;
    if peer.uri_sans.iter().any(|uri| trust.admits(uri)) {
        return None;
    }
    peer.uri_sans.iter().find_map(|uri| trust.refused(uri))
}

/// Why the names of a trust domain are refused.
pub fn reason(trust: &Trust, domain: &str) -> String {
    let names: Vec<String> = trust.names().map(|name| format!("`{name}`")).collect();
    format!(
        "the handshake refuses peers of the trust domain `{domain}`, whatever the policies: the mesh has {}",
        names.join(", ")
    )
}

/// What to do about it.
pub fn help(domain: &str) -> String {
    format!(
        "if `{domain}` is the mesh's own, add it to `trustDomain` or `trustDomainAliases` of the mesh (`--mesh`, or \
         `mesh` in the description for `render`); if it belongs to another mesh, add its roots to `caCertificates` of the mesh"
    )
}
