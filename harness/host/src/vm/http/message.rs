//! Delivers a request or a response to the module, part by part.

use super::show::{FilterStatus, MessagePart};
use crate::connection::Headers;
use crate::stream::http::HttpOutcome;
use crate::stream::message::{Direction, Message};
use crate::vm::{HttpStreamId, StreamError, Vm};

impl Vm {
    /// Delivers the headers. A request's context is created first, as in Envoy.
    pub(super) fn show_headers(
        &mut self,
        id: u32,
        direction: Direction,
        end_of_stream: bool,
    ) -> Result<FilterStatus, StreamError> {
        let message = self.message(id, direction)?;
        message.begun = true;
        message.holds_headers = true;
        let arguments = [count(&message.headers), u32::from(end_of_stream)];
        if direction == Direction::Request {
            self.create(id);
        }
        let status = self.show(id, direction, MessagePart::Headers, &arguments)?;
        if let Ok(message) = self.message(id, direction) {
            message.holds_headers &= status != FilterStatus::Continue;
        }
        Ok(status)
    }

    /// Delivers a part of the body, unless it must wait for the headers or the stream is over.
    pub(super) fn body(
        &mut self,
        stream: HttpStreamId,
        direction: Direction,
        bytes: &[u8],
        end_of_stream: bool,
    ) -> Result<HttpOutcome, StreamError> {
        let http = self.http(stream)?;
        if !http.is_over() {
            match &mut http.message(direction).behind {
                Some(behind) => behind.add(bytes, end_of_stream),
                None => self.show_body(stream.0, direction, bytes, end_of_stream)?,
            }
        }
        self.outcome(stream)
    }

    pub(in crate::vm) fn show_body(
        &mut self,
        id: u32,
        direction: Direction,
        bytes: &[u8],
        end_of_stream: bool,
    ) -> Result<(), StreamError> {
        let body = &mut self.message(id, direction)?.body;
        body.extend(bytes);
        let arguments = [length(body.len()), u32::from(end_of_stream)];
        let status = self.show(id, direction, MessagePart::Body, &arguments)?;
        if let Ok(message) = self.message(id, direction) {
            match status {
                FilterStatus::Continue => message.pass_body(),
                FilterStatus::Hold => {}
                FilterStatus::Drop => message.body.clear(),
            }
        }
        Ok(())
    }

    /// Delivers the trailers, unless they must wait for the headers or the stream is over.
    pub(super) fn trailers(
        &mut self,
        stream: HttpStreamId,
        direction: Direction,
        trailers: Headers,
    ) -> Result<HttpOutcome, StreamError> {
        let http = self.http(stream)?;
        if !http.is_over() {
            match &mut http.message(direction).behind {
                Some(behind) => behind.trailers = Some(trailers),
                None => self.show_trailers(stream.0, direction, trailers)?,
            }
        }
        self.outcome(stream)
    }

    /// When trailers continue, a held body continues with them.
    pub(in crate::vm) fn show_trailers(
        &mut self,
        id: u32,
        direction: Direction,
        trailers: Headers,
    ) -> Result<(), StreamError> {
        let arguments = [count(&trailers)];
        self.message(id, direction)?.trailers = Some(trailers);
        let status = self.show(id, direction, MessagePart::Trailers, &arguments)?;
        if let Ok(message) = self.message(id, direction)
            && status == FilterStatus::Continue
        {
            message.pass_body();
        }
        Ok(())
    }

    fn message(&mut self, id: u32, direction: Direction) -> Result<&mut Message, StreamError> {
        let http = self.http_mut(id).ok_or(StreamError::NoStream)?;
        Ok(http.message(direction))
    }
}

fn count(headers: &Headers) -> u32 {
    length(headers.len())
}

fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
