//! Carries out what the module requested during a callback.

use super::Vm;
use crate::deferred::DeferredAction;
use crate::stream::http::LocalResponse;
use crate::stream::record::CloseReason;

use super::tcp::LOCAL;

impl Vm {
    /// In the order of the requests. Envoy does this even if the callback trapped afterwards.
    pub(super) fn run_deferred(&mut self) {
        while let Some((context, action)) = self.state_mut().deferred.pop_front() {
            match action {
                DeferredAction::Respond(response) => self.respond(context, response),
                DeferredAction::ContinueRequest => self.continue_request(context),
                DeferredAction::ContinueResponse => self.continue_response(context),
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

    /// Continues a held request, and passes the data behind it to the module.
    fn continue_request(&mut self, context: u32) {
        let Some(http) = self.http_mut(context) else {
            return;
        };
        http.paused = false;
        http.resumed = true;
        http.pass_request_body();
        let behind = http.request_behind.take().unwrap_or_default();
        if let Some((body, end_of_stream)) = behind.body {
            // The stream existed a line above, so it exists here and below.
            let _ = self.show_request_body(context, &body, end_of_stream);
        }
        if let Some(trailers) = behind.trailers.filter(|_| self.goes_on(context)) {
            let _ = self.show_request_trailers(context, trailers);
        }
    }

    fn continue_response(&mut self, context: u32) {
        let Some(http) = self.http_mut(context) else {
            return;
        };
        http.paused = false;
        http.resumed = true;
        http.holds_response_headers = false;
        http.pass_response_body();
        let behind = http.response_behind.take().unwrap_or_default();
        if let Some((body, end_of_stream)) = behind.body {
            let _ = self.show_response_body(context, &body, end_of_stream);
        }
        if let Some(trailers) = behind.trailers.filter(|_| self.goes_on(context)) {
            let _ = self.show_response_trailers(context, trailers);
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
        } else if http.response_headers.is_some() {
            http.replace_response(response);
        } else {
            let (headers, body) = (response.all_headers(), response.body.clone());
            http.local_response = Some(response);
            self.encode(context, headers, &body);
        }
    }
}
