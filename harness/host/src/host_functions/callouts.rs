//! Calls to other services. They belong to the root context, whichever context makes them.

use std::time::Duration;

use super::grpc_service::{self, GrpcTarget};
use super::{CallError, CallResult, Host};
use crate::callout::{Callout, CalloutRequest, UNAVAILABLE, is_grpc};
use crate::deferred::DeferredAction;
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
    ) -> CallResult {
        let cluster = self.text(cluster, cluster_size)?;
        let body = self.bytes(body, body_size)?;
        let mut headers = self.pairs(headers, headers_size)?;
        let trailers = self.pairs(trailers, trailers_size)?;
        // Envoy tries the place for the token first.
        self.write_u32(result, 0)?;
        if timeout > i32::MAX.cast_unsigned() {
            return self.refuse(Status::BadArgument, "the timeout is negative");
        }
        if !self.knows(&cluster) {
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
        if !self.state().options.clusters.contains(&cluster) {
            return self.no_host(&cluster, &request);
        }
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
    ) -> CallResult {
        let target = self.bytes(cluster, cluster_size)?;
        let service = self.text(service, service_size)?;
        let method = self.text(method, method_size)?;
        let metadata = self.pairs(metadata, metadata_size)?;
        let message = self.bytes(message, message_size)?;
        let cluster = self.grpc_cluster(&target)?;
        let request = CalloutRequest::Grpc {
            service,
            method,
            metadata,
            message,
        };
        if !self.state().options.clusters.contains(&cluster) {
            return self.no_host(&cluster, &request);
        }
        self.call(cluster, request, timeout, result)
    }

    /// The cluster that a gRPC call goes to: Envoy accepts a serialised `GrpcService`; any other bytes are the name of a cluster.
    fn grpc_cluster(&mut self, target: &[u8]) -> Result<String, CallError> {
        let shown = target.escape_ascii();
        match grpc_service::target(target) {
            GrpcTarget::Cluster(cluster) => Ok(cluster),
            GrpcTarget::Google => self.refuse(
                Status::Unimplemented,
                "this host does not simulate the client of Google",
            ),
            GrpcTarget::Nowhere => {
                let message = format!(
                    "Envoy aborts: `{shown}` can be read as a `GrpcService`, and as one it leads nowhere"
                );
                self.violate(message.clone());
                Err(CallError::Trap(wasmtime::Error::msg(message)))
            }
            GrpcTarget::Name => match std::str::from_utf8(target) {
                Ok(cluster) if self.knows(cluster) => Ok(cluster.to_owned()),
                _ => self.refuse(Status::ParseFailure, format!("there is no cluster `{shown}`")),
            },
        }
    }

    fn knows(&mut self, cluster: &str) -> bool {
        let options = &self.state().options;
        options.clusters.contains(cluster) || options.clusters_without_hosts.contains(cluster)
    }

    /// A call fails at once if its cluster has no host or, when a `GrpcService` names the cluster, if it does not exist. For a gRPC
    /// call Envoy then reports the failure a second time, under a token that it never gave out.
    fn no_host(&mut self, cluster: &str, request: &CalloutRequest) -> CallResult {
        let message = if self.knows(cluster) {
            "no healthy upstream{no_healthy_upstream}"
        } else {
            self.violate(format!("there is no cluster `{cluster}`"));
            "Cluster not available"
        };
        let root = self.root();
        let state = self.state();
        let token = state.tokens.next(request);
        if let CalloutRequest::Grpc { .. } = request {
            let close = DeferredAction::GrpcClose {
                token,
                status: UNAVAILABLE,
                message,
            };
            state.deferred.push_back((root, close));
        }
        Err(Status::InternalFailure.into())
    }

    /// The root context of the caller.
    fn root(&mut self) -> u32 {
        let state = self.state();
        state.context().map_or(state.effective, |context| context.root)
    }

    fn call(&mut self, cluster: String, request: CalloutRequest, timeout: u32, result: u32) -> CallResult {
        let root = self.root();
        let state = self.state();
        let token = state.tokens.next(&request);
        let timeout = (timeout > 0).then(|| Duration::from_millis(timeout.into()));
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
    pub(super) fn grpc_cancel(&mut self, token: u32) -> CallResult {
        if !is_grpc(token) {
            return self.refuse(
                Status::BadArgument,
                format!("{token} is not a token of a gRPC call"),
            );
        }
        match self.state().callouts.remove(&token) {
            Some(_) => Ok(()),
            None => self.refuse(Status::NotFound, format!("there is no call {token}")),
        }
    }

    /// The status of the last answered call: a gRPC status, or status 11 of the ABI for an HTTP call that failed.
    pub(super) fn call_status(&mut self, code: u32, value: u32, size: u32) -> CallResult {
        let (number, message) = self
            .state()
            .plugin()
            .map(|plugin| plugin.status.clone())
            .unwrap_or_default();
        self.write_u32(code, number)?;
        self.give(value, size, message.as_bytes())
    }
}
