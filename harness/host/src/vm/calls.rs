//! Calls to other services, answered by the test.

use super::{StreamError, Vm};
use crate::callout::{Answer, Callout, CalloutRequest, CalloutResponse};
use crate::status::Status;

/// gRPC's UNAVAILABLE.
const UNAVAILABLE: u32 = 14;

impl Vm {
    /// The calls under way.
    pub fn callouts(&self) -> impl Iterator<Item = &Callout> {
        self.state().callouts.values()
    }

    /// Answers a call. The root context hears of it, whichever context made the call.
    ///
    /// # Errors
    /// [`StreamError::NoCall`], also for an answer of the wrong kind.
    pub fn answer_call(&mut self, token: u32, response: CalloutResponse) -> Result<(), StreamError> {
        let callout = self
            .state()
            .callouts
            .get(&token)
            .ok_or(StreamError::NoCall(token))?;
        let http = matches!(callout.request, CalloutRequest::Http { .. });
        let fits = match &response {
            CalloutResponse::Http { .. } => http,
            CalloutResponse::Grpc(_) | CalloutResponse::GrpcStatus(..) => !http,
            CalloutResponse::Failed => true,
        };
        if !fits {
            return Err(StreamError::NoCall(token));
        }
        let root = callout.root;
        self.state_mut().callouts.remove(&token);
        match response {
            CalloutResponse::Http {
                headers,
                body,
                trailers,
            } => {
                let arguments = [
                    token,
                    length(headers.len()),
                    length(body.len()),
                    length(trailers.len()),
                ];
                self.state_mut().arrived = Some(Answer::Http {
                    headers,
                    body,
                    trailers,
                });
                self.call("proxy_on_http_call_response", root, &arguments);
            }
            CalloutResponse::Failed if http => {
                self.set_status(root, Status::BrokenConnection as u32, "reset".to_owned());
                self.call("proxy_on_http_call_response", root, &[token, 0, 0, 0]);
            }
            CalloutResponse::Grpc(message) => {
                let size = length(message.len());
                self.state_mut().arrived = Some(Answer::Grpc(message));
                self.call("proxy_on_grpc_receive", root, &[token, size]);
            }
            CalloutResponse::GrpcStatus(status, message) => self.grpc_close(root, token, status, message),
            CalloutResponse::Failed => self.grpc_close(root, token, UNAVAILABLE, String::new()),
        }
        self.state_mut().arrived = None;
        Ok(())
    }

    fn grpc_close(&mut self, root: u32, token: u32, status: u32, message: String) {
        self.set_status(root, status, message);
        self.call("proxy_on_grpc_close", root, &[token, status]);
    }

    /// What `proxy_get_status` answers in the callback that follows.
    fn set_status(&mut self, root: u32, code: u32, message: String) {
        let plugin = self
            .state_mut()
            .plugins
            .iter_mut()
            .find(|plugin| plugin.root == root);
        if let Some(plugin) = plugin {
            plugin.status = (code, message);
        }
    }
}

fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
