//! Guarantee: over TLS, nobody is allowed without a certificate.

use super::chain::{Chain, Transport};
use super::{CheckInput, GuaranteeResult, GuaranteeStatus};

pub(super) fn check(chain: &Chain<'_>, _: &CheckInput<'_>) -> GuaranteeResult {
    let tls = match &chain.transport {
        Transport::Plaintext => return Ok(GuaranteeStatus::DoesNotApply("plaintext")),
        Transport::Tls(tls) => tls,
        Transport::Other(socket) => return Err(socket.fails(UNREAD.0, UNREAD.1)),
    };
    if tls.flag("require_client_certificate")? {
        return Ok(GuaranteeStatus::Held);
    }
    Err(tls.or_here("require_client_certificate").fails(
        "a client without a certificate gets in, and has no identity",
        "write `require_client_certificate: true`",
    ))
}

/// The failure of a transport socket that is not supported.
pub(super) const UNREAD: (&str, &str) = (
    "cannot be verified: this transport socket is not supported",
    "use `envoy.transport_sockets.tls` with a `DownstreamTlsContext`",
);
