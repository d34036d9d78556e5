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
    Ok(GuaranteeStatus::Held)
}
