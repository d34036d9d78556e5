//! `envoyExtAuthzHttp`: repeats the request's method, path and headers, without its body. 200 allows, 5xx means no
//! answer, anything else denies
//! (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/ext_authz/v3/ext_authz.proto#extensions-filters-http-ext-authz-v3-httpservice>).

use peerwarden_engine::{
    AttributeSource, Authorizer, ExternalAnswer, HeaderPattern, HttpAuthorizer, Lookup, field_value,
    is_framing,
};

use super::{Change, Denial, Outcome};
use crate::abi::{self, HostError};
use crate::attributes::{Attributes, Pairs, decode_pairs, encode_pairs};

/// Headers that Envoy always copies from a denial.
const OF_EVERY_DENIAL: [&str; 2] = ["location", "www-authenticate"];

/// Whether a header belongs to one connection or one request, so that it is never copied to another.
fn is_own(name: &[u8]) -> bool {
    name.starts_with(b":") || name.eq_ignore_ascii_case(b"host") || is_framing(name)
}

/// Sends the question; returns its token, or why it could not be sent.
pub(super) fn ask(
    authorizer: &HttpAuthorizer,
    attributes: &Attributes,
) -> Result<u32, (ExternalAnswer, String)> {
    let unaskable = |what: &str| {
        let failure = format!("the request cannot be sent to it: {what}");
        (ExternalAnswer::Unaskable, failure)
    };
    let pseudo = |name| match attributes.header(name) {
        Lookup::Found(lines) => Ok(Some(lines.iter().collect::<Vec<_>>().concat())),
        Lookup::Missing => Ok(None),
        Lookup::Unavailable => Err(unaskable("its headers cannot be read")),
    };
    let method = pseudo(":method")?.ok_or_else(|| unaskable("it has no method"))?;
    let path = pseudo(":path")?.ok_or_else(|| unaskable("it has no path"))?;
    let authority = pseudo(":authority")?.filter(|authority| !authority.is_empty());
    let mut lines: Pairs = vec![
        (b":method".to_vec(), method),
        (
            b":path".to_vec(),
            [authorizer.path_prefix.as_bytes(), &path].concat(),
        ),
        (
            b":authority".to_vec(),
            authority.unwrap_or_else(|| authorizer.service.authority.clone().into_bytes()),
        ),
        (b":scheme".to_vec(), b"http".to_vec()),
        (b"content-length".to_vec(), b"0".to_vec()),
    ];
    let added = |name: &[u8]| {
        let mut names = authorizer.include_additional_headers.iter();
        names.any(|(own, _)| name.eq_ignore_ascii_case(own.as_bytes()))
    };
    let included = |name: &[u8]| {
        name == b"authorization"
            || authorizer
                .include_request_headers
                .iter()
                .any(|pattern| pattern.matches(name))
    };
    let headers = attributes.header_lines();
    let Lookup::Found(headers) = headers else {
        return Err(unaskable("its headers cannot be read"));
    };
    let own = headers
        .iter()
        .filter(|(name, _)| included(name) && !is_own(name) && !added(name));
    lines.extend(own.map(|(name, value)| (name.to_vec(), field_value(value).to_vec())));
    lines.extend(
        authorizer
            .include_additional_headers
            .iter()
            .filter(|(name, _)| !is_own(name.as_bytes()))
            .map(|(name, value)| (name.to_ascii_lowercase().into_bytes(), value.clone().into_bytes())),
    );
    // An authorizer may read other bytes differently than Envoy, and would then decide on a different request.
    let is_text = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok();
    if !lines.iter().all(|(name, value)| is_text(name) && is_text(value)) {
        return Err(unaskable("its path or a header is not UTF-8"));
    }
    let service = &authorizer.service;
    abi::http_call(&service.cluster, &encode_pairs(&lines), service.timeout).map_err(|failed| {
        let why = if failed == HostError::BAD_ARGUMENT {
            format!("Envoy has no cluster `{}`", service.cluster)
        } else {
            format!("no host of cluster `{}` could be reached", service.cluster)
        };
        (ExternalAnswer::Failed, why)
    })
}

/// Whether an answer has gRPC's form.
///
/// The client's `content-type` may be part of the question, and if that is gRPC's, Envoy's own 503 or 504 in the authorizer's place has
/// status 200, and the failure is in `grpc-status`
/// (<https://github.com/envoyproxy/envoy/blob/main/source/common/http/utility.cc>, `prepareLocalReply`).
fn is_grpc(headers: &Pairs) -> bool {
    /// Those of gRPC, with or without a suffix such as `+proto`.
    const CONTENT_TYPE: &[u8] = b"application/grpc";
    headers.iter().any(|(name, value)| {
        let kind = value.get(..CONTENT_TYPE.len());
        name == b"grpc-status"
            || (name == b"content-type" && kind.is_some_and(|kind| kind.eq_ignore_ascii_case(CONTENT_TYPE)))
    })
}

/// Interprets the answer. An answer that was cut off has no headers; for one that is late, or an authorizer that cannot
/// be reached, Envoy itself answers with 504 or 503.
pub(super) fn outcome(headers: u32, http: &HttpAuthorizer, authorizer: &Authorizer) -> Outcome {
    let failed = |why: String| Outcome::failed(ExternalAnswer::Failed, authorizer, why);
    if headers == 0 {
        let cluster = &http.service.cluster;
        return failed(format!("the answer of cluster `{cluster}` broke off"));
    }
    let headers = abi::call_response_headers().ok().flatten();
    let Some(headers) = headers.and_then(|bytes| decode_pairs(&bytes)) else {
        return failed("its answer cannot be read".to_owned());
    };
    let status = headers.iter().find(|(name, _)| name == b":status");
    let status = status.and_then(|(_, status)| std::str::from_utf8(status).ok()?.parse().ok());
    let Some(status) = status else {
        return failed("its answer has no status".to_owned());
    };
    match status {
        200 if is_grpc(&headers) => failed(
            "the answer has gRPC's form, as Envoy's own to a request whose `content-type` is gRPC's"
                .to_owned(),
        ),
        200 => Outcome::allowed(
            changes(&headers, &http.headers_to_upstream_on_allow),
            changes(&headers, &http.headers_to_downstream_on_allow),
        ),
        201..=499 => {
            let wanted = &http.headers_to_downstream_on_deny;
            let goes_on = |name: &[u8]| {
                wanted.is_empty()
                    || wanted.iter().any(|pattern| pattern.matches(name))
                    || OF_EVERY_DENIAL.iter().any(|own| name == own.as_bytes())
            };
            let mut lines = headers;
            lines.retain(|(name, _)| !is_own(name) && goes_on(name));
            Outcome::denied(Denial {
                status,
                headers: lines,
                body: abi::call_response_body()
                    .ok()
                    .flatten()
                    .unwrap_or_default()
                    .to_vec(),
            })
        }
        other => failed(format!(
            "the answer had status {other}, from the authorizer or from Envoy in its place"
        )),
    }
}

/// The configured headers of the answer: the first line of each replaces existing ones.
fn changes(headers: &Pairs, wanted: &[HeaderPattern]) -> Vec<Change> {
    let mut seen: Vec<&[u8]> = Vec::new();
    let mut changes = Vec::new();
    for (name, value) in headers {
        if is_own(name) || !wanted.iter().any(|pattern| pattern.matches(name)) {
            continue;
        }
        let first = !seen.contains(&name.as_slice());
        seen.push(name);
        changes.push(if first {
            Change::Set(name.clone(), value.clone())
        } else {
            Change::Add(name.clone(), value.clone())
        });
    }
    changes
}
