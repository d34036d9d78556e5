//! Interprets the details of a response: those of Envoy, its filters and the module.

/// The details of an upstream's answer.
pub(super) const VIA_UPSTREAM: &str = "via_upstream";

/// The details of a connection that no filter chain matched.
pub(super) const NO_CHAIN: &str = "filter_chain_not_found";

/// The details that the router writes, without the part in braces.
pub(super) const ROUTED: [&str; 11] = [
    VIA_UPSTREAM,
    "cluster_not_found",
    "direct_response",
    "maintenance_mode",
    "no_healthy_upstream",
    "response_timeout",
    "route_not_found",
    "upstream_max_stream_duration_reached",
    "upstream_per_try_timeout",
    "upstream_reset_after_response_started",
    "upstream_reset_before_response_started",
];

/// Whether details are the router's, which comes after every filter that may deny.
pub(super) fn is_routed(details: &str) -> bool {
    let name = details.split_once('{').map_or(details, |(name, _)| name);
    ROUTED.contains(&name)
}

/// Whether details are those of a request. Those of a listener or a network filter are of a connection.
pub(super) fn is_of_request(details: &str) -> bool {
    details != NO_CHAIN && !details.starts_with("ext_authz") && !details.starts_with("rbac")
}

/// The policy or provider that denied, by the details that Envoy's RBAC filter, its external authorization and the
/// module write.
pub(super) fn denied_by(details: &[u8]) -> Option<String> {
    let details = std::str::from_utf8(details).ok()?;
    if let Some(id) = details.strip_prefix("rbac_access_denied_matched_policy[") {
        let id = id.strip_suffix(']').unwrap_or(id);
        return Some(
            match peerwarden_traffic::RuleRef::from_id("AuthorizationPolicy", id) {
                Some(by) => by.to_string(),
                None => id.to_owned(),
            },
        );
    }
    let denied = details.starts_with("rbac_access_denied") || details.starts_with("ext_authz_denied");
    denied.then(|| details.to_owned())
}
