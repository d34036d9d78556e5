//! Calls that the module makes to other services, queued for the test to answer.

use std::time::Duration;

use crate::connection::Headers;

/// A call in flight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callout {
    /// The token that the module receives for it.
    pub token: u32,
    /// The cluster it goes to.
    pub cluster: String,
    /// The contents of the call.
    pub request: CalloutRequest,
    /// Its time-out; `None` for none, which a module requests with 0.
    pub timeout: Option<Duration>,
    /// The root context of the caller, which receives the answer.
    pub(crate) root: u32,
    /// When it times out, on the virtual clock.
    pub(crate) deadline: Option<Duration>,
}

/// The contents of a call.
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

/// How a call ended.
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
    /// The message of a gRPC call that succeeded.
    Grpc(Vec<u8>),
    /// A gRPC status with its message, and no answer; the module reads both with `proxy_get_status`. Envoy turns status 0 into 13
    /// (INTERNAL), because an answer is missing.
    GrpcStatus(u32, String),
    /// The connection was refused. Envoy's own client sees an ordinary answer: 503 (gRPC: status 14, UNAVAILABLE).
    Refused,
    /// It took too long: 504 (gRPC: status 14). Happens by itself when the timeout passes on the virtual clock.
    TimedOut,
    /// The answer was cut off. HTTP calls see no headers at all, gRPC calls see status 13.
    Failed,
}

/// gRPC's INTERNAL.
pub(crate) const INTERNAL: u32 = 13;
/// gRPC's UNAVAILABLE.
pub(crate) const UNAVAILABLE: u32 = 14;

/// The answer of Envoy's router in place of a service that cannot be reached, and the details that it adds for gRPC.
pub(crate) struct LocalReply {
    status: &'static str,
    body: &'static str,
    details: &'static str,
}

impl LocalReply {
    pub(crate) const REFUSED: Self = Self {
        status: "503",
        body: "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure",
        details: "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}",
    };

    pub(crate) const TIMED_OUT: Self = Self {
        status: "504",
        body: "upstream request timeout",
        details: "response_timeout",
    };

    /// The answer to an HTTP call with these headers. To a `content-type` of gRPC it has gRPC's form, with status 200.
    pub(crate) fn http(&self, request: &Headers) -> CalloutResponse {
        let line = |name: &str, value: String| (name.as_bytes().to_vec(), value.into_bytes());
        if has_grpc_content_type(request) {
            return CalloutResponse::Http {
                headers: vec![
                    line(":status", "200".to_owned()),
                    line("content-type", "application/grpc".to_owned()),
                    line("grpc-status", UNAVAILABLE.to_string()),
                    line("grpc-message", self.body.to_owned()),
                ],
                body: Vec::new(),
                trailers: Headers::new(),
            };
        }
        CalloutResponse::Http {
            headers: vec![
                line(":status", self.status.to_owned()),
                line("content-length", self.body.len().to_string()),
                line("content-type", "text/plain".to_owned()),
            ],
            body: self.body.as_bytes().to_vec(),
            trailers: Headers::new(),
        }
    }

    pub(crate) fn grpc(&self) -> CalloutResponse {
        CalloutResponse::GrpcStatus(UNAVAILABLE, format!("{}{{{}}}", self.body, self.details))
    }
}

/// Whether Envoy treats a request as gRPC: by its `content-type`, alone or with a suffix such as `+proto`
/// (<https://github.com/envoyproxy/envoy/blob/main/source/common/grpc/common.cc>, `hasGrpcContentType`).
fn has_grpc_content_type(request: &Headers) -> bool {
    request.iter().any(|(name, value)| {
        let suffix = value.strip_prefix(b"application/grpc".as_slice());
        name == b"content-type" && suffix.is_some_and(|suffix| suffix.is_empty() || suffix.starts_with(b"+"))
    })
}

/// The answer that the module may read during the callback that announces it.
#[derive(Debug, Clone)]
pub(crate) enum CalloutAnswer {
    Http {
        headers: Headers,
        body: Vec<u8>,
        trailers: Headers,
    },
    Grpc(Vec<u8>),
}

/// The low two bits of a token are the kind of call.
const KIND_BITS: u32 = 2;
const HTTP: u32 = 0;
const GRPC: u32 = 1;

/// Assigns tokens as Envoy does: one sequence for each kind of call, in steps of 4.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    http: u32,
    grpc: u32,
}

impl Tokens {
    pub(crate) fn next(&mut self, request: &CalloutRequest) -> u32 {
        let (last, kind) = match request {
            CalloutRequest::Http { .. } => (&mut self.http, HTTP),
            CalloutRequest::Grpc { .. } => (&mut self.grpc, GRPC),
        };
        *last = last.wrapping_add(1);
        (*last << KIND_BITS) | kind
    }
}

/// Whether a token may belong to a gRPC call or stream.
pub(crate) fn is_grpc(token: u32) -> bool {
    matches!(token & 3, 1 | 2)
}

#[cfg(test)]
mod tests {
    use super::{CalloutResponse, LocalReply};

    #[test]
    fn a_failure_has_the_form_that_the_content_type_calls_for() {
        for (kind, status) in [
            ("application/grpc", "200"),
            ("application/grpc+proto", "200"),
            ("application/grpc-web", "503"),
            ("text/plain", "503"),
        ] {
            let request = vec![(b"content-type".to_vec(), kind.into())];
            let CalloutResponse::Http { headers, .. } = LocalReply::REFUSED.http(&request) else {
                panic!("{kind}: not an HTTP response");
            };
            assert_eq!(headers[0], (b":status".to_vec(), status.into()), "{kind}");
            let has_status = headers
                .iter()
                .any(|(name, value)| name == b"grpc-status" && value == b"14");
            assert_eq!(has_status, status == "200", "{kind}");
        }
    }
}
