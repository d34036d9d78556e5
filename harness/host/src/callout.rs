//! Calls that the module makes to other services, queued for the test to answer.

use std::time::Duration;

use crate::connection::Headers;

/// A call under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callout {
    /// The number that the module knows it by.
    pub token: u32,
    /// The cluster it goes to.
    pub cluster: String,
    /// What is called.
    pub request: CalloutRequest,
    /// How long it may take.
    pub timeout: Duration,
    pub(crate) context: u32,
    /// When it fails by itself, on the virtual clock.
    pub(crate) deadline: Duration,
}

/// What is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CalloutRequest {
    /// HTTP.
    Http {
        /// With pseudo-headers.
        headers: Headers,
        /// The body.
        body: Vec<u8>,
        /// The trailers.
        trailers: Headers,
    },
    /// A unary gRPC call.
    Grpc {
        /// Such as `envoy.service.auth.v3.Authorization`.
        service: String,
        /// Such as `Check`.
        method: String,
        /// Initial metadata.
        metadata: Headers,
        /// The serialised message.
        message: Vec<u8>,
    },
}

/// What a call brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CalloutResponse {
    /// An HTTP response.
    Http {
        /// With `:status`.
        headers: Headers,
        /// The body.
        body: Vec<u8>,
        /// The trailers.
        trailers: Headers,
    },
    /// The message of a gRPC call, followed by status 0.
    Grpc(Vec<u8>),
    /// A gRPC status other than 0, without a message.
    GrpcStatus(u32),
    /// Nothing came: refused, reset, too late. HTTP calls see no headers at all, gRPC calls status 14.
    Failed,
}

/// The response that the module may read during the callback about it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arrived {
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Headers,
}
