//! Going on, closing, answering; contexts. What is asked for here is carried out after the callback.

use super::{Host, Outcome};
use crate::deferred::Deferred;
use crate::status::Status;
use crate::stream::Kind;
use crate::stream::http::LocalResponse;

const REQUEST: u32 = 0;
const RESPONSE: u32 = 1;
const DOWNSTREAM: u32 = 2;
const UPSTREAM: u32 = 3;

/// What an effective context is about.
enum About {
    Request,
    Connection,
    Nothing,
}

impl Host<'_> {
    fn about(&mut self) -> About {
        match self.state().context().map(|context| &context.kind) {
            Some(Kind::Http(_)) => About::Request,
            Some(Kind::Tcp(_)) => About::Connection,
            Some(Kind::Root) | None => About::Nothing,
        }
    }

    fn defer(&mut self, action: Deferred) {
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
    ) -> Outcome {
        let details = self.text(details, details_size)?;
        let body = self.bytes(body, body_size)?;
        let headers = self.pairs(headers, headers_size)?.into_iter();
        let response = LocalResponse {
            code,
            // Envoy keeps details as one word.
            details: details.replace([' ', '\t', '\n', '\r', '\u{b}', '\u{c}'], "_"),
            body,
            headers: headers
                .map(|(name, value)| (name.to_ascii_lowercase(), value))
                .collect(),
            grpc_status,
        };
        // Whatever the callback returns, nothing goes on.
        self.state().stopped = true;
        match self.about() {
            About::Request => self.defer(Deferred::Respond(response)),
            // Envoy says Ok and does nothing.
            About::Connection | About::Nothing => self.violate("there is no request to respond to"),
        }
        Ok(())
    }

    pub(super) fn continue_stream(&mut self, stream: u32) -> Outcome {
        match (self.about(), stream) {
            (_, UPSTREAM) => return self.refuse(Status::Unimplemented, "Envoy cannot resume upstream data"),
            (About::Request, REQUEST) => self.defer(Deferred::ContinueRequest),
            (About::Request, RESPONSE) => self.defer(Deferred::ContinueResponse),
            (About::Connection, DOWNSTREAM) => self.defer(Deferred::ContinueReading),
            (_, REQUEST | RESPONSE | DOWNSTREAM) => {
                self.violate(format!("there is no stream of type {stream} here"))
            }
            (_, _) => return self.refuse(Status::BadArgument, format!("there is no stream type {stream}")),
        }
        // Envoy takes what it showed of the request away at once.
        if let Some(http) = self.state().context_mut().and_then(|context| context.http_mut())
            && stream != DOWNSTREAM
        {
            http.holds_request_headers = false;
        }
        Ok(())
    }

    /// Upstream or downstream, Envoy closes the connection with the client.
    pub(super) fn close_stream(&mut self, stream: u32) -> Outcome {
        match (self.about(), stream) {
            (About::Request, REQUEST | RESPONSE) => self.defer(Deferred::Reset),
            (About::Connection, DOWNSTREAM | UPSTREAM) => self.defer(Deferred::Close),
            (_, REQUEST | RESPONSE | DOWNSTREAM | UPSTREAM) => {
                self.violate(format!("there is no stream of type {stream} here"));
            }
            (_, _) => return self.refuse(Status::BadArgument, format!("there is no stream type {stream}")),
        }
        Ok(())
    }

    /// A root context whose `proxy_on_done` asked to wait is done now.
    pub(super) fn done(&mut self) -> Outcome {
        let waiting = self.state().plugin_mut().filter(|plugin| plugin.waits_to_be_done);
        let Some(plugin) = waiting else {
            return self.refuse(Status::NotFound, "nothing waits for this context to be done");
        };
        plugin.waits_to_be_done = false;
        self.defer(Deferred::Delete);
        Ok(())
    }

    /// 0 is the context of the callback again.
    pub(super) fn set_effective_context(&mut self, context: u32) -> Outcome {
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
