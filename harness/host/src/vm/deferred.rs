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
                Deferred::ContinueRequest | Deferred::ContinueResponse => {
                    if let Some(http) = self.http_mut(context) {
                        http.paused = false;
                        http.resumed = true;
                        http.pass_request_body();
                    }
                }
                Deferred::Reset => {
                    if let Some(http) = self.http_mut(context).filter(|http| !http.is_over()) {
                        http.reset = true;
                    }
                }
                Deferred::ContinueReading => self.continue_reading(context),
                Deferred::Close => self.close_connection(context, CloseReason::Module, LOCAL),
                Deferred::Delete => self.delete_root(context),
            }
        }
    }

    /// The answer takes the way of any response: past the filters, this module's too.
    fn respond(&mut self, context: u32, response: LocalResponse) {
        let Some(http) = self.http_mut(context).filter(|http| !http.is_over()) else {
            return;
        };
        let (headers, body) = (response.all_headers(), response.body.clone());
        let unanswered = http.response_headers.is_none();
        http.local_response = Some(response);
        if unanswered {
            self.encode(context, headers, &body);
        }
    }
}
