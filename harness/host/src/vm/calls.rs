//! Calls to other services, answered by the test.

use super::{StreamError, Vm};
use crate::callout::{Callout, CalloutAnswer, CalloutRequest, CalloutResponse, INTERNAL, LocalReply};
use crate::state::Plugin;
use crate::status::Status;

impl Vm {
    /// The calls in flight.
    pub fn callouts(&self) -> impl Iterator<Item = &Callout> {
        self.state().callouts.values()
    }

    /// Answers a call. The root context receives the answer, whichever context made the call.
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
        let local = |reply: LocalReply| match &callout.request {
            CalloutRequest::Http { headers, .. } => reply.http(headers),
            CalloutRequest::Grpc { .. } => reply.grpc(),
        };
        let response = match response {
            CalloutResponse::Refused => local(LocalReply::REFUSED),
            CalloutResponse::TimedOut => local(LocalReply::TIMED_OUT),
            CalloutResponse::GrpcStatus(0, _) => CalloutResponse::GrpcStatus(INTERNAL, String::new()),
            as_it_is @ (CalloutResponse::Http { .. }
            | CalloutResponse::Grpc(_)
            | CalloutResponse::GrpcStatus(..)
            | CalloutResponse::Failed) => as_it_is,
        };
        let fits = match &response {
            CalloutResponse::Http { .. } => http,
            CalloutResponse::Grpc(_) | CalloutResponse::GrpcStatus(..) => !http,
            CalloutResponse::Failed | CalloutResponse::Refused | CalloutResponse::TimedOut => true,
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
                self.state_mut().arrived = Some(CalloutAnswer::Http {
                    headers,
                    body,
                    trailers,
                });
                self.call("proxy_on_http_call_response", root, &arguments);
            }
            CalloutResponse::Failed if http => {
                self.set_status(root, Status::BrokenConnection as u32, "reset".to_owned());
                self.call("proxy_on_http_call_response", root, &[token, 0, 0, 0]);
                self.forget_message(root);
            }
            CalloutResponse::Grpc(message) => {
                let size = length(message.len());
                self.state_mut().arrived = Some(CalloutAnswer::Grpc(message));
                self.call("proxy_on_grpc_receive", root, &[token, size]);
            }
            CalloutResponse::GrpcStatus(status, message) => self.grpc_close(root, token, status, message),
            CalloutResponse::Failed | CalloutResponse::Refused | CalloutResponse::TimedOut => {
                self.grpc_close(root, token, INTERNAL, String::new());
            }
        }
        self.state_mut().arrived = None;
        Ok(())
    }

    /// Reports that a gRPC call failed.
    pub(super) fn grpc_close(&mut self, root: u32, token: u32, status: u32, message: String) {
        self.set_status(root, status, message);
        self.call("proxy_on_grpc_close", root, &[token, status]);
        self.forget_message(root);
    }

    /// Sets the result of `proxy_get_status` in the callback that follows.
    fn set_status(&mut self, root: u32, code: u32, message: String) {
        if let Some(plugin) = self.plugin_of(root) {
            plugin.status = (code, message);
        }
    }

    /// After the callback the code remains, the message does not.
    fn forget_message(&mut self, root: u32) {
        if let Some(plugin) = self.plugin_of(root) {
            plugin.status.1.clear();
        }
    }

    fn plugin_of(&mut self, root: u32) -> Option<&mut Plugin> {
        let mut plugins = self.state_mut().plugins.iter_mut();
        plugins.find(|plugin| plugin.root == root)
    }
}

fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
