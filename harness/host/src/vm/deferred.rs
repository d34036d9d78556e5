//! Carries out what the module requested during a callback.

use super::Vm;
use crate::deferred::DeferredAction;
use crate::stream::http::LocalResponse;
use crate::stream::message::Direction;
use crate::stream::record::CloseReason;

use super::tcp::LOCAL;

impl Vm {
    /// In the order of the requests. Envoy does this even if the callback trapped afterwards.
    pub(super) fn run_deferred(&mut self) {
        while let Some((context, action)) = self.state_mut().deferred.pop_front() {
            match action {
                DeferredAction::Respond(response) => self.respond(context, response),
                DeferredAction::Continue(direction) => self.continue_message(context, direction),
                DeferredAction::Reset => {
                    if let Some(http) = self.http_mut(context).filter(|http| !http.is_over()) {
                        http.reset = true;
                    }
                }
                DeferredAction::ContinueReading => self.continue_reading(context),
                DeferredAction::Close => self.close_connection(context, CloseReason::Module, LOCAL),
                DeferredAction::GrpcClose {
                    token,
                    status,
                    message,
                } => self.grpc_close(context, token, status, message.to_owned()),
                DeferredAction::Delete => self.delete_root(context),
            }
        }
    }

    /// Continues a held message, and passes the data behind it to the module.
    fn continue_message(&mut self, context: u32, direction: Direction) {
        let Some(http) = self.http_mut(context) else {
            return;
        };
        http.paused = false;
        http.resumed = true;
        let message = http.message(direction);
        message.holds_headers = false;
        message.pass_body();
        let behind = message.behind.take().unwrap_or_default();
        if let Some((body, end_of_stream)) = behind.body {
            // The stream existed a line above, so it exists here and below.
            let _ = self.show_body(context, direction, &body, end_of_stream);
        }
        if let Some(trailers) = behind.trailers.filter(|_| self.goes_on(context)) {
            let _ = self.show_trailers(context, direction, trailers);
        }
    }

    /// Whether a request has neither been answered here nor reset.
    fn goes_on(&mut self, context: u32) -> bool {
        self.http_mut(context).is_some_and(|http| !http.is_over())
    }

    /// Sends a local response. It passes the filters as any response does, including this module. If it replaces a response in
    /// progress it goes to the client directly; if a response has already continued, the stream is reset instead.
    fn respond(&mut self, context: u32, response: LocalResponse) {
        let Some(http) = self.http_mut(context).filter(|http| !http.is_over()) else {
            return;
        };
        if http.is_answered() {
            http.reset = true;
        } else if http.response.begun {
            http.replace_response(response);
        } else {
            let (headers, body) = (response.all_headers(), response.body.clone());
            http.local_response = Some(response);
            self.encode(context, headers, &body);
        }
    }
}
