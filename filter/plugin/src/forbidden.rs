//! The answer to a request that is denied: 403.

use peerwarden_engine::Judgement;

use crate::abi::{self, HostError};
use crate::report;

/// What Envoy's own RBAC filter answers: <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rbac_filter>.
const DENIED: (u16, &[u8]) = (403, b"RBAC: access denied");

/// Answers a request that was allowed before, and has no response yet.
pub(crate) fn to_open(judgement: Option<&Judgement<'_>>) -> Result<(), HostError> {
    answer(&report::details(judgement.map(|judgement| &judgement.decision)))
}

/// With these response-code details.
///
/// # Errors
/// That Envoy does not take it.
pub(crate) fn answer(details: &str) -> Result<(), HostError> {
    let (code, body) = DENIED;
    abi::respond(code.into(), details, body, &[])
}
