//! An HTTP stream.

use super::Stream;
use crate::connection::{Connection, Headers, Request};

/// A request and its response, as far as they have progressed.
#[derive(Debug)]
pub(crate) struct Http {
    pub(crate) stream: Stream,
    /// When it arrived, in nanoseconds since 1970.
    pub(crate) time: u64,
    pub(crate) request: Request,
    /// Whether the request's headers have arrived.
    pub(crate) begun: bool,
    /// Whether the module holds the headers: from the callback that delivers them until it lets them continue.
    pub(crate) holds_request_headers: bool,
    /// The rest of a request whose headers the module holds.
    pub(crate) request_behind: Option<PendingBody>,
    /// The part of the body that the module holds.
    pub(crate) request_body: Vec<u8>,
    /// The part that it has let continue.
    pub(crate) request_body_passed: Vec<u8>,
    pub(crate) request_trailers: Option<Headers>,
    pub(crate) response_headers: Option<Headers>,
    pub(crate) holds_response_headers: bool,
    /// The rest of a response whose headers the module holds.
    pub(crate) response_behind: Option<PendingBody>,
    pub(crate) response_body: Vec<u8>,
    pub(crate) response_body_passed: Vec<u8>,
    pub(crate) response_trailers: Option<Headers>,
    pub(crate) local_response: Option<LocalResponse>,
    pub(crate) reset: bool,
    pub(crate) paused: bool,
    /// Whether the running callback asked the stream to continue.
    pub(crate) resumed: bool,
    /// Whether Envoy answered it because the module had failed.
    pub(crate) failed: bool,
}

/// Body data and trailers that Envoy keeps back, because stopped headers also stop what follows them.
#[derive(Debug, Default)]
pub(crate) struct PendingBody {
    pub(crate) body: Option<(Vec<u8>, bool)>,
    pub(crate) trailers: Option<Headers>,
}

impl PendingBody {
    pub(crate) fn add(&mut self, bytes: &[u8], end_of_stream: bool) {
        let (body, end) = self.body.get_or_insert_default();
        body.extend(bytes);
        *end |= end_of_stream;
    }
}

/// A response that the module sends instead of the upstream's.
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
    /// The status for gRPC requests; with -1 Envoy derives one.
    pub grpc_status: i32,
}

/// The state of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpOutcome {
    /// It continues to the next filter.
    Continue,
    /// It is held until the module lets it continue.
    Paused,
    /// The module answered it.
    LocalResponse(LocalResponse),
    /// It was reset.
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

    /// Whether the response's headers have passed the module: no other answer is possible then.
    pub(crate) fn is_answered(&self) -> bool {
        self.response_headers.is_some() && !self.holds_response_headers
    }

    /// Replaces a response in progress; the new answer passes no filter again.
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

    /// The effect of a failed module on a request if the policy is to fail closed.
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
    /// The headers that Envoy sends with it.
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
    /// Lets the part of the request's body that the module holds continue.
    pub(crate) fn pass_request_body(&mut self) {
        self.request_body_passed.append(&mut self.request_body);
    }

    /// Lets the part of the response's body that the module holds continue.
    pub(crate) fn pass_response_body(&mut self) {
        self.response_body_passed.append(&mut self.response_body);
    }
}
