//! What a client says of its own certificate in `X-Forwarded-Client-Cert` does not reach the application.

use super::chain::Chain;
use super::{All, Outcome, Verdict};

/// Those that drop what the client said; the first is the default.
const SANITIZE: [&str; 3] = ["", "SANITIZE", "SANITIZE_SET"];

pub(super) fn check(chain: &Chain<'_>, _: &All<'_>) -> Outcome {
    let Some(http) = &chain.http else {
        return Ok(Verdict::DoesNotApply("TCP"));
    };
    if let Some(matcher) = http.manager.get("forward_client_cert_matcher")? {
        return Err(matcher.fails(
            "cannot be told: requests that match may keep the header",
            "leave `forward_client_cert_matcher` out",
        ));
    }
    let details = http.manager.word("forward_client_cert_details")?;
    if SANITIZE.contains(&details) {
        return Ok(Verdict::Held);
    }
    Err(http.manager.or_here("forward_client_cert_details").fails(
        format!(
            "with `{details}` the application gets what a client says of itself in `X-Forwarded-Client-Cert`"
        ),
        "write `SANITIZE_SET`, or `SANITIZE`",
    ))
}
