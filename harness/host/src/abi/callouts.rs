//! Calls to other services.

use std::time::Duration;

use super::{Host, Outcome};
use crate::callout::{Callout, CalloutRequest};
use crate::status::Status;

impl Host<'_> {
    #[expect(clippy::too_many_arguments, reason = "the ABI says so")]
    pub(super) fn http_call(
        &mut self,
        cluster: u32,
        cluster_size: u32,
        headers: u32,
        headers_size: u32,
        body: u32,
        body_size: u32,
        trailers: u32,
        trailers_size: u32,
        timeout: u32,
        result: u32,
    ) -> Outcome {
        let cluster = self.text(cluster, cluster_size)?;
        let headers = self.pairs(headers, headers_size)?;
        let body = self.bytes(body, body_size)?;
        let trailers = self.pairs(trailers, trailers_size)?;
        if !self.state().options.clusters.contains(&cluster) {
            return self.refuse(Status::BadArgument, format!("there is no cluster `{cluster}`"));
        }
        for name in [":method", ":path", ":authority"] {
            if !headers.iter().any(|(header, _)| header == name.as_bytes()) {
                return self.refuse(Status::BadArgument, format!("the call has no `{name}`"));
            }
        }
        let request = CalloutRequest::Http {
            headers,
            body,
            trailers,
        };
        self.call(cluster, request, timeout, result)
    }

    #[expect(clippy::too_many_arguments, reason = "the ABI says so")]
    pub(super) fn grpc_call(
        &mut self,
        cluster: u32,
        cluster_size: u32,
        service: u32,
        service_size: u32,
        method: u32,
        method_size: u32,
        metadata: u32,
        metadata_size: u32,
        message: u32,
        message_size: u32,
        timeout: u32,
        result: u32,
    ) -> Outcome {
        let cluster = self.text(cluster, cluster_size)?;
        let service = self.text(service, service_size)?;
        let method = self.text(method, method_size)?;
        let metadata = self.pairs(metadata, metadata_size)?;
        let message = self.bytes(message, message_size)?;
        if !self.state().options.clusters.contains(&cluster) {
            return self.refuse(Status::ParseFailure, format!("there is no cluster `{cluster}`"));
        }
        let request = CalloutRequest::Grpc {
            service,
            method,
            metadata,
            message,
        };
        self.call(cluster, request, timeout, result)
    }

    fn call(&mut self, cluster: String, request: CalloutRequest, timeout: u32, result: u32) -> Outcome {
        let state = self.state();
        let token = state.next_token;
        state.next_token += 1;
        let timeout = Duration::from_millis(timeout.into());
        let callout = Callout {
            token,
            cluster,
            request,
            timeout,
            context: state.effective,
            deadline: state.now + timeout,
        };
        state.callouts.insert(token, callout);
        self.write_u32(result, token)
    }

    pub(super) fn grpc_cancel(&mut self, token: u32) -> Outcome {
        match self.state().callouts.remove(&token) {
            Some(_) => Ok(()),
            None => self.refuse(Status::NotFound, format!("there is no call {token}")),
        }
    }
}
