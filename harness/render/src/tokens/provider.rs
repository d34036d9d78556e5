//! One rule as a provider of `jwt_authn`
//! (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto>).

use std::collections::BTreeSet;
use std::time::Duration;

use peerwarden_engine::TokenRule;
use peerwarden_engine::resource::{ClaimHeader, JwtRule, KeySource, TokenHeader};
use serde::Serialize;

use super::key_server::KeyServer;

/// The claims that Istio always splits at spaces.
const SPLIT: [&str; 2] = ["permission", "scope"];

/// Istio's limit for fetching keys, if the rule has none.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The context of a provider in the template.
#[derive(Debug, Serialize)]
pub(super) struct Provider {
    name: String,
    /// The document and the rule, for people.
    says: String,
    issuer: String,
    audiences: Vec<String>,
    /// The key set; empty if it is fetched.
    jwks: String,
    remote: Option<Remote>,
    space_delimited_claims: BTreeSet<String>,
    forward: bool,
    payload_header: Option<String>,
    claim_headers: Vec<Claim>,
    from_headers: Vec<Header>,
    from_params: Vec<String>,
    from_cookies: Vec<String>,
}

/// Keys that Envoy fetches.
#[derive(Debug, Serialize)]
struct Remote {
    uri: String,
    cluster: String,
    /// As in protobuf's JSON.
    timeout: String,
}

/// A header that gets a claim.
#[derive(Debug, Serialize)]
struct Claim {
    header: String,
    claim: String,
}

/// A header with a token.
#[derive(Debug, Serialize)]
struct Header {
    name: String,
    prefix: String,
}

impl Provider {
    /// The provider of a rule; `None` if its keys are unknown.
    pub(super) fn new(number: usize, merged: &TokenRule<'_>) -> Option<Self> {
        let rule = merged.rule;
        let (keys, remote) = match &rule.keys {
            KeySource::Inline(keys) => (keys.clone(), None),
            KeySource::Fetched(url) => {
                let remote = Remote {
                    uri: super::key_server::uri(url),
                    cluster: KeyServer::of(&rule.keys)?.name(),
                    timeout: seconds(rule.timeout.unwrap_or(TIMEOUT)),
                };
                (String::new(), Some(remote))
            }
            KeySource::Discovered => return None,
        };
        let metadata = &merged.document.metadata;
        Some(Self {
            name: format!("origins-{number}"),
            says: format!(
                "Rule {} of RequestAuthentication {}/{}.",
                merged.index, metadata.namespace, metadata.name
            ),
            issuer: rule.issuer.clone(),
            audiences: rule.audiences.clone(),
            jwks: keys,
            remote,
            space_delimited_claims: split(rule),
            forward: rule.forward_original_token,
            payload_header: rule.output_payload_to_header.clone(),
            claim_headers: rule.output_claim_to_headers.iter().map(Claim::of).collect(),
            from_headers: rule.from_headers.iter().map(Header::of).collect(),
            from_params: rule.from_params.clone(),
            from_cookies: rule.from_cookies.clone(),
        })
    }
}

fn split(rule: &JwtRule) -> BTreeSet<String> {
    let own = rule.space_delimited_claims.iter().cloned();
    SPLIT.iter().map(|claim| (*claim).to_owned()).chain(own).collect()
}

/// A duration as in protobuf's JSON. Envoy accepts a timeout of less than 2³² seconds.
fn seconds(time: Duration) -> String {
    let whole = time.as_secs().min(u64::from(u32::MAX));
    match time.subsec_nanos() {
        0 => format!("{whole}s"),
        nanos => format!("{whole}.{nanos:09}s"),
    }
}

impl Claim {
    fn of(claim: &ClaimHeader) -> Self {
        Self {
            header: claim.header.clone(),
            claim: claim.claim.clone(),
        }
    }
}

impl Header {
    fn of(header: &TokenHeader) -> Self {
        Self {
            name: header.name.clone(),
            prefix: header.prefix.clone(),
        }
    }
}
