//! Which of the peers in an answer the handshake refuses, whatever the policies say.

use peerwarden_analysis::{Label, Pattern, Values, trust_domain};
use peerwarden_engine::WorkloadKind;
use peerwarden_render::trust::Trust;
use peerwarden_traffic::{Traffic, handshake};

/// The trust domains that a handshake refuses among the peers of a class of traffic: those that policies name, or else that of its
/// example.
pub(crate) fn of_class(
    trust: &Trust,
    workload: WorkloadKind,
    peers: &Values,
    example: &Traffic,
) -> Vec<String> {
    if !handshake::refuses(workload) {
        return Vec::new();
    }
    let mut domains = named(peers);
    let known = !domains.is_empty();
    domains.retain(|domain| !trust.has(domain));
    if !known && let Some(domain) = handshake::refused_domain(trust, example) {
        domains.push(domain);
    }
    domains.sort_unstable();
    domains.dedup();
    domains.into_iter().map(str::to_owned).collect()
}

/// The trust domains that a handshake refuses among callers, of those that policies name.
pub(crate) fn of_callers(trust: &Trust, workload: WorkloadKind, peers: &Values) -> Vec<String> {
    let mut domains = named(peers);
    domains.retain(|domain| handshake::refuses(workload) && !trust.has(domain));
    domains.into_iter().map(str::to_owned).collect()
}

/// The same for a caller by its principal.
pub(crate) fn of_caller(trust: &Trust, workload: WorkloadKind, principal: &str) -> Option<String> {
    let domain = trust_domain(principal)?;
    let is_refused = handshake::refuses(workload) && !trust.has(domain);
    is_refused.then(|| domain.to_owned())
}

/// The same for several.
pub(crate) fn of_named(trust: &Trust, workload: WorkloadKind, principals: &[String]) -> Vec<String> {
    let principals = principals.iter();
    let mut domains: Vec<String> = principals
        .filter_map(|principal| of_caller(trust, workload, principal))
        .collect();
    domains.sort_unstable();
    domains.dedup();
    domains
}

/// The trust domains that policies name in full.
fn named(peers: &Values) -> Vec<&str> {
    let terms = match peers {
        Values::AnyOf(terms) => terms.as_slice(),
        Values::Has { .. } => &[],
    };
    let labels = terms.iter().filter_map(|term| match &term.pattern {
        Pattern::Written(label) => Some(label),
        Pattern::Plaintext
        | Pattern::NoCertificate
        | Pattern::Certificate
        | Pattern::NoUriSan
        | Pattern::NotAHost
        | Pattern::SmallLetters
        | Pattern::TrailingDot
        | Pattern::Absent
        | Pattern::Any
        | Pattern::Like(_)
        | Pattern::Answer(_) => None,
    });
    labels.filter_map(Label::trust_domain).collect()
}
