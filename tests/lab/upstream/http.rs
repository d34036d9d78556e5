//! An HTTP server that returns the request that it received.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::Task;

/// A request that reached the upstream.
#[derive(Debug, Clone)]
pub struct ReceivedRequest {
    /// Its method.
    pub method: String,
    /// Its path with the query.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// The length of its body.
    pub body: usize,
}

/// Answers 200 to everything, with the request as JSON. To gRPC it answers an empty success.
#[derive(Debug)]
pub struct HttpEcho {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<ReceivedRequest>>>,
    _task: Task,
}

// === impl HttpEcho ===

impl HttpEcho {
    /// Starts on a free port.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let seen = Arc::default();
        let task = Task::spawn(accept(listener, Arc::clone(&seen)));
        Ok(Self {
            address,
            seen,
            _task: task,
        })
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<ReceivedRequest> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The paths of the requests so far.
    pub fn paths(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.path).collect()
    }
}

async fn accept(listener: TcpListener, seen: Arc<Mutex<Vec<ReceivedRequest>>>) {
    // Dropped with the task, and the connections with it.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, Arc::clone(&seen)));
    }
}

async fn serve(stream: TcpStream, seen: Arc<Mutex<Vec<ReceivedRequest>>>) {
    let service = service_fn(move |request| answer(request, Arc::clone(&seen)));
    // A connection that breaks shows at the caller's end.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    request: Request<Incoming>,
    seen: Arc<Mutex<Vec<ReceivedRequest>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    // The whole request is read, so that the connection can be reused.
    let body = body.collect().await.map(http_body_util::Collected::to_bytes);
    let request = ReceivedRequest {
        method: head.method.to_string(),
        path: head.uri.to_string(),
        headers: head.headers,
        body: body.unwrap_or_default().len(),
    };
    let response = if is_grpc(&request.headers) {
        let builder = Response::builder()
            .header("content-type", "application/grpc")
            .header("grpc-status", "0");
        builder.body(Full::default())
    } else {
        let builder = Response::builder().header("content-type", "application/json");
        builder.body(Full::from(describe(&request).to_string()))
    };
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    Ok(response.unwrap_or_default())
}

fn is_grpc(headers: &HeaderMap) -> bool {
    headers
        .get("content-type")
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}

fn describe(request: &ReceivedRequest) -> Value {
    let headers: Map<String, Value> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()))
        .collect();
    json!({"method": request.method, "path": request.path, "headers": headers})
}
