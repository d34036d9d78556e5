//! Buffers: configurations, bodies, data of connections.

use super::{CallResult, Host};
use crate::callout::CalloutAnswer;
use crate::state::State;
use crate::status::Status;
use crate::stream::ContextKind;

/// The last type in the ABI: the argument of foreign functions.
const LAST: u32 = 8;

/// The contents of a buffer type in Envoy.
enum Buffer<'s> {
    There(&'s [u8]),
    /// Nothing at the moment; Envoy returns an empty buffer all the same.
    Empty,
    /// Envoy answers `NotFound`.
    Missing,
}

fn find(state: &State, number: u32) -> Buffer<'_> {
    let of_stream = |number| match (state.context().map(|context| &context.kind), number) {
        (Some(ContextKind::Http(http)), 0) => Buffer::There(&http.request.body),
        (Some(ContextKind::Http(http)), 1) => Buffer::There(&http.response.body),
        (Some(ContextKind::Tcp(tcp)), 2) => Buffer::There(&tcp.from_client),
        (Some(ContextKind::Tcp(tcp)), 3) => Buffer::There(&tcp.from_upstream),
        (_, _) => Buffer::Empty,
    };
    match number {
        4 => match &state.arrived {
            Some(CalloutAnswer::Http { body, .. }) => Buffer::There(body),
            Some(CalloutAnswer::Grpc(_)) | None => Buffer::Missing,
        },
        5 => match &state.arrived {
            Some(CalloutAnswer::Grpc(message)) => Buffer::There(message),
            Some(CalloutAnswer::Http { .. }) | None => Buffer::Empty,
        },
        6 => Buffer::There(&state.options.configuration),
        7 if state.callback == "proxy_on_configure" => match state.plugin() {
            Some(plugin) => Buffer::There(&plugin.options.configuration),
            None => Buffer::Missing,
        },
        7 => Buffer::Missing,
        _ => of_stream(number),
    }
}

impl Host<'_> {
    /// The bytes of a buffer, possibly none; a buffer type that does not exist here is recorded as a violation.
    fn find(&mut self, number: u32) -> Result<Vec<u8>, super::CallError> {
        if number > LAST {
            return self.refuse(Status::BadArgument, format!("there is no buffer type {number}"));
        }
        let (bytes, here, status) = match find(self.state(), number) {
            Buffer::There(bytes) => (bytes.to_vec(), true, None),
            Buffer::Empty => (Vec::new(), false, None),
            Buffer::Missing => (Vec::new(), false, Some(Status::NotFound)),
        };
        if !here {
            self.violate(format!("buffer {number} is not there now"));
        }
        status.map_or(Ok(bytes), |status| Err(status.into()))
    }

    /// Start and length are 64-bit numbers to Envoy, so that they cannot overflow here.
    pub(super) fn buffer(
        &mut self,
        buffer: u32,
        start: u32,
        length: u32,
        value: u32,
        size: u32,
    ) -> CallResult {
        let bytes = self.find(buffer)?;
        let start = (start as usize).min(bytes.len());
        let end = start.saturating_add(length as usize).min(bytes.len());
        self.give(value, size, bytes.get(start..end).unwrap_or_default())
    }

    pub(super) fn buffer_status(&mut self, buffer: u32, length: u32, flags: u32) -> CallResult {
        let size = self.find(buffer)?.len();
        self.write_u32(length, u32::try_from(size).unwrap_or(u32::MAX))?;
        self.write_u32(flags, 0)
    }

    /// Envoy prepends (start and length 0), replaces everything (start 0), or appends (start at or past the end); it does not write
    /// in the middle.
    pub(super) fn set_buffer(
        &mut self,
        buffer: u32,
        start: u32,
        length: u32,
        value: u32,
        size: u32,
    ) -> CallResult {
        self.find(buffer)?;
        let new = self.bytes(value, size)?;
        let bytes = match (
            self.state().context_mut().map(|context| &mut context.kind),
            buffer,
        ) {
            (Some(ContextKind::Http(http)), 0) => &mut http.request.body,
            (Some(ContextKind::Http(http)), 1) => &mut http.response.body,
            (Some(ContextKind::Tcp(tcp)), 2) => &mut tcp.from_client,
            (Some(ContextKind::Tcp(tcp)), 3) => &mut tcp.from_upstream,
            (_, _) => return self.refuse(Status::BadArgument, format!("buffer {buffer} cannot be written")),
        };
        match (start as usize, length as usize) {
            (0, 0) => {
                bytes.splice(..0, new);
            }
            (0, length) if length >= bytes.len() => *bytes = new,
            (start, _) if start > 0 && start >= bytes.len() => bytes.extend(new),
            (_, _) => {
                return self.refuse(
                    Status::BadArgument,
                    "Envoy does not write in the middle of a buffer",
                );
            }
        }
        Ok(())
    }
}
