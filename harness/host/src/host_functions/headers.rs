//! Header maps.
//!
//! Not simulated: when a line is added to a known header of one value (`x-forwarded-for`), Envoy joins the two.

use super::{CallError, CallResult, Host};
use crate::callout::CalloutAnswer;
use crate::connection::Headers;
use crate::pairs;
use crate::state::State;
use crate::status::Status;

/// The last type in the ABI: trailers of an HTTP call.
const LAST: u32 = 7;

/// The callback in which Envoy shows, read-only, the headers that have passed the filter.
const LOG: &str = "proxy_on_log";

/// The map of a type, if it can be read now.
fn readable(state: &State, number: u32) -> Option<&Headers> {
    match (number, &state.arrived) {
        (6, Some(CalloutAnswer::Http { headers, .. })) => return Some(headers),
        (7, Some(CalloutAnswer::Http { trailers, .. })) => {
            return Some(trailers).filter(|lines| !lines.is_empty());
        }
        (4..=7, _) => return None,
        _ => {}
    }
    let http = state.context()?.http()?;
    let logs = state.callback == LOG;
    match number {
        0 => Some(&http.request.headers).filter(|_| logs || http.request.holds_headers),
        1 => http.request.trailers.as_ref().filter(|_| !logs),
        2 => Some(&http.response.headers)
            .filter(|_| http.response.begun && (logs || http.response.holds_headers)),
        3 => http.response.trailers.as_ref(),
        _ => None,
    }
}

/// The map of a type, if it can be changed now.
fn writable(state: &mut State, number: u32) -> Option<&mut Headers> {
    if state.callback == LOG {
        return None;
    }
    let http = state.context_mut()?.http_mut()?;
    match number {
        0 if http.request.holds_headers => Some(&mut http.request.headers),
        1 => http.request.trailers.as_mut(),
        2 if http.response.holds_headers => Some(&mut http.response.headers),
        3 => http.response.trailers.as_mut(),
        _ => None,
    }
}

impl Host<'_> {
    fn known(&mut self, number: u32) -> Result<(), CallError> {
        if number > LAST {
            return self.refuse(
                Status::BadArgument,
                format!("there is no header map type {number}"),
            );
        }
        Ok(())
    }

    fn writable(&mut self, number: u32) -> Result<&mut Headers, CallError> {
        self.known(number)?;
        if writable(self.state(), number).is_none() {
            return self.refuse(
                Status::BadArgument,
                format!("header map {number} is not there to be changed now"),
            );
        }
        writable(self.state(), number).ok_or(CallError::Status(Status::BadArgument))
    }

    /// The first line of that name: the others are only in the map.
    pub(super) fn header(&mut self, map: u32, key: u32, key_size: u32, value: u32, size: u32) -> CallResult {
        let key = self.name(key, key_size)?;
        self.known(map)?;
        let logs = self.state().callback == LOG;
        let Some(lines) = readable(self.state(), map) else {
            let status = if logs {
                Status::NotFound
            } else {
                Status::BadArgument
            };
            return self.refuse(status, format!("header map {map} is not there now"));
        };
        let first = lines
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value.clone());
        self.give(value, size, &first.ok_or(Status::NotFound)?)
    }

    pub(super) fn add_header(
        &mut self,
        map: u32,
        key: u32,
        key_size: u32,
        value: u32,
        size: u32,
    ) -> CallResult {
        let (key, value) = (self.name(key, key_size)?, self.bytes(value, size)?);
        insert(self.writable(map)?, key, value);
        Ok(())
    }

    pub(super) fn replace_header(
        &mut self,
        map: u32,
        key: u32,
        key_size: u32,
        value: u32,
        size: u32,
    ) -> CallResult {
        let (key, value) = (self.name(key, key_size)?, self.bytes(value, size)?);
        let lines = self.writable(map)?;
        lines.retain(|(name, _)| *name != key);
        insert(lines, key, value);
        Ok(())
    }

    pub(super) fn remove_header(&mut self, map: u32, key: u32, key_size: u32) -> CallResult {
        let key = self.name(key, key_size)?;
        self.writable(map)?.retain(|(name, _)| *name != key);
        Ok(())
    }

    /// A missing map is an empty one to Envoy.
    pub(super) fn headers(&mut self, map: u32, value: u32, size: u32) -> CallResult {
        self.known(map)?;
        let bytes = match readable(self.state(), map) {
            Some(lines) if lines.is_empty() => Vec::new(),
            Some(lines) => pairs::encode(lines),
            None => {
                self.violate(format!("header map {map} is not there now"));
                Vec::new()
            }
        };
        self.give(value, size, &bytes)
    }

    pub(super) fn set_headers(&mut self, map: u32, value: u32, size: u32) -> CallResult {
        let pairs = self.pairs(value, size)?;
        let lines = self.writable(map)?;
        lines.clear();
        for (name, value) in pairs {
            insert(lines, name.to_ascii_lowercase(), value);
        }
        Ok(())
    }

    pub(super) fn headers_size(&mut self, map: u32, result: u32) -> CallResult {
        let size: usize = self
            .writable(map)?
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        self.write_u32(result, u32::try_from(size).unwrap_or(u32::MAX))
    }

    /// A map that the module wrote. If it is malformed, or larger than 1 MiB or 1024 pairs, Envoy silently treats it as
    /// empty.
    pub(super) fn pairs(&mut self, pointer: u32, size: u32) -> Result<Headers, CallError> {
        let bytes = self.bytes(pointer, size)?;
        Ok(pairs::decode(&bytes).unwrap_or_else(|| {
            self.violate("the map is malformed, or larger than Envoy takes: it counts as empty");
            Headers::new()
        }))
    }

    /// Envoy's names are in lower case.
    fn name(&mut self, pointer: u32, size: u32) -> Result<Vec<u8>, CallError> {
        self.bytes(pointer, size).map(|name| name.to_ascii_lowercase())
    }
}

/// Pseudo-headers stay ahead of the others.
fn insert(lines: &mut Headers, name: Vec<u8>, value: Vec<u8>) {
    let end = if name.starts_with(b":") {
        lines
            .iter()
            .take_while(|(name, _)| name.starts_with(b":"))
            .count()
    } else {
        lines.len()
    };
    lines.insert(end, (name, value));
}
