//! Calls to other services, answered by the test.

use super::{StreamError, Vm};
use crate::callout::{Arrived, Callout, CalloutRequest, CalloutResponse};

/// gRPC's UNAVAILABLE.
const UNAVAILABLE: u32 = 14;

impl Vm {
    /// The calls under way.
    pub fn callouts(&self) -> impl Iterator<Item = &Callout> {
        self.state().callouts.values()
    }

    /// Answers a call.
    ///
    /// # Errors
    /// [`StreamError::NoCall`], also for an answer of the wrong kind.
    pub fn answer_call(&mut self, token: u32, response: CalloutResponse) -> Result<(), StreamError> {
        let callout = self.state().callouts.get(&token).ok_or(StreamError::NoCall(token))?;
        let http = matches!(callout.request, CalloutRequest::Http { .. });
        let fits = match &response {
            CalloutResponse::Http { .. } => http,
            CalloutResponse::Grpc(_) | CalloutResponse::GrpcStatus(_) => !http,
            CalloutResponse::Failed => true,
        };
        if !fits {
            return Err(StreamError::NoCall(token));
        }
        let callout = self.state_mut().callouts.remove(&token).ok_or(StreamError::NoCall(token))?;
        match response {
            CalloutResponse::Http { headers, body, trailers } => self.http_answer(&callout, Arrived {
                headers,
                body,
                trailers,
            }),
            CalloutResponse::Failed if http => self.http_answer(&callout, Arrived::default()),
            CalloutResponse::Grpc(message) => {
                let size = length(message.len());
                self.state_mut().arrived = Some(Arrived {
                    body: message,
                    ..Arrived::default()
                });
                self.call("proxy_on_grpc_receive", callout.context, &[token, size]);
                self.grpc_close(&callout, 0);
            }
            CalloutResponse::GrpcStatus(status) => self.grpc_close(&callout, status),
            CalloutResponse::Failed => self.grpc_close(&callout, UNAVAILABLE),
        }
        self.state_mut().arrived = None;
        self.settle_all();
        Ok(())
    }

    fn http_answer(&mut self, callout: &Callout, arrived: Arrived) {
        let arguments = [
            callout.token,
            length(arrived.headers.len()),
            length(arrived.body.len()),
            length(arrived.trailers.len()),
        ];
        self.state_mut().arrived = Some(arrived);
        self.call("proxy_on_http_call_response", callout.context, &arguments);
    }

    fn grpc_close(&mut self, callout: &Callout, status: u32) {
        self.state_mut().arrived = Some(Arrived::default());
        self.call("proxy_on_grpc_close", callout.context, &[callout.token, status]);
    }
}

fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
