//! Over TLS nobody comes in without a certificate.

use super::chain::{Chain, Transport};
use super::{All, Outcome, Verdict};

pub(super) fn check(chain: &Chain<'_>, _: &All<'_>) -> Outcome {
    let tls = match &chain.transport {
        Transport::Plaintext => return Ok(Verdict::DoesNotApply("plaintext")),
        Transport::Tls(tls) => tls,
        Transport::Other(socket) => return Err(socket.fails(UNREAD.0, UNREAD.1)),
    };
    if tls.flag("require_client_certificate")? {
        return Ok(Verdict::Held);
    }
    Err(tls.or_here("require_client_certificate").fails(
        "a client without a certificate comes in, and is nobody to the policies",
        "write `require_client_certificate: true`",
    ))
}

/// Of a transport socket that is not read.
pub(super) const UNREAD: (&str, &str) = (
    "cannot be told: this transport socket is not read",
    "use `envoy.transport_sockets.tls` with a `DownstreamTlsContext`",
);
