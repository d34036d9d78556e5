//! What the module asked for during a callback, carried out after it.

use super::Vm;
use crate::deferred::Deferred;
use crate::stream::http::LocalResponse;
use crate::stream::record::CloseReason;

use super::tcp::LOCAL;

impl Vm {
    /// In the order asked. Envoy does it also when the callback trapped after asking.
    pub(super) fn run_deferred(&mut self) {
        while let Some((context, action)) = self.state_mut().deferred.pop_front() {
            match action {
                Deferred::Respond(response) => self.respond(context, response),
                Deferred::ContinueRequest => self.continue_request(context),
                Deferred::ContinueResponse => self.continue_response(context),
                Deferred::Reset => {
                    if let Some(http) = self.http_mut(context).filter(|http| !http.is_over()) {
                        http.reset = true;
                    }
                }
                Deferred::ContinueReading => self.continue_reading(context),
                Deferred::Close => self.close_connection(context, CloseReason::Module, LOCAL),
                Deferred::GrpcClose {
                    token,
                    status,
                    message,
                } => self.grpc_close(context, token, status, message.to_owned()),
                Deferred::Delete => self.delete_root(context),
            }
        }
    }

    /// What the module held goes on, and what was kept back behind it is shown.
    fn continue_request(&mut self, context: u32) {
        let Some(http) = self.http_mut(context) else {
            return;
        };
        http.paused = false;
        http.resumed = true;
        http.pass_request_body();
        let behind = http.request_behind.take().unwrap_or_default();
        if let Some((body, end_of_stream)) = behind.body {
            // The stream was there a line above, here and below.
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

    /// Whether a request is neither answered here nor reset.
    fn goes_on(&mut self, context: u32) -> bool {
        self.http_mut(context).is_some_and(|http| !http.is_over())
    }

    /// The answer takes the way of any response: past the filters, this module's too. In the place of a response that is
    /// under way it goes to the client as it is, and after one that has gone on it cannot: the stream is reset.
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
