//! The fields of the messages that configure the verification of tokens.

use super::super::chain::Chain;
use super::super::cursor::{Cursor, Failure};

const MAY: &str = "change which tokens are taken, and from where";

/// The filter that verifies tokens:
/// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto>.
const TOKENS: &[&str] = &[
    "bypass_cors_preflight",
    "filter_state_rules",
    "providers",
    "requirement_map",
    "rules",
    "stat_prefix",
    "strip_failure_response",
];

/// A provider of tokens:
/// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto>.
const TOKEN_PROVIDER: &[&str] = &[
    "audiences",
    "claim_to_headers",
    "clear_route_cache",
    "clock_skew_seconds",
    "failed_status_in_metadata",
    "forward",
    "forward_payload_header",
    "from_cookies",
    "from_headers",
    "from_params",
    "header_in_metadata",
    "issuer",
    "local_jwks",
    "max_lifetime",
    "normalize_payload_in_metadata",
    "pad_forward_payload_header",
    "payload_in_metadata",
    "remote_jwks",
    "require_expiration",
    "subjects",
];

/// A rule: which requests need which tokens.
/// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto>
const TOKEN_RULE: &[&str] = &["match", "requirement_name", "requires"];

/// The same, selected by filter state:
/// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto>.
const TOKEN_STATE_RULES: &[&str] = &["name", "requires"];

/// A requirement of tokens:
/// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto>.
const TOKEN_REQUIREMENT: &[&str] = &[
    "allow_missing",
    "allow_missing_or_failed",
    "extract_only_without_validation",
    "provider_and_audiences",
    "provider_name",
    "requires_all",
    "requires_any",
];

/// Checks the fields of each filter that verifies tokens.
pub(super) fn check(chain: &Chain<'_>) -> Result<(), Failure> {
    let filters = chain.http.iter().flat_map(|http| &http.filters);
    for filter in filters.filter(|filter| filter.short() == "jwt_authn") {
        // A filter that is not given is reported by `tokens`.
        let Some(config) = &filter.config else { continue };
        config.only(TOKENS, MAY)?;
        for (_, provider) in config.entries("providers")? {
            provider.only(TOKEN_PROVIDER, MAY)?;
        }
        for (_, requirement) in config.entries("requirement_map")? {
            required(&requirement)?;
        }
        for rule in config.items("rules")? {
            rule.only(TOKEN_RULE, MAY)?;
            if let Some(requirement) = rule.get("requires")? {
                required(&requirement)?;
            }
        }
        if let Some(rules) = config.get("filter_state_rules")? {
            rules.only(TOKEN_STATE_RULES, MAY)?;
            for (_, requirement) in rules.entries("requires")? {
                required(&requirement)?;
            }
        }
    }
    Ok(())
}

fn required(requirement: &Cursor<'_>) -> Result<(), Failure> {
    requirement.only(TOKEN_REQUIREMENT, MAY)?;
    for several in ["requires_any", "requires_all"] {
        if let Some(list) = requirement.get(several)? {
            list.items("requirements")?.iter().try_for_each(required)?;
        }
    }
    Ok(())
}
