//! `envoy.service.auth.v3.CheckResponse`, as bytes
//! (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/auth/v3/external_auth.proto>).

use peerwarden_engine::is_framing;

use crate::pairs::Pairs;
use crate::protobuf::{Fields, Wire};
use crate::request_line;

/// The answer of an external authorizer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckResponse {
    /// The request is allowed.
    Allowed {
        /// Changes to the request before it continues.
        request: Vec<Change>,
        /// Changes to the response.
        response: Vec<Change>,
    },
    /// The request is denied.
    Denied(Denial),
}

/// The answer to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The HTTP status.
    pub status: u16,
    /// Headers, none of them a pseudo-header.
    pub headers: Pairs,
    /// The body.
    pub body: Vec<u8>,
}

/// 403, without headers and body.
impl Default for Denial {
    fn default() -> Self {
        Self {
            status: 403,
            headers: Pairs::default(),
            body: Vec::new(),
        }
    }
}

impl Denial {
    /// Without a body where a response with this status has none (RFC 9110 15.3.5, 15.4.5): the client would read it as the beginning of
    /// the next response.
    #[must_use]
    pub fn framed(mut self) -> Self {
        if matches!(self.status, 204 | 304) {
            self.body.clear();
        }
        self
    }
}

/// A change of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Replaces all lines by this one.
    Set(Vec<u8>, Vec<u8>),
    /// Adds this line.
    Add(Vec<u8>, Vec<u8>),
    /// Appends this to the first line, after a comma; nothing if there is no line.
    Append(Vec<u8>, Vec<u8>),
    /// Adds this line if there is none.
    AddIfAbsent(Vec<u8>, Vec<u8>),
    /// Replaces all lines by this one, if there are any.
    SetIfPresent(Vec<u8>, Vec<u8>),
    /// Removes all lines.
    Remove(Vec<u8>),
}

/// gRPC's `OK`.
const OK: u64 = 0;

/// Why a response is unusable, as the continuation of "its `CheckResponse`".
pub type ResponseFlaw = &'static str;

const MALFORMED: ResponseFlaw = "is malformed";
const IMPOSSIBLE_HEADER: ResponseFlaw = "has an invalid header";

/// Reads `status` (1), `denied_response` (2), `ok_response` (3). Dynamic metadata (4) is ignored: no module can write
/// it.
///
/// A message that neither allows nor denies is not an answer. Protobuf would read a missing status as OK, and so allow
/// on any empty message.
///
/// # Errors
///
/// If the response is unusable.
pub fn read(bytes: &[u8]) -> Result<CheckResponse, ResponseFlaw> {
    let mut code = None;
    let (mut denied, mut allowed): (Option<&[u8]>, Option<&[u8]>) = (None, None);
    for field in Fields(bytes) {
        match field.ok_or(MALFORMED)? {
            (1, Wire::Bytes(status)) => once(&mut code, number(status, 1)?.unwrap_or(OK))?,
            (2, Wire::Bytes(response)) => once(&mut denied, response)?,
            (3, Wire::Bytes(response)) => once(&mut allowed, response)?,
            (4, Wire::Bytes(_)) => {}
            (_, Wire::Varint(_) | Wire::Fixed64(_) | Wire::Bytes(_) | Wire::Fixed32) => {
                return Err("has an unexpected field");
            }
        }
    }
    match (code, allowed, denied) {
        (Some(OK), allowed, None) => read_allowed(allowed.unwrap_or_default()),
        (None, Some(allowed), None) => read_allowed(allowed),
        (Some(OK), _, Some(_)) => Err("both allows and denies"),
        (Some(_), _, denied) => read_denied(denied.unwrap_or_default()),
        (None, None, Some(denied)) => read_denied(denied),
        (None, _, _) => Err("has no status"),
    }
}

/// Protobuf merges a field that occurs twice: a status that denies, followed by an empty one, still denies.
fn once<T>(field: &mut Option<T>, value: T) -> Result<(), ResponseFlaw> {
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err("has a field twice"),
    }
}

/// `DeniedHttpResponse`: `status` (1) with `code` (1), `headers` (2), `body` (3).
fn read_denied(bytes: &[u8]) -> Result<CheckResponse, ResponseFlaw> {
    let mut denial = Denial::default();
    for field in Fields(bytes) {
        match field.ok_or(MALFORMED)? {
            (1, Wire::Bytes(status)) => {
                let code = number(status, 1)?.unwrap_or(0);
                denial.status = u16::try_from(code)
                    .ok()
                    .filter(|code| (200..600).contains(code))
                    .unwrap_or(403);
            }
            (2, Wire::Bytes(option)) => {
                denial.headers.push(header(option)?.line);
            }
            (3, Wire::Bytes(body)) => denial.body = body.to_vec(),
            (_, Wire::Varint(_) | Wire::Fixed64(_) | Wire::Bytes(_) | Wire::Fixed32) => {}
        }
    }
    denial.headers.retain(|(name, _)| !name.starts_with(b":"));
    Ok(CheckResponse::Denied(denial.framed()))
}

