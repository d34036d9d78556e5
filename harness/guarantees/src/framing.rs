//! Headers that determine where a request ends, which nothing may write.

use peerwarden_engine::FRAMING;

use super::CheckInput;
use super::chain::Http;
use super::cursor::Failure;
use super::header_name::HeaderName;
use super::header_write;

/// Where a header of framing is written, the application reads the body of a request as further requests.
pub(super) fn check(http: &Http<'_>, all: &CheckInput<'_>) -> Result<(), Failure> {
    // `forwarded-client-cert` reports unknown extensions.
    let written = header_write::early(http).unwrap_or_default().into_iter();
    let written = written.chain(header_write::by_filters(http, all)?);
    for written in written.chain(header_write::by_routes(http, all)?) {
        // Filters that change bodies write correct values, and a service that may write any header is the operator's
        // responsibility.
        if written.is_by_body || matches!(written.name, HeaderName::Service) {
            continue;
        }
        if let Some(name) = FRAMING.iter().find(|name| written.is(name)) {
            return Err(written.here.fails(
                format!("this may write `{name}`: the application then reads the body of a request as further requests, which nothing decided"),
                "leave it out, or name each header",
            ));
        }
    }
    Ok(())
}
