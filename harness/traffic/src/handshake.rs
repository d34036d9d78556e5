//! The peers that a handshake refuses before any policy is evaluated: those of trust domains that the mesh does not accept.

use peerwarden_engine::WorkloadKind;
use peerwarden_render::trust::Trust;

use crate::traffic::Traffic;

/// Why the handshake refuses the peer, whatever policies say; `None` if it is accepted, or if another listener
/// terminates its TLS.
pub fn refusal(trust: &Trust, workload: WorkloadKind, traffic: &Traffic) -> Option<String> {
    let domain = refused_domain(trust, traffic).filter(|_| refuses(workload))?;
    Some(reason(trust, domain))
}

/// Whether the handshake of such a workload refuses trust domains that the mesh does not accept.
pub fn refuses(workload: WorkloadKind) -> bool {
    // A gateway's servers have roots of their own, a waypoint's peer is vouched for by its tunnel.
    workload == WorkloadKind::Sidecar
}

/// The trust domain of a peer, if the mesh does not accept it.
pub fn refused_domain<'t>(trust: &Trust, traffic: &'t Traffic) -> Option<&'t str> {
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
