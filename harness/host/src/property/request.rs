//! Attributes of a request and its response: HTTP only.

use super::Value;
use crate::connection::Headers;
use crate::status::Status;
use crate::stream::Context;

/// Attributes that come from headers exist while the module holds the headers, and in the log callback.
pub(super) fn request(callback: &str, context: &Context, path: &[&str]) -> Result<Value, Status> {
    let http = context.http().ok_or(Status::NotFound)?;
    let none = Headers::new();
    let shown = http.request.holds_headers || callback == "proxy_on_log";
    let headers = if shown { &http.request.headers } else { &none };
    let body = http.request.body_passed.len() + http.request.body.len();
    let header = |name: &str| joined(headers, name).map(Value::Bytes);
    let found = match path {
        ["path"] => header(":path"),
        ["url_path"] => joined(headers, ":path").map(|path| Value::Bytes(until(&path, b'?').0.to_vec())),
        ["query"] => joined(headers, ":path").map(|path| {
            let (_, query) = until(&path, b'?');
            Value::Bytes(until(query, b'#').0.to_vec())
        }),
        ["method"] => header(":method"),
        ["host"] => header(":authority"),
        ["scheme"] => header(":scheme"),
        ["referer"] => header("referer"),
        ["useragent"] => header("user-agent"),
        ["id"] => header("x-request-id"),
        ["headers", name] => header(&name.to_ascii_lowercase()),
        // Its names cannot be listed.
        ["headers"] => Some(Value::Null),
        ["protocol"] => Some(Value::text(&http.protocol)),
        ["time"] => Some(Value::Nanoseconds(http.time)),
        ["headers_bytes"] => Some(int(size(headers))),
        ["size"] => match joined(headers, "content-length") {
            Some(length) => std::str::from_utf8(&length)
                .ok()
                .and_then(|length| Some(int(length.parse().ok()?))),
            None => Some(int(body)),
        },
        ["total_size"] => Some(int(size(headers) + body)),
        // `duration` is known only when the request is over, which this host does not time.
        _ => None,
    };
    found.ok_or(Status::NotFound)
}

pub(super) fn response(context: &Context, path: &[&str]) -> Result<Value, Status> {
    let http = context.http().ok_or(Status::NotFound)?;
    let local = http.local_response.as_ref();
    let header = |name: &str| joined(&http.response.headers, name);
    let found = match path {
        ["code"] => match local {
            Some(response) => Some(Value::Int(response.code.into())),
            None => header(":status")
                .and_then(|code| String::from_utf8(code).ok()?.parse().ok())
                .map(Value::Int),
        },
        ["code_details"] => local.map(|response| Value::text(&response.details)),
        ["headers", name] => header(&name.to_ascii_lowercase()).map(Value::Bytes),
        ["headers" | "trailers"] => Some(Value::Null),
        ["size"] => Some(int(http.response.body_passed.len())),
        [
            "flags" | "grpc_status" | "headers_bytes" | "trailers" | "total_size" | "backend_latency",
            ..,
        ] => {
            return Err(Status::Unimplemented);
        }
        _ => None,
    };
    found.ok_or(Status::NotFound)
}

/// The lines of a header, joined by commas as the attributes show them.
fn joined(headers: &Headers, name: &str) -> Option<Vec<u8>> {
    let lines = headers.iter().filter(|(header, _)| header == name.as_bytes());
    let lines: Vec<&[u8]> = lines.map(|(_, value)| value.as_slice()).collect();
    (!lines.is_empty()).then(|| lines.join(b",".as_slice()))
}

/// The bytes before the first `byte`, and those after it.
fn until(bytes: &[u8], byte: u8) -> (&[u8], &[u8]) {
    let mut parts = bytes.splitn(2, |other| *other == byte);
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

fn size(headers: &Headers) -> usize {
    headers.iter().map(|(name, value)| name.len() + value.len()).sum()
}

fn int(number: usize) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}
