//! An application that reports its health, over HTTP/1.1 and over the gRPC health protocol.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::Task;

/// Answers 200 or 500, or SERVING or NOT_SERVING.
#[derive(Debug)]
pub struct HealthApp {
    address: SocketAddr,
    state: Arc<State>,
    _task: Task,
}

#[derive(Debug)]
struct State {
    healthy: AtomicBool,
    seen: Mutex<Vec<(String, HeaderMap)>>,
}

// === impl HealthApp ===

impl HealthApp {
    /// Starts one that speaks HTTP/1.1, on a free port, healthy.
    pub async fn http() -> Result<Self> {
        Self::start(false).await
    }

    /// Starts one that speaks gRPC, on a free port, healthy.
    pub async fn grpc() -> Result<Self> {
        Self::start(true).await
    }

    async fn start(grpc: bool) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            healthy: AtomicBool::new(true),
            seen: Mutex::default(),
        });
        let task = Task::spawn(accept(listener, grpc, Arc::clone(&state)));
        Ok(Self {
            address,
            state,
            _task: task,
        })
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets its health from now on.
    pub fn set_healthy(&self, healthy: bool) {
        self.state.healthy.store(healthy, Ordering::SeqCst);
    }

    /// The paths that were requested so far, with the headers.
    pub fn seen(&self) -> Vec<(String, HeaderMap)> {
        self.state
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

async fn accept(listener: TcpListener, grpc: bool, state: Arc<State>) {
    // Dropped with the task, and the connections with it.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        connections.spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&state)));
            let stream = TokioIo::new(stream);
            // A connection that breaks shows at the caller's end.
            if grpc {
                let builder = http2::Builder::new(TokioExecutor::new());
                drop(builder.serve_connection(stream, service).await);
            } else {
                drop(http1::Builder::new().serve_connection(stream, service).await);
            }
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    state: Arc<State>,
) -> Result<Response<BoxBody<Bytes, Infallible>>, Infallible> {
    let (head, body) = request.into_parts();
    drop(body.collect().await);
    let path = head.uri.path_and_query().map(ToString::to_string);
    let path = path.unwrap_or_default();
    let grpc = path == "/grpc.health.v1.Health/Check";
    state
        .seen
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push((path, head.headers));
    let healthy = state.healthy.load(Ordering::SeqCst);
    let mut response = Response::new(Full::default().boxed());
    if grpc {
        // A `HealthCheckResponse` in a frame: SERVING is 1, NOT_SERVING 2.
        let message = [0, 0, 0, 0, 2, 8, if healthy { 1 } else { 2 }];
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        let body = Full::new(Bytes::copy_from_slice(&message)).with_trailers(async { Some(Ok(trailers)) });
        response = Response::new(body.boxed());
        let kind = HeaderValue::from_static("application/grpc");
        response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    } else if !healthy {
        *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
    }
    Ok(response)
}
