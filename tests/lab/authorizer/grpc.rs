//! An authorizer that is asked by gRPC: `envoy.service.auth.v3.Authorization/Check`.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use http::{HeaderMap, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, UnaryService};
use tonic::{Code, Status};

use super::broken::Broken;
use super::message::{CheckRequest, CheckResponse};
use super::questions::Questions;
use super::when::{Gate, When};
use crate::upstream::Task;

/// What it was asked.
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

/// What it says.
#[derive(Debug, Clone)]
pub struct GrpcAnswer {
    when: When,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Message(Vec<u8>),
    Status(i32, String),
    Http(u16),
    /// OK, without a message.
    Nothing,
    BreaksOff,
}

type Script = Arc<dyn Fn(&GrpcQuestion) -> GrpcAnswer + Send + Sync>;

/// The server.
pub struct GrpcAuthorizer {
    address: SocketAddr,
    questions: Arc<Questions<GrpcQuestion>>,
    _task: Task,
}

// === impl GrpcAnswer ===

impl GrpcAnswer {
    /// A message.
    pub fn response(response: &CheckResponse) -> Self {
        Self::bytes(response.encode_to_vec())
    }

    /// Any bytes in place of a message.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(What::Message(bytes.into()))
    }

    /// A gRPC status in place of a message.
    pub fn status(code: i32, message: &str) -> Self {
        Self::new(What::Status(code, message.to_owned()))
    }

    /// An HTTP status, as of a server that knows no gRPC.
    pub fn http(status: u16) -> Self {
        Self::new(What::Http(status))
    }

    /// A success without the message that it should have.
    pub fn nothing() -> Self {
        Self::new(What::Nothing)
    }

    /// The beginning of an answer.
    pub fn breaking_off() -> Self {
        Self::new(What::BreaksOff)
    }

    /// Takes its time.
    pub fn after(mut self, time: Duration) -> Self {
        self.when = When::After(time);
        self
    }

    /// Waits for the gate to be opened.
    pub fn behind(mut self, gate: &Gate) -> Self {
        self.when = When::Opened(gate.clone());
        self
    }

    fn new(what: What) -> Self {
        Self {
            when: When::AtOnce,
            what,
        }
    }
}

// === impl GrpcAuthorizer ===

impl GrpcAuthorizer {
    /// Starts on a free port.
    pub async fn start(script: impl Fn(&GrpcQuestion) -> GrpcAnswer + Send + Sync + 'static) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let questions = Arc::<Questions<GrpcQuestion>>::default();
        let task = Task::spawn(accept(listener, Arc::clone(&questions), Arc::new(script)));
        Ok(Self {
            address,
            questions,
            _task: task,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<GrpcQuestion> {
        self.questions.asked()
    }

    /// Until it was asked so many times.
    pub async fn asked_times(&self, count: usize) -> Result<()> {
        self.questions.asked_times(count).await
    }

    /// Until so many questions wait for their answer.
    pub async fn waiting(&self, count: usize) -> Result<()> {
        self.questions.waiting(count).await
    }
}

impl fmt::Debug for GrpcAuthorizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrpcAuthorizer")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

async fn accept(listener: TcpListener, questions: Arc<Questions<GrpcQuestion>>, script: Script) {
    // Dropped with the task, and the connections with it.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, Arc::clone(&questions), Arc::clone(&script)));
    }
}

async fn serve(stream: TcpStream, questions: Arc<Questions<GrpcQuestion>>, script: Script) {
    let service = service_fn(move |request| {
        let (questions, script) = (Arc::clone(&questions), Arc::clone(&script));
        async move { Ok::<_, Infallible>(answer(request, questions, script).await) }
    });
    // A connection that breaks shows at Envoy's end.
    let _ = http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    request: Request<Incoming>,
    questions: Arc<Questions<GrpcQuestion>>,
    script: Script,
) -> Response<Body> {
    let call = Call {
        path: request.uri().path().to_owned(),
        authority: request
            .uri()
            .authority()
            .map(ToString::to_string)
            .unwrap_or_default(),
        metadata: request.headers().clone(),
        questions,
        script,
    };
    let mut response = Grpc::new(Raw).unary(call, request).await;
    // What gRPC has no words for.
    match response.extensions_mut().remove::<What>() {
        Some(What::Http(status)) => {
            let response = Response::builder().status(status);
            response.body(Body::empty()).unwrap_or_default()
        }
        Some(What::Nothing) => {
            let response = Response::builder()
                .header("content-type", "application/grpc")
                .header("grpc-status", "0");
            response.body(Body::empty()).unwrap_or_default()
        }
        Some(What::BreaksOff) => response.map(|_| Body::new(Broken::new())),
        Some(What::Message(_) | What::Status(..)) | None => response,
    }
}

/// One call.
struct Call {
    path: String,
    authority: String,
    metadata: HeaderMap,
    questions: Arc<Questions<GrpcQuestion>>,
    script: Script,
}

impl UnaryService<CheckRequest> for Call {
    type Response = Vec<u8>;
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<Vec<u8>>, Status>> + Send>>;

    fn call(&mut self, request: tonic::Request<CheckRequest>) -> Self::Future {
        let question = GrpcQuestion {
            path: std::mem::take(&mut self.path),
            authority: std::mem::take(&mut self.authority),
            metadata: std::mem::take(&mut self.metadata),
            request: request.into_inner(),
        };
        let answer = (self.script)(&question);
        let waiting = self.questions.note(question);
        Box::pin(async move {
            answer.when.come().await;
            drop(waiting);
            match answer.what {
                What::Message(bytes) => Ok(tonic::Response::new(bytes)),
                What::Status(code, message) => Err(Status::new(Code::from(code), message)),
                what @ (What::Http(_) | What::Nothing | What::BreaksOff) => {
                    let mut response = tonic::Response::new(Vec::new());
                    response.extensions_mut().insert(what);
                    Ok(response)
                }
            }
        })
    }
}

/// Reads questions, and writes any bytes.
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = CheckRequest;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        prost::bytes::BufMut::put_slice(buffer, &item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = CheckRequest;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<CheckRequest>, Status> {
        CheckRequest::decode(buffer)
            .map(Some)
            .map_err(|error| Status::internal(error.to_string()))
    }
}
