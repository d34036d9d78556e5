//! An HTTP stream.

use super::Stream;
use crate::connection::{Connection, Headers, Request};

/// A request and its response as far as they have come.
#[derive(Debug)]
pub(crate) struct Http {
    pub(crate) stream: Stream,
    /// When it came, in nanoseconds since 1970.
    pub(crate) time: u64,
    pub(crate) request: Request,
    /// Whether the headers are in the module's hands: from its callback about them until it lets them go on.
    pub(crate) holds_request_headers: bool,
    /// The part of the body that is in the module's hands.
    pub(crate) request_body: Vec<u8>,
    /// The part that it let go on.
    pub(crate) request_body_passed: Vec<u8>,
    pub(crate) request_trailers: Option<Headers>,
    pub(crate) response_headers: Option<Headers>,
    pub(crate) holds_response_headers: bool,
    pub(crate) response_body: Vec<u8>,
    pub(crate) response_body_passed: Vec<u8>,
    pub(crate) response_trailers: Option<Headers>,
    pub(crate) local_response: Option<LocalResponse>,
    pub(crate) reset: bool,
    pub(crate) paused: bool,
    /// Whether the running callback asked for the stream to go on.
    pub(crate) resumed: bool,
    /// Whether Envoy answered it as the module had failed.
    pub(crate) failed: bool,
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
    pub(crate) fn new(connection: &Connection, request: Request, time: u64) -> Self {
        Self {
            stream: Stream::new(connection),
            time,
            request,
            holds_request_headers: false,
            request_body: Vec::new(),
            request_body_passed: Vec::new(),
            request_trailers: None,
            response_headers: None,
            holds_response_headers: false,
            response_body: Vec::new(),
            response_body_passed: Vec::new(),
            response_trailers: None,
            local_response: None,
            reset: false,
            paused: false,
            resumed: false,
            failed: false,
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

    /// Whether an answer or a reset has ended it.
    pub(crate) fn is_over(&self) -> bool {
        self.local_response.is_some() || self.reset
    }

    /// What a failed module does to a request when the policy is to fail closed.
    pub(crate) fn fail_closed(&mut self) {
        /// gRPC's UNAVAILABLE.
        const UNAVAILABLE: i32 = 14;
        self.failed = true;
        if !self.is_over() {
            self.local_response = Some(LocalResponse {
                code: 503,
                details: "wasm_fail_stream".to_owned(),
                body: Vec::new(),
                headers: Headers::new(),
                grpc_status: UNAVAILABLE,
            });
        }
    }
}

impl LocalResponse {
    /// The headers with which Envoy sends it.
    pub(crate) fn all_headers(&self) -> Headers {
        let line = |name: &str, value: String| (name.as_bytes().to_vec(), value.into_bytes());
        let mut headers = vec![line(":status", self.code.to_string())];
        if !self.body.is_empty() {
            headers.push(line("content-length", self.body.len().to_string()));
            headers.push(line("content-type", "text/plain".to_owned()));
        }
        headers.extend(self.headers.iter().cloned());
        headers
    }
}

impl Http {
    /// The request's body in the module's hands goes on.
    pub(crate) fn pass_request_body(&mut self) {
        self.request_body_passed.append(&mut self.request_body);
    }

    /// The response's body in the module's hands goes on.
    pub(crate) fn pass_response_body(&mut self) {
        self.response_body_passed.append(&mut self.response_body);
    }
}
