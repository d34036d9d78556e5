//! An HTTP stream.

use super::Stream;
use crate::connection::{Connection, Headers, Request};

/// A request and its response as far as they have come.
#[derive(Debug)]
pub(crate) struct Http {
    pub(crate) stream: Stream,
    pub(crate) request: Request,
    pub(crate) request_body: Vec<u8>,
    pub(crate) request_trailers: Headers,
    pub(crate) response_headers: Option<Headers>,
    pub(crate) response_body: Vec<u8>,
    pub(crate) response_trailers: Headers,
    /// What the module asked for during a callback; carried out after it.
    pub(crate) local_response: Option<LocalResponse>,
    pub(crate) reset: bool,
    pub(crate) paused: bool,
    /// Whether the module passed it on without looking, as it had failed.
    pub(crate) bypassed: bool,
    pub(crate) began: bool,
}

/// A response that the module sends in place of the upstream's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalResponse {
    /// Its status code.
    pub code: u32,
    /// Response-code details, as access logs show them.
    pub details: String,
    /// Its body.
    pub body: Vec<u8>,
    /// Its other headers.
    pub headers: Headers,
    /// The status for gRPC requests; -1 leaves it to Envoy to derive one.
    pub grpc_status: i32,
}

/// Where a request stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpOutcome {
    /// It goes on to the next filter.
    Continue,
    /// It is held until the module lets it go on.
    Paused,
    /// It is answered here.
    LocalResponse(LocalResponse),
    /// It is reset.
    Reset,
}

impl Http {
    pub(crate) fn new(connection: &Connection, request: Request) -> Self {
        Self {
            stream: Stream::new(connection),
            request,
            request_body: Vec::new(),
            request_trailers: Headers::new(),
            response_headers: None,
            response_body: Vec::new(),
            response_trailers: Headers::new(),
            local_response: None,
            reset: false,
            paused: false,
            bypassed: false,
            began: false,
        }
    }

    pub(crate) fn outcome(&self) -> HttpOutcome {
        match &self.local_response {
            Some(response) => HttpOutcome::LocalResponse(response.clone()),
            None if self.reset => HttpOutcome::Reset,
            None if self.paused => HttpOutcome::Paused,
            None => HttpOutcome::Continue,
        }
    }

    /// What a failed module does to a request when the policy is to fail closed.
    pub(crate) fn fail_closed(&mut self) {
        self.local_response = Some(LocalResponse {
            code: 503,
            details: "wasm_fail_stream".to_owned(),
            body: Vec::new(),
            headers: Headers::new(),
            grpc_status: -1,
        });
    }
}
