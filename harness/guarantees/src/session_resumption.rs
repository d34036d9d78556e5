//! Guarantee: each connection proves its certificate again.

use super::chain::{Chain, Transport};
use super::client_certificate::UNREAD;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus};

pub(super) fn check(chain: &Chain<'_>, _: &CheckInput<'_>) -> GuaranteeResult {
    let tls = match &chain.transport {
        Transport::Plaintext => return Ok(GuaranteeStatus::DoesNotApply("plaintext")),
        Transport::Tls(tls) => tls,
        Transport::Other(socket) => return Err(socket.fails(UNREAD.0, UNREAD.1)),
    };
    for name in [
        "disable_stateless_session_resumption",
        "disable_stateful_session_resumption",
    ] {
        if !tls.flag(name)? {
            return Err(tls.or_here(name).fails(
                "a resumed session is not verified again: its certificate may have expired or been revoked",
                format!("write `{name}: true`"),
            ));
        }
    }
    if let Some(quic) = chain.quic()?
        && quic.get("enable_resumption")?.is_some()
        && !matches!(quic.flag("enable_resumption"), Ok(false))
    {
        return Err(quic.or_here("enable_resumption").fails(
            "over QUIC, sessions are resumed whatever the TLS context says: a resumed session is not verified again",
            "leave `enable_resumption` out",
        ));
    }
    Ok(GuaranteeStatus::Held)
}
