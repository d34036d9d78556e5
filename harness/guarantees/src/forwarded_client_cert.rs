//! Guarantee: a client's own `X-Forwarded-Client-Cert` does not reach the application.

use super::chain::Chain;
use super::header_name::HeaderName;
use super::header_names::closed;
use super::header_write;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus};

/// The modes, in the order of their numbers.
const DETAILS: [&str; 5] = [
    "SANITIZE",
    "FORWARD_ONLY",
    "APPEND_FORWARD",
    "SANITIZE_SET",
    "ALWAYS_FORWARD_ONLY",
];

/// The modes that drop the client's value.
const SANITIZE: [&str; 2] = ["SANITIZE", "SANITIZE_SET"];

const HEADER: &str = "x-forwarded-client-cert";

pub(super) fn check(chain: &Chain<'_>, all: &CheckInput<'_>) -> GuaranteeResult {
    let Some(http) = &chain.http else {
        return Ok(GuaranteeStatus::DoesNotApply("TCP"));
    };
    if let Some(matcher) = http.manager.get("forward_client_cert_matcher")? {
        return Err(matcher.fails(
            "cannot be verified: requests that match may keep the header",
            "leave `forward_client_cert_matcher` out",
        ));
    }
    let details = http.manager.one_of("forward_client_cert_details", &DETAILS)?;
    if !SANITIZE.contains(&details) {
        return Err(http.manager.or_here("forward_client_cert_details").fails(
            format!(
                "with `{details}`, the application gets an `X-Forwarded-Client-Cert` that the client wrote itself"
            ),
            "write `SANITIZE_SET`, or `SANITIZE`",
        ));
    }
    closed(http, |client| {
        format!(
            "with {client}, a client's `X_Forwarded_Client_Cert` reaches the application, which may treat it as \
             `X-Forwarded-Client-Cert`"
        )
    })?;
    // Envoy drops the header by its exact name, after early mutation.
    let early = header_write::early(http)?.into_iter();
    let early = early.filter(|written| !written.is_exactly(HEADER));
    let late = header_write::by_filters(http, all)?.into_iter();
    let mut written = early.chain(late).chain(header_write::by_routes(http, all)?);
    // A service that may write any header is the operator's responsibility.
    match written.find(|written| !matches!(written.name, HeaderName::Service) && written.is(HEADER)) {
        None => Ok(GuaranteeStatus::Held),
        Some(written) => Err(written.here.fails(
            "the application gets the `X-Forwarded-Client-Cert` that this writes, whoever the client is",
            "remove it: with `SANITIZE_SET`, Envoy writes the header",
        )),
    }
}
