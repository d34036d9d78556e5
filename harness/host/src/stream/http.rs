//! An HTTP stream.

use std::net::SocketAddr;

use super::Stream;
use super::message::{Direction, Message};
use crate::connection::{Connection, Headers, Request};

/// A request and its response, as far as they have progressed.
#[derive(Debug)]
pub(crate) struct Http {
    pub(crate) stream: Stream,
    /// When it arrived, in nanoseconds since 1970.
    pub(crate) time: u64,
    /// The original client, if Envoy derived it from a header.
    pub(crate) remote: Option<SocketAddr>,
    /// Such as `HTTP/1.1`.
    pub(crate) protocol: String,
    /// Whether the request ends with its headers.
    pub(crate) end_of_stream: bool,
    pub(crate) request: Message,
    pub(crate) response: Message,
    pub(crate) local_response: Option<LocalResponse>,
    pub(crate) reset: bool,
    pub(crate) paused: bool,
    /// Whether the running callback asked the stream to continue.
    pub(crate) resumed: bool,
    /// Whether Envoy answered it because the module had failed.
    pub(crate) failed: bool,
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
            remote: request.remote,
            protocol: request.protocol,
            end_of_stream: request.end_of_stream,
            request: Message {
                headers: request.headers,
                ..Message::default()
            },
            response: Message::default(),
            local_response: None,
            reset: false,
            paused: false,
            resumed: false,
            failed: false,
        }
    }

    pub(crate) fn message(&mut self, direction: Direction) -> &mut Message {
        match direction {
            Direction::Request => &mut self.request,
            Direction::Response => &mut self.response,
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
        self.response.begun && !self.response.holds_headers
    }

    /// Replaces a response in progress; the new answer passes no filter again.
    pub(crate) fn replace_response(&mut self, response: LocalResponse) {
        self.response.headers = response.all_headers();
        self.response.trailers = None;
        self.response.body.clear();
        self.response.body_passed = response.body.clone();
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
        if self.response.begun {
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
