//! An authorizer over HTTP, whose status is the answer.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use http::{HeaderMap, Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::questions::Questions;
use super::scripted::Authorizer;
use super::timing::{AnswerTiming, Gate};
use super::truncated_body::TruncatedBody;

/// A question that it received.
#[derive(Debug, Clone)]
pub struct HttpQuestion {
    /// The method.
    pub method: String,
    /// The path with the query.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct HttpAnswer {
    when: AnswerTiming,
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Option<String>,
}

type Script = Arc<dyn Fn(&HttpQuestion) -> HttpAnswer + Send + Sync>;

/// An authorizer over HTTP that answers by script.
pub type HttpAuthorizer = Authorizer<HttpQuestion>;

// === impl HttpQuestion ===

impl HttpQuestion {
    /// All values of a header.
    pub fn header(&self, name: &str) -> Vec<String> {
        let values = self.headers.get_all(name).iter();
        values
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect()
    }

    /// The names of its headers, each once, in order.
    pub fn header_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.headers.keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }
}

// === impl HttpAnswer ===

impl HttpAnswer {
    /// An answer with a status and no body.
    pub fn status(status: u16) -> Self {
        Self {
            when: AnswerTiming::AtOnce,
            status,
            headers: Vec::new(),
            body: Some(String::new()),
        }
    }

    /// An answer that allows.
    pub fn allow() -> Self {
        Self::status(200)
    }

    /// Adds a header after the others.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: &str) -> Self {
        self.body = Some(body.to_owned());
        self
    }

    /// Cuts the answer off in the middle of the body.
    pub fn breaking_off(mut self) -> Self {
        self.body = None;
        self
    }

    /// Delays the answer.
    pub fn after(mut self, time: Duration) -> Self {
        self.when = AnswerTiming::After(time);
        self
    }

    /// Delays the answer until the gate is open.
    pub fn behind(mut self, gate: &Gate) -> Self {
        self.when = AnswerTiming::Opened(gate.clone());
        self
    }

    fn response(self) -> Response<BoxBody<Bytes, std::io::Error>> {
        let mut builder = Response::builder().status(self.status);
        for (name, value) in self.headers {
            builder = builder.header(name, value);
        }
        let response = match self.body {
            Some(body) => builder.body(Full::from(body).map_err(|never| match never {}).boxed()),
            None => builder
                .header("content-length", "10")
                .body(TruncatedBody::new().boxed()),
        };
        response.unwrap_or_default()
    }
}

// === impl HttpAuthorizer ===

impl Authorizer<HttpQuestion> {
    /// Starts on a free port.
    pub async fn start(script: impl Fn(&HttpQuestion) -> HttpAnswer + Send + Sync + 'static) -> Result<Self> {
        let script: Script = Arc::new(script);
        Self::listen(move |stream, questions| serve(stream, questions, Arc::clone(&script))).await
    }
}

async fn serve(stream: TcpStream, questions: Arc<Questions<HttpQuestion>>, script: Script) {
    let service = service_fn(move |request| answer(request, Arc::clone(&questions), Arc::clone(&script)));
    // A connection that breaks shows at Envoy's end.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    request: Request<Incoming>,
    questions: Arc<Questions<HttpQuestion>>,
    script: Script,
) -> Result<Response<BoxBody<Bytes, std::io::Error>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    let question = HttpQuestion {
        method: head.method.to_string(),
        path: head.uri.to_string(),
        headers: head.headers,
        body,
    };
    let answer = script(&question);
    let waiting = questions.note(question);
    answer.when.come().await;
    drop(waiting);
    Ok(answer.response())
}