/// `OkHttpResponse`: `headers` (2), `headers_to_remove` (5), `response_headers_to_add` (6). Changes of the query (7, 8)
/// are not supported, and an answer that depends on them is not an allow.
fn read_allowed(bytes: &[u8]) -> Result<CheckResponse, ResponseFlaw> {
    // In Envoy's order, whatever the order in the message.
    let (mut set, mut appended, mut removed) = (Vec::new(), Vec::new(), Vec::new());
    let mut response = Vec::new();
    for field in Fields(bytes) {
        match field.ok_or(MALFORMED)? {
            (2, Wire::Bytes(option)) => {
                // For a request's header, Envoy reads only `append`.
                let option = header(option)?;
                let (name, value) = option.line;
                // Envoy's own filter writes these too, and the application then reads a request's body as further requests.
                if is_framing(&name) {
                    continue;
                }
                if let Some(flaw) = request_line::flaw(&name, &value, option.append == Some(true)) {
                    return Err(flaw);
                }
                match option.append {
                    Some(true) => appended.push(Change::Append(name, value)),
                    Some(false) | None => set.push(Change::Set(name, value)),
                }
            }
            (5, Wire::Bytes(name)) => {
                // Envoy does not remove the first two either. Without `upgrade` or `connection`, an application reads what the client
                // sends after an upgrade as further requests.
                let is_needed =
                    name.starts_with(b":") || name.eq_ignore_ascii_case(b"host") || is_framing(name);
                if !is_needed {
                    removed.push(Change::Remove(name.to_ascii_lowercase()));
                }
            }
            (6, Wire::Bytes(option)) => response.extend(response_change(option)?),
            (7 | 8, Wire::Bytes(_)) => return Err("changes the query, which is not supported"),
            (_, Wire::Varint(_) | Wire::Fixed64(_) | Wire::Bytes(_) | Wire::Fixed32) => {}
        }
    }
    Ok(CheckResponse::Allowed {
        request: [set, appended, removed].concat(),
        response,
    })
}

/// `None` for a header of framing, with which a response would end where the application's does not.
fn response_change(option: &[u8]) -> Result<Option<Change>, ResponseFlaw> {
    let HeaderOption { line, append, action } = header(option)?;
    let (name, value) = line;
    if is_framing(&name) {
        return Ok(None);
    }
    if name.starts_with(b":") {
        return Err("writes a header of a response that is only for Envoy");
    }
    let by_flag = append.map(|append| if append { Action::Add } else { Action::Overwrite });
    Ok(Some(match by_flag.unwrap_or(action) {
        Action::Add => Change::Add(name, value),
        Action::AddIfAbsent => Change::AddIfAbsent(name, value),
        Action::Overwrite => Change::Set(name, value),
        Action::OverwriteIfPresent => Change::SetIfPresent(name, value),
    }))
}

/// Name and value.
type Line = (Vec<u8>, Vec<u8>);

/// `HeaderValueOption`.
struct HeaderOption {
    line: Line,
    /// `None` if it is not set.
    append: Option<bool>,
    action: Action,
}

/// What to do with a header that exists already.
#[derive(Clone, Copy)]
enum Action {
    Add,
    AddIfAbsent,
    Overwrite,
    OverwriteIfPresent,
}

/// `HeaderValueOption`: `header` (1) with `key` (1), `value` (2) or `raw_value` (3); `append` (2) with `value` (1);
/// `append_action` (3).
fn header(option: &[u8]) -> Result<HeaderOption, ResponseFlaw> {
    let (mut name, mut value): (&[u8], &[u8]) = (&[], &[]);
    let (mut append, mut action) = (None, Action::Add);
    for field in Fields(option) {
        match field.ok_or(MALFORMED)? {
            (1, Wire::Bytes(header)) => {
                for field in Fields(header) {
                    match field.ok_or(MALFORMED)? {
                        (1, Wire::Bytes(key)) => name = key,
                        (2 | 3, Wire::Bytes(text)) => value = text,
                        (_, Wire::Varint(_) | Wire::Fixed64(_) | Wire::Bytes(_) | Wire::Fixed32) => {}
                    }
                }
            }
            (2, Wire::Bytes(flag)) => append = Some(number(flag, 1)?.unwrap_or(0) != 0),
            (3, Wire::Varint(number)) => {
                action = match number {
                    0 => Action::Add,
                    1 => Action::AddIfAbsent,
                    2 => Action::Overwrite,
                    3 => Action::OverwriteIfPresent,
                    _ => return Err("has an unknown `append_action`"),
                };
            }
            (_, Wire::Varint(_) | Wire::Fixed64(_) | Wire::Bytes(_) | Wire::Fixed32) => {}
        }
    }
    // Only the names of a request's own line begin with a colon.
    let rest = name.strip_prefix(b":").unwrap_or(name);
    if !request_line::is_token(rest) || value.iter().any(|byte| b"\r\n\0".contains(byte)) {
        return Err(IMPOSSIBLE_HEADER);
    }
    Ok(HeaderOption {
        line: (name.to_ascii_lowercase(), value.to_vec()),
        append,
        action,
    })
}

/// The number in this field of a message.
fn number(message: &[u8], wanted: u64) -> Result<Option<u64>, ResponseFlaw> {
    let mut found = None;
    for field in Fields(message) {
        if let (field, Wire::Varint(number)) = field.ok_or(MALFORMED)?
            && field == wanted
        {
            found = Some(number);
        }
    }
    Ok(found)
}
