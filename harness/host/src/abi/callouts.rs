//! Calls to other services. They are the root context's, whichever context makes them.

use std::time::Duration;

use super::{Host, Outcome, Stop, grpc_service};
use crate::callout::{Callout, CalloutRequest, is_grpc};
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
        let body = self.bytes(body, body_size)?;
        let mut headers = self.pairs(headers, headers_size)?;
        let trailers = self.pairs(trailers, trailers_size)?;
        // Envoy tries the place for the token first.
        self.write_u32(result, 0)?;
        if timeout > i32::MAX.cast_unsigned() {
            return self.refuse(Status::BadArgument, "the timeout is negative");
        }
        if !self.state().options.clusters.contains(&cluster) {
            return self.refuse(Status::BadArgument, format!("there is no cluster `{cluster}`"));
        }
        for name in [":method", ":path", ":authority"] {
            if !headers
                .iter()
                .any(|(header, _)| header.eq_ignore_ascii_case(name.as_bytes()))
            {
                return self.refuse(Status::BadArgument, format!("the call has no `{name}`"));
            }
        }
        if !body.is_empty() {
            headers.retain(|(name, _)| !name.eq_ignore_ascii_case(b"content-length"));
            headers.push((b"content-length".to_vec(), body.len().to_string().into_bytes()));
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
        let cluster = self.grpc_cluster(&cluster)?;
        let request = CalloutRequest::Grpc {
            service,
            method,
            metadata,
            message,
        };
        self.call(cluster, request, timeout, result)
    }

    /// The cluster that a gRPC call goes to: Envoy takes its name, or a serialised `GrpcService`.
    pub(super) fn grpc_cluster(&mut self, target: &str) -> Result<String, Stop> {
        let clusters = &self.state().options.clusters;
        let named = grpc_service::cluster(target.as_bytes());
        let known = [Some(target.to_owned()), named]
            .into_iter()
            .flatten()
            .find(|cluster| clusters.contains(cluster));
        match known {
            Some(cluster) => Ok(cluster),
            None => {
                let message = format!("there is no cluster `{}`", target.escape_debug());
                self.refuse(Status::ParseFailure, message)
            }
        }
    }

    fn call(&mut self, cluster: String, request: CalloutRequest, timeout: u32, result: u32) -> Outcome {
        let state = self.state();
        let token = state.tokens.next(&request);
        let timeout = (timeout > 0).then(|| Duration::from_millis(timeout.into()));
        let root = state.context().map_or(state.effective, |context| context.root);
        let callout = Callout {
            token,
            cluster,
            request,
            timeout,
            root,
            deadline: timeout.map(|timeout| state.now + timeout),
        };
        state.callouts.insert(token, callout);
        self.write_u32(result, token)
    }

    /// Cancelling and closing are the same for a unary call.
    pub(super) fn grpc_cancel(&mut self, token: u32) -> Outcome {
        if !is_grpc(token) {
            return self.refuse(Status::BadArgument, format!("{token} is no token of a gRPC call"));
        }
        match self.state().callouts.remove(&token) {
            Some(_) => Ok(()),
            None => self.refuse(Status::NotFound, format!("there is no call {token}")),
        }
    }

    /// What the last answer of a call came with: a gRPC status, or status 11 of the ABI for an HTTP call that failed.
    pub(super) fn call_status(&mut self, code: u32, value: u32, size: u32) -> Outcome {
        let (number, message) = self
            .state()
            .plugin()
            .map(|plugin| plugin.status.clone())
            .unwrap_or_default();
        self.write_u32(code, number)?;
        self.give(value, size, message.as_bytes())
    }
}
