//! An application that terminates TLS itself: it echoes, and records the requested server names.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::Task;
use crate::certificates::Identity;

/// Echoes everything inside its own TLS.
#[derive(Debug)]
pub struct TlsEcho {
    address: SocketAddr,
    asked_for: Names,
    _task: Task,
}

type Names = Arc<Mutex<Vec<String>>>;

// === impl TlsEcho ===

impl TlsEcho {
    /// Starts on a free port, with its own certificate. It does not request clients' certificates.
    pub async fn start(identity: &Identity) -> Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![identity.certificate_der()], identity.key_der())
            .context("the application's certificate")?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let asked_for = Names::default();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self {
            address,
            _task: Task::spawn(accept(listener, acceptor, Arc::clone(&asked_for))),
            asked_for,
        })
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The server name of each handshake so far; empty if none was sent.
    pub fn asked_for(&self) -> Vec<String> {
        self.asked_for
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, names: Names) {
    // Dropped with the task, and the connections with it.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, names) = (acceptor.clone(), Arc::clone(&names));
        connections.spawn(async move {
            // How it ends shows at the caller's end.
            let _ = serve(stream, acceptor, names).await;
        });
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, names: Names) -> std::io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let name = stream.get_ref().1.server_name().unwrap_or_default().to_owned();
    names.lock().unwrap_or_else(PoisonError::into_inner).push(name);
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return stream.shutdown().await;
        }
        stream.write_all(&buffer[..count]).await?;
        stream.flush().await?;
    }
}
