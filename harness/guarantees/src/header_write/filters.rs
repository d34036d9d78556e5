//! The headers that each kind of filter writes, by its configuration.

use super::super::cursor::{Cursor, Failure};
use super::super::filter::Filter;
use super::super::header_name::HeaderName;
use super::{HeaderWrite, MUTATION, TOKENS, by_option};

/// Filters that write headers of requests, depending on their configuration.
const WRITERS: [&str; 9] = [
    MUTATION,
    TOKENS,
    "basic_auth",
    "api_key_auth",
    "local_ratelimit",
    "geoip",
    "stateful_session",
    "ext_authz",
    "ratelimit",
];

/// Filters that change the body of requests, and the headers that describe it.
const ALWAYS: [(&str, &[&str]); 4] = [
    ("grpc_web", &["content-type", "accept", "te", "content-length"]),
    (
        "decompressor",
        &["content-encoding", "content-length", "accept-encoding"],
    ),
    (
        "compressor",
        &["content-encoding", "content-length", "accept-encoding"],
    ),
    ("buffer", &["content-length", "transfer-encoding"]),
];

/// The headers that a filter of this kind changes together with a request's body, whatever its configuration.
pub(in super::super) fn changed_with_body(kind: &str) -> &'static [&'static str] {
    ALWAYS
        .iter()
        .find(|(own, _)| *own == kind)
        .map_or(&[], |(_, names)| names)
}

/// The headers that a filter writes with its own configuration.
pub(super) fn by_filter<'v>(filter: &Filter<'v>) -> Result<Vec<HeaderWrite<'v>>, Failure> {
    let kind = filter.short();
    let names = changed_with_body(kind);
    if !names.is_empty() {
        let written = |name: &&'static str| HeaderWrite {
            is_by_body: true,
            ..HeaderWrite::of_client(filter.here.clone(), name)
        };
        return Ok(names.iter().map(written).collect());
    }
    if !WRITERS.contains(&kind) {
        return Ok(Vec::new());
    }
    let config = filter.config.as_ref().ok_or_else(|| filter.unread())?;
    by_message(kind, config)
}

/// The headers that a filter of this kind writes with this configuration, of the filter or of a route.
pub(super) fn by_message<'v>(kind: &str, config: &Cursor<'v>) -> Result<Vec<HeaderWrite<'v>>, Failure> {
    let mut found = Vec::new();
    match kind {
        MUTATION => by_mutations(config, &mut found)?,
        "local_ratelimit" => {
            for option in config.items("request_headers_to_add_when_not_enforced")? {
                found.extend(by_option(&option)?);
            }
        }
        TOKENS => {
            // A requirement has one, wherever it is nested.
            for here in config.each_below("verification_status_header") {
                let name = here.text()?;
                found.push(HeaderWrite::of_client(here, name));
            }
            for (_, provider) in config.entries("providers")? {
                let mut of_token: Vec<_> = named(&provider, "forward_payload_header")?.into_iter().collect();
                for claim in provider.items("claim_to_headers")? {
                    of_token.extend(named(&claim, "header_name")?);
                }
                found.extend(of_token.into_iter().map(|written| HeaderWrite {
                    is_of_token: true,
                    ..written
                }));
            }
        }
        // It depends on the version, and on the kind of session, which of its texts name headers.
        "geoip" | "stateful_session" => texts(config, &mut found),
        // The service chooses them; policies then read its values.
        "ratelimit" => found.push(by_service(config.clone(), HeaderName::Service)),
        "ext_authz" => by_authorizer(config, &mut found)?,
        "basic_auth" => found.extend(named(config, "forward_username_header")?),
        "api_key_auth" => {
            if let Some(forwarding) = config.get("forwarding")? {
                found.extend(named(&forwarding, "header")?);
            }
        }
        _ => {}
    }
    Ok(found)
}

/// A header that an operator's service writes.
fn by_service<'v>(here: Cursor<'v>, name: HeaderName<'v>) -> HeaderWrite<'v> {
    HeaderWrite {
        here,
        name,
        formatted: false,
        late: false,
        is_by_body: false,
        is_of_token: false,
    }
}

/// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/ext_authz/v3/ext_authz.proto>
fn by_authorizer<'v>(config: &Cursor<'v>, found: &mut Vec<HeaderWrite<'v>>) -> Result<(), Failure> {
    // A route may name an authorizer of its own.
    let of_route = config.get("check_settings")?;
    let place = of_route.as_ref().unwrap_or(config);
    let Some(response) = place.at(&["http_service", "authorization_response"])? else {
        let by_grpc = place.get("http_service")?.is_none();
        if by_grpc && (of_route.is_none() || place.get("grpc_service")?.is_some()) {
            found.push(by_service(place.clone(), HeaderName::Service));
        }
        return Ok(());
    };
    for field in ["allowed_upstream_headers", "allowed_upstream_headers_to_append"] {
        let Some(list) = response.get(field)? else {
            continue;
        };
        for pattern in list.items("patterns")? {
            let name = HeaderName::of_matcher(&pattern)?;
            found.push(HeaderWrite {
                formatted: matches!(name, HeaderName::Exact(_)),
                ..by_service(pattern, name)
            });
        }
    }
    Ok(())
}

/// Each text below may name a header.
fn texts<'v>(here: &Cursor<'v>, found: &mut Vec<HeaderWrite<'v>>) {
    if let Some(name) = here.value.as_str() {
        found.push(HeaderWrite::of_client(here.clone(), name));
    }
    for part in here.parts() {
        texts(&part, found);
    }
}

fn by_mutations<'v>(config: &Cursor<'v>, found: &mut Vec<HeaderWrite<'v>>) -> Result<(), Failure> {
    let Some(mutations) = config.get("mutations")? else {
        return Ok(());
    };
    for mutation in mutations.items("request_mutations")? {
        if let Some(option) = mutation.get("append")? {
            found.extend(by_option(&option)?);
        }
    }
    Ok(())
}

/// A field that names a header for a text from a client or a token.
fn named<'v>(of: &Cursor<'v>, field: &str) -> Result<Option<HeaderWrite<'v>>, Failure> {
    let Some(here) = of.get(field)? else {
        return Ok(None);
    };
    let name = here.text()?;
    Ok(Some(HeaderWrite::of_client(here, name)))
}
