//! Headers that determine where a request ends and what its connection carries, which nothing may change.

use peerwarden_engine::FRAMING;

use super::CheckInput;
use super::chain::Http;
use super::cursor::{Cursor, Failure};
use super::header_name::HeaderName;
use super::header_removal;
use super::header_write;

/// A further one, of upgrades to HTTP/2 (RFC 7540 3.2.1).
const SETTINGS: &str = "http2-settings";

/// Without one of these, a request has another end. Without another, it only offers less.
const NEEDED: [&str; 4] = ["connection", "content-length", "transfer-encoding", "upgrade"];

/// What gRPC asks for; it changes no end.
const TRAILERS: (&str, &str) = ("te", "trailers");

/// Where such a header is written or removed, the application reads the body of a request as further requests.
pub(super) fn check(http: &Http<'_>, all: &CheckInput<'_>) -> Result<(), Failure> {
    // `forwarded-client-cert` reports unknown extensions.
    let written = header_write::early(http).unwrap_or_default().into_iter();
    let written = written.chain(header_write::by_filters(http, all)?);
    for written in written.chain(header_write::by_routes(http, all)?) {
        // Filters that change bodies write correct values.
        if written.is_by_body || is_of_service(written.name) || is_trailers(&written.here)? {
            continue;
        }
        let mut names = FRAMING.iter().chain([&SETTINGS]);
        if let Some(name) = names.find(|name| written.is(name)) {
            return Err(changes(&written.here, "write", name));
        }
    }
    for removed in header_removal::anywhere(http, all)? {
        if removed.is_by_body {
            continue;
        }
        if let Some(name) = NEEDED.iter().find(|name| removed.name.is_to_envoy(name)) {
            return Err(changes(&removed.here, "remove", name));
        }
    }
    Ok(())
}

/// A service that may write any header is the operator's responsibility.
fn is_of_service(name: HeaderName<'_>) -> bool {
    matches!(name, HeaderName::Service)
}

/// Whether this is the field `header` of an option that writes `te: trailers`.
fn is_trailers(here: &Cursor<'_>) -> Result<bool, Failure> {
    let (name, value) = TRAILERS;
    let is_text = |field: &str, text: &str| -> bool {
        let found = here.get(field).ok().flatten();
        found.is_some_and(|found| {
            found
                .value
                .as_str()
                .is_some_and(|own| own.eq_ignore_ascii_case(text))
        })
    };
    Ok(is_text("key", name) && is_text("value", value) && here.get("raw_value")?.is_none())
}

fn changes(here: &Cursor<'_>, how: &str, name: &str) -> Failure {
    here.fails(
        format!("this may {how} `{name}`: the application then reads the body of a request as further requests, which nothing decided"),
        "leave it out, or name each header",
    )
}
