//! Passes a part of a message to the module, and applies the result.

use crate::stream::Presence;
use crate::stream::message::Direction;
use crate::vm::callback::CallbackResult;
use crate::vm::{StreamError, Vm};

/// The result of a filter for a part of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FilterStatus {
    Continue,
    /// The part is held, and later parts are added to it.
    Hold,
    /// The part is held, and later parts are lost.
    Drop,
}

/// The part of a message that was passed to the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MessagePart {
    Headers,
    Body,
    Trailers,
}

impl Vm {
    /// Runs the callback for one part of a message, and updates the state of its stream.
    pub(super) fn show(
        &mut self,
        id: u32,
        direction: Direction,
        part: MessagePart,
        arguments: &[u32],
    ) -> Result<FilterStatus, StreamError> {
        let http = self.http_mut(id).ok_or(StreamError::NoStream)?;
        http.resumed = false;
        if http.failed {
            return Ok(FilterStatus::Continue);
        }
        let returned = match http.stream.module {
            Presence::Unknown | Presence::Deleted | Presence::Bypassed => CallbackResult::Skipped,
            Presence::Orphaned => CallbackResult::Failed,
            Presence::Created => self.call(part.callback(direction), id, arguments),
        };
        let fails_open = self.fails_open();
        let http = self.http_mut(id).ok_or(StreamError::NoStream)?;
        let status = match returned {
            CallbackResult::Skipped => FilterStatus::Continue,
            CallbackResult::Failed if fails_open => FilterStatus::Continue,
            CallbackResult::Failed => {
                http.fail_closed();
                FilterStatus::Drop
            }
            CallbackResult::With { stopped: true, .. } => FilterStatus::Drop,
            CallbackResult::With { result, .. } => part.status(result),
        };
        http.paused = status != FilterStatus::Continue && !http.resumed;
        Ok(if http.paused {
            status
        } else {
            FilterStatus::Continue
        })
    }
}

impl MessagePart {
    /// The callback that delivers this part of a message.
    fn callback(self, direction: Direction) -> &'static str {
        match (direction, self) {
            (Direction::Request, MessagePart::Headers) => "proxy_on_request_headers",
            (Direction::Request, MessagePart::Body) => "proxy_on_request_body",
            (Direction::Request, MessagePart::Trailers) => "proxy_on_request_trailers",
            (Direction::Response, MessagePart::Headers) => "proxy_on_response_headers",
            (Direction::Response, MessagePart::Body) => "proxy_on_response_body",
            (Direction::Response, MessagePart::Trailers) => "proxy_on_response_trailers",
        }
    }

    /// The numbers are those of Envoy's `FilterHeadersStatus`, `FilterDataStatus`, `FilterTrailersStatus`; unknown numbers stop.
    /// Headers that stop also stop what follows (`allow_on_headers_stop_iteration` is off).
    fn status(self, result: u32) -> FilterStatus {
        match (self, result) {
            (_, 0) | (MessagePart::Headers, 2) => FilterStatus::Continue,
            (MessagePart::Body, 1 | 2) | (MessagePart::Headers | MessagePart::Trailers, _) => {
                FilterStatus::Hold
            }
            (MessagePart::Body, _) => FilterStatus::Drop,
        }
    }
}
