//! Attributes of a request and its response: HTTP only.

use super::Value;
use crate::connection::Headers;
use crate::state::State;
use crate::status::Status;
use crate::stream::Context;

pub(super) fn request(state: &State, context: &Context, path: &[&str]) -> Result<Value, Status> {
    let http = context.http().ok_or(Status::NotFound)?;
    let headers = &http.request.headers;
    let size = |headers: &Headers| headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
    let int = |number: usize| Some(Value::Int(i64::try_from(number).unwrap_or(i64::MAX)));
    let found = match path {
        ["path"] => joined(headers, ":path"),
        ["url_path"] => joined(headers, ":path").map(|path| match path {
            Value::Bytes(path) => {
                let end = path.iter().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(path.len());
                Value::Bytes(path.get(..end).unwrap_or_default().to_vec())
            }
            other => other,
        }),
        ["query"] => joined(headers, ":path").map(|path| match path {
            Value::Bytes(path) => {
                let mut parts = path.splitn(2, |byte| *byte == b'?').skip(1);
                let query = parts.next().unwrap_or_default();
                Value::Bytes(query.split(|byte| *byte == b'#').next().unwrap_or_default().to_vec())
            }
            other => other,
        }),
        ["method"] => joined(headers, ":method"),
        ["host"] => joined(headers, ":authority"),
        ["scheme"] => joined(headers, ":scheme"),
        ["referer"] => joined(headers, "referer"),
        ["useragent"] => joined(headers, "user-agent"),
        ["id"] => joined(headers, "x-request-id"),
        ["headers", name] => joined(headers, &name.to_ascii_lowercase()),
        ["headers"] => return Err(Status::Unimplemented),
        ["protocol"] => Some(Value::text("HTTP/1.1")),
        ["time"] => Some(Value::Nanoseconds(state.nanoseconds())),
        ["headers_bytes"] => int(size(headers)),
        ["size"] => int(http.request_body.len()),
        ["total_size"] => int(size(headers) + http.request_body.len() + size(&http.request_trailers)),
        // Known only when the request is over.
        ["duration"] => None,
        _ => None,
    };
    found.ok_or(Status::NotFound)
}

pub(super) fn response(context: &Context, path: &[&str]) -> Result<Value, Status> {
    let http = context.http().ok_or(Status::NotFound)?;
    let local = http.local_response.as_ref();
    let code = || {
        let header = http.response_headers.as_ref().and_then(|headers| joined(headers, ":status"));
        let text = match header? {
            Value::Bytes(text) => String::from_utf8(text).ok()?,
            _ => return None,
        };
        text.parse().ok()
    };
    let found = match path {
        ["code"] => local.map(|response| i64::from(response.code)).or_else(code).map(Value::Int),
        ["code_details"] => local.map(|response| Value::text(&response.details)),
        ["headers", name] => {
            http.response_headers.as_ref().and_then(|headers| joined(headers, &name.to_ascii_lowercase()))
        }
        ["size"] => Some(Value::Int(i64::try_from(http.response_body.len()).unwrap_or(i64::MAX))),
        ["flags" | "grpc_status" | "headers" | "headers_bytes" | "trailers" | "total_size" | "backend_latency"] => {
            return Err(Status::Unimplemented);
        }
        _ => None,
    };
    found.ok_or(Status::NotFound)
}

/// The lines of a header, joined by commas as the attributes show them.
fn joined(headers: &Headers, name: &str) -> Option<Value> {
    let lines: Vec<&[u8]> = headers
        .iter()
        .filter(|(header, _)| header == name.as_bytes())
        .map(|(_, value)| value.as_slice())
        .collect();
    (!lines.is_empty()).then(|| Value::Bytes(lines.join(b",".as_slice())))
}
