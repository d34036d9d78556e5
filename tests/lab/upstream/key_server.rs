//! A server of an issuer's keys.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::Task;
use crate::certificates::Identity;

/// Answers every request with the same keys.
#[derive(Debug)]
pub struct KeyServer {
    address: SocketAddr,
    fetched: Arc<AtomicUsize>,
    _task: Task,
}

// === impl KeyServer ===

impl KeyServer {
    /// Starts on this port of loopback, 0 for a free one: over TLS with a certificate, in plaintext without.
    pub async fn start(port: u16, identity: Option<&Identity>, keys: &Value) -> Result<Self> {
        let acceptor = identity.map(acceptor).transpose()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let fetched = Arc::default();
        let task = accept(listener, acceptor, keys.to_string(), Arc::clone(&fetched));
        Ok(Self {
            address,
            fetched,
            _task: Task::spawn(task),
        })
    }

    /// The server's port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many requests it has answered.
    pub fn fetched(&self) -> usize {
        self.fetched.load(Ordering::SeqCst)
    }
}

fn acceptor(identity: &Identity) -> Result<TlsAcceptor> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![identity.certificate_der()], identity.key_der())
        .context("the key server's certificate")?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn accept(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    keys: String,
    fetched: Arc<AtomicUsize>,
) {
    // Dropped with the task, and the connections with it.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, keys, fetched) = (acceptor.clone(), keys.clone(), Arc::clone(&fetched));
        connections.spawn(async move {
            match acceptor {
                None => serve(stream, keys, fetched).await,
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, keys, fetched).await;
                    }
                }
            }
        });
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    keys: String,
    fetched: Arc<AtomicUsize>,
) {
    let service = service_fn(move |_: Request<Incoming>| {
        fetched.fetch_add(1, Ordering::SeqCst);
        let keys = Bytes::from(keys.clone());
        async move { Ok::<Response<Full<Bytes>>, Infallible>(Response::new(Full::from(keys))) }
    });
    // A connection that breaks shows in Envoy.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
