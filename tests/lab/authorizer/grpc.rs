//! An authorizer over gRPC: `envoy.service.auth.v3.Authorization/Check`.

mod call;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use http::HeaderMap;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use tokio::net::TcpStream;

use super::message::{CheckRequest, CheckResponse};
use super::questions::Questions;
use super::scripted::Authorizer;
use super::timing::{AnswerTiming, Gate};

/// A question that it received.
#[derive(Debug, Clone)]
pub struct GrpcQuestion {
    /// The service and the method, as a path.
    pub path: String,
    /// The host.
    pub authority: String,
    /// The metadata.
    pub metadata: HeaderMap,
    /// The message.
    pub request: CheckRequest,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct GrpcAnswer {
    when: AnswerTiming,
    what: GrpcPayload,
}

#[derive(Debug, Clone)]
enum GrpcPayload {
    Message(Vec<u8>),
    Status(i32, String),
    Http(u16),
    /// OK, without a message.
    Nothing,
    BreaksOff,
}

type Script = Arc<dyn Fn(&GrpcQuestion) -> GrpcAnswer + Send + Sync>;

/// An authorizer over gRPC that answers by script.
pub type GrpcAuthorizer = Authorizer<GrpcQuestion>;

// === impl GrpcAnswer ===

impl GrpcAnswer {
    /// An answer with a message.
    pub fn response(response: &CheckResponse) -> Self {
        Self::bytes(response.encode_to_vec())
    }

    /// An answer with any bytes instead of a message.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(GrpcPayload::Message(bytes.into()))
    }

    /// A gRPC status instead of a message.
    pub fn status(code: i32, message: &str) -> Self {
        Self::new(GrpcPayload::Status(code, message.to_owned()))
    }

    /// An HTTP status, as from a server without gRPC.
    pub fn http(status: u16) -> Self {
        Self::new(GrpcPayload::Http(status))
    }

    /// A success without its message.
    pub fn nothing() -> Self {
        Self::new(GrpcPayload::Nothing)
    }

    /// An answer that is cut off.
    pub fn breaking_off() -> Self {
        Self::new(GrpcPayload::BreaksOff)
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

    fn new(what: GrpcPayload) -> Self {
        Self {
            when: AnswerTiming::AtOnce,
            what,
        }
    }
}

// === impl GrpcAuthorizer ===

impl Authorizer<GrpcQuestion> {
    /// Starts on a free port.
    pub async fn start(script: impl Fn(&GrpcQuestion) -> GrpcAnswer + Send + Sync + 'static) -> Result<Self> {
        let script: Script = Arc::new(script);
        Self::listen(move |stream, questions| serve(stream, questions, Arc::clone(&script))).await
    }
}

async fn serve(stream: TcpStream, questions: Arc<Questions<GrpcQuestion>>, script: Script) {
    let service = service_fn(move |request| {
        let (questions, script) = (Arc::clone(&questions), Arc::clone(&script));
        async move { Ok::<_, Infallible>(call::answer(request, questions, script).await) }
    });
    // A connection that breaks shows at Envoy's end.
    let _ = http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
