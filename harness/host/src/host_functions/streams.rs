//! Continuing and closing streams, local responses, and contexts. Actions are carried out after the callback.

use super::{CallResult, Host};
use crate::deferred::DeferredAction;
use crate::status::Status;
use crate::stream::ContextKind;
use crate::stream::http::LocalResponse;
use crate::stream::message::Direction;

const REQUEST: u32 = 0;
const RESPONSE: u32 = 1;
const DOWNSTREAM: u32 = 2;
const UPSTREAM: u32 = 3;

/// The kind of stream that the effective context belongs to.
enum ContextSubject {
    Request,
    Connection,
    Nothing,
}

impl Host<'_> {
    fn about(&mut self) -> ContextSubject {
        match self.state().context().map(|context| &context.kind) {
            Some(ContextKind::Http(_)) => ContextSubject::Request,
            Some(ContextKind::Tcp(_)) => ContextSubject::Connection,
            Some(ContextKind::Root) | None => ContextSubject::Nothing,
        }
    }

    fn defer(&mut self, action: DeferredAction) {
        let state = self.state();
        state.deferred.push_back((state.effective, action));
    }

    #[expect(clippy::too_many_arguments, reason = "the ABI says so")]
    pub(super) fn local_response(
        &mut self,
        code: u32,
        details: u32,
        details_size: u32,
        body: u32,
        body_size: u32,
        headers: u32,
        headers_size: u32,
        grpc_status: i32,
    ) -> CallResult {
        let details = self.text(details, details_size)?;
        let body = self.bytes(body, body_size)?;
        let headers = self.pairs(headers, headers_size)?.into_iter();
        let response = LocalResponse {
            code,
            // Envoy stores details as one word.
            details: details.replace([' ', '\t', '\n', '\r', '\u{b}', '\u{c}'], "_"),
            body,
            headers: headers
                .map(|(name, value)| (name.to_ascii_lowercase(), value))
                .collect(),
            grpc_status,
        };
        // Whatever the callback returns, nothing continues.
        self.state().stopped = true;
        match self.about() {
            ContextSubject::Request => self.defer(DeferredAction::Respond(response)),
            // Envoy returns Ok and does nothing.
            ContextSubject::Connection | ContextSubject::Nothing => {
                self.violate("there is no request to respond to")
            }
        }
        Ok(())
    }

    pub(super) fn continue_stream(&mut self, stream: u32) -> CallResult {
        match (self.about(), stream) {
            (_, UPSTREAM) => return self.refuse(Status::Unimplemented, "Envoy cannot resume upstream data"),
            (ContextSubject::Request, REQUEST) => self.defer(DeferredAction::Continue(Direction::Request)),
            (ContextSubject::Request, RESPONSE) => self.defer(DeferredAction::Continue(Direction::Response)),
            (ContextSubject::Connection, DOWNSTREAM) => self.defer(DeferredAction::ContinueReading),
            (_, REQUEST | RESPONSE | DOWNSTREAM) => {
                self.violate(format!("there is no stream of type {stream} here"))
            }
            (_, _) => return self.refuse(Status::BadArgument, format!("there is no stream type {stream}")),
        }
        // Envoy immediately removes the parts of the request that it showed.
        if let Some(http) = self.state().context_mut().and_then(|context| context.http_mut())
            && stream != DOWNSTREAM
        {
            http.request.holds_headers = false;
        }
        Ok(())
    }

    /// Whether the upstream or the downstream is named, Envoy closes the connection with the client.
    pub(super) fn close_stream(&mut self, stream: u32) -> CallResult {
        match (self.about(), stream) {
            (ContextSubject::Request, REQUEST | RESPONSE) => self.defer(DeferredAction::Reset),
            (ContextSubject::Connection, DOWNSTREAM | UPSTREAM) => self.defer(DeferredAction::Close),
            (_, REQUEST | RESPONSE | DOWNSTREAM | UPSTREAM) => {
                self.violate(format!("there is no stream of type {stream} here"));
            }
            (_, _) => return self.refuse(Status::BadArgument, format!("there is no stream type {stream}")),
        }
        Ok(())
    }

    /// Finishes a root context whose `proxy_on_done` asked to wait.
    pub(super) fn done(&mut self) -> CallResult {
        let waiting = self.state().plugin_mut().filter(|plugin| plugin.waits_to_be_done);
        let Some(plugin) = waiting else {
            return self.refuse(Status::NotFound, "nothing waits for this context to be done");
        };
        plugin.waits_to_be_done = false;
        self.defer(DeferredAction::Delete);
        Ok(())
    }

    /// 0 selects the context of the callback again.
    pub(super) fn set_effective_context(&mut self, context: u32) -> CallResult {
        let state = self.state();
        if context == 0 {
            state.effective = state.true_context;
        } else if state
            .contexts
            .get(&context)
            .is_some_and(|context| !context.is_deleted())
        {
            state.effective = context;
        } else {
            return self.refuse(Status::BadArgument, format!("there is no context {context}"));
        }
        Ok(())
    }
}
