//! The answer to a denied request: 403.

use peerwarden_engine::Judgement;

use crate::abi::{self, HostError};
use crate::report;

/// The answer of Envoy's own RBAC filter:
/// <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rbac_filter>.
const DENIED: (u16, &[u8]) = (403, b"RBAC: access denied");

/// Answers a request that was allowed before, and has no response yet.
pub(crate) fn to_open(judgement: Option<&Judgement<'_>>) -> Result<(), HostError> {
    answer(&report::details(judgement.map(|judgement| &judgement.decision)))
}

/// Answers with these response-code details.
///
/// # Errors
///
/// If Envoy does not accept it.
pub(crate) fn answer(details: &str) -> Result<(), HostError> {
    let (code, body) = DENIED;
    abi::respond(code.into(), details, body, &[])
}
