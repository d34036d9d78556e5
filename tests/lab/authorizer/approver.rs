//! The cheapest authorizer there can be: over gRPC, it says yes to everybody without reading the question.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::upstream::Task;

/// An empty `CheckResponse`, whose status is OK, in gRPC's frame: a flag and the length of the message.
const YES: &[u8] = &[0; 5];

/// A server of `envoy.service.auth.v3.Authorization` that approves everything.
#[derive(Debug)]
pub struct Approver {
    address: SocketAddr,
    _task: Task,
}

// === impl Approver ===

impl Approver {
    /// Starts on a free port.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let task = Task::spawn(async move {
            // Dropped with the task, and the connections with it.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream));
            }
        });
        Ok(Self { address, _task: task })
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn serve(stream: TcpStream) {
    let service = service_fn(async |question: Request<Incoming>| {
        // An answer before the end of the question would reset its stream.
        let _ = question.into_body().collect().await;
        let mut status = HeaderMap::new();
        status.insert("grpc-status", HeaderValue::from_static("0"));
        let body = Full::new(Bytes::from_static(YES)).with_trailers(std::future::ready(Some(Ok(status))));
        let mut response = Response::new(body);
        let kind = HeaderValue::from_static("application/grpc");
        response.headers_mut().insert("content-type", kind);
        Ok::<_, Infallible>(response)
    });
    // A connection that breaks shows at Envoy's end.
    let _ = http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
