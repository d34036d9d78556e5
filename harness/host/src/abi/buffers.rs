//! Buffers: configurations, bodies, data of connections.

use super::{Host, Outcome, Stop};
use crate::state::State;
use crate::status::Status;
use crate::stream::Kind;

/// The bytes of a buffer, when it is there now. Configurations can be read while they are configured only.
fn find(state: &State, number: u32) -> Option<&[u8]> {
    match number {
        4 | 5 => return state.arrived.as_ref().map(|arrived| arrived.body.as_slice()),
        6 if state.callback == "proxy_on_vm_start" => return Some(&state.options.configuration),
        7 if matches!(state.callback, "proxy_on_configure" | "proxy_on_vm_start") => {
            return state.plugin().map(|plugin| plugin.options.configuration.as_slice());
        }
        _ => {}
    }
    match (&state.context()?.kind, number) {
        (Kind::Http(http), 0) => Some(&http.request_body),
        (Kind::Http(http), 1) => Some(&http.response_body),
        (Kind::Tcp(tcp), 2) => Some(&tcp.from_client),
        (Kind::Tcp(tcp), 3) => Some(&tcp.from_upstream),
        (Kind::Root | Kind::Http(_) | Kind::Tcp(_), _) => None,
    }
}

impl Host<'_> {
    fn find(&mut self, number: u32) -> Result<&[u8], Stop> {
        if find(self.state(), number).is_none() {
            return self.refuse(Status::NotFound, format!("buffer {number} is not there now"));
        }
        find(self.state(), number).ok_or(Stop::Status(Status::NotFound))
    }

    pub(super) fn buffer(&mut self, buffer: u32, start: u32, length: u32, value: u32, size: u32) -> Outcome {
        let bytes = self.find(buffer)?.to_vec();
        let Some(end) = start.checked_add(length) else {
            return self.refuse(Status::BadArgument, "start and length overflow");
        };
        let end = (end as usize).min(bytes.len());
        match bytes.get(start as usize..end) {
            // Envoy leaves the results as they are.
            None | Some([]) => Ok(()),
            Some(part) => {
                let part = part.to_vec();
                self.give(value, size, &part)
            }
        }
    }

    pub(super) fn buffer_status(&mut self, buffer: u32, length: u32, flags: u32) -> Outcome {
        let size = self.find(buffer)?.len();
        self.write_u32(length, u32::try_from(size).unwrap_or(u32::MAX))?;
        self.write_u32(flags, 0)
    }

    /// Replaces `length` bytes from `start`; past the end it appends, with start and length 0 it prepends.
    pub(super) fn set_buffer(&mut self, buffer: u32, start: u32, length: u32, value: u32, size: u32) -> Outcome {
        let new = self.bytes(value, size)?;
        self.find(buffer)?;
        let bytes = match (self.state().context_mut().map(|context| &mut context.kind), buffer) {
            (Some(Kind::Http(http)), 0) => &mut http.request_body,
            (Some(Kind::Http(http)), 1) => &mut http.response_body,
            (Some(Kind::Tcp(tcp)), 2) => &mut tcp.from_client,
            (Some(Kind::Tcp(tcp)), 3) => &mut tcp.from_upstream,
            (_, _) => return self.refuse(Status::BadArgument, format!("buffer {buffer} cannot be written")),
        };
        let start = (start as usize).min(bytes.len());
        let end = start.saturating_add(length as usize).min(bytes.len());
        bytes.splice(start..end, new);
        Ok(())
    }
}
