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
    /// Whether the request's headers have come.
    pub(crate) begun: bool,
    /// Whether the headers are in the module's hands: from its callback about them until it lets them go on.
    pub(crate) holds_request_headers: bool,
    /// What comes after request headers that the module holds.
    pub(crate) request_behind: Option<Behind>,
    /// The part of the body that is in the module's hands.
    pub(crate) request_body: Vec<u8>,
    /// The part that it let go on.
    pub(crate) request_body_passed: Vec<u8>,
    pub(crate) request_trailers: Option<Headers>,
    pub(crate) response_headers: Option<Headers>,
    pub(crate) holds_response_headers: bool,
    /// What comes after response headers that the module holds.
    pub(crate) response_behind: Option<Behind>,
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

/// Pieces of a body and trailers that Envoy keeps back, as headers that stop also stop what follows them.
#[derive(Debug, Default)]
pub(crate) struct Behind {
    pub(crate) body: Option<(Vec<u8>, bool)>,
    pub(crate) trailers: Option<Headers>,
}

impl Behind {
    pub(crate) fn add(&mut self, bytes: &[u8], end_of_stream: bool) {
        let (body, end) = self.body.get_or_insert_default();
        body.extend(bytes);
        *end |= end_of_stream;
    }
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
            begun: false,
            holds_request_headers: false,
            request_behind: None,
            request_body: Vec::new(),
            request_body_passed: Vec::new(),
            request_trailers: None,
            response_headers: None,
            holds_response_headers: false,
            response_behind: None,
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

    /// Whether the response's headers are past the module: nothing else can be answered then.
    pub(crate) fn is_answered(&self) -> bool {
        self.response_headers.is_some() && !self.holds_response_headers
    }

    /// An answer in place of a response that is under way, which passes no filter again.
    pub(crate) fn replace_response(&mut self, response: LocalResponse) {
        self.response_headers = Some(response.all_headers());
        self.response_trailers = None;
        self.response_body.clear();
        self.response_body_passed = response.body.clone();
        self.local_response = Some(response);
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
        if self.is_over() {
            return;
        }
        if self.is_answered() {
            self.reset = true;
            return;
        }
        let response = LocalResponse {
            code: 503,
            details: "wasm_fail_stream".to_owned(),
            body: Vec::new(),
            headers: Headers::new(),
            grpc_status: UNAVAILABLE,
        };
        if self.response_headers.is_some() {
            self.replace_response(response);
        } else {
            self.local_response = Some(response);
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
