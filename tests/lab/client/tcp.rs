//! A TCP caller: what it received, and how the connection ended.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Caller;
use super::caller::Stream;
use crate::deadline::{self, within};

/// How a wait for bytes ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionEnd {
    /// All awaited bytes have arrived, and the connection is open.
    Open,
    /// The other side closed.
    Closed,
    /// The other side reset the connection.
    Reset,
    /// The other side refused the handshake.
    Refused(String),
    /// Nothing more arrived in time.
    Silent,
}

/// The bytes that a caller received before the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedBytes {
    /// All bytes.
    pub bytes: Vec<u8>,
    /// How it ended.
    pub end: ConnectionEnd,
}

/// One connection. It closes when dropped.
pub struct Connection {
    stream: Box<dyn Stream>,
    local: SocketAddr,
}

// === impl Connection ===

impl Connection {
    /// Connects, with TLS if the caller has it.
    pub async fn open(address: SocketAddr, caller: &Caller) -> Result<Self> {
        let (stream, local) = within(deadline::EXCHANGE, "connecting", caller.connect(address, &[])).await?;
        Ok(Self { stream, local })
    }

    /// Connects as one caller, and inside of that as another: the application's TLS in the mesh's. The outer one is marked by its
    /// protocol (ALPN).
    pub async fn open_inside(
        address: SocketAddr,
        outer: &Caller,
        protocol: &str,
        inner: &Caller,
    ) -> Result<Self> {
        let connect = async {
            let (stream, local) = outer.connect(address, &[protocol]).await?;
            Ok((inner.handshake(stream).await?, local))
        };
        let (stream, local) = within(deadline::EXCHANGE, "connecting", connect).await?;
        Ok(Self { stream, local })
    }

    /// The caller's address, which the access log shows as `peer_address`.
    pub fn local_address(&self) -> SocketAddr {
        self.local
    }

    /// Sends a text. If the connection is already closed, only reading shows it.
    pub async fn send(&mut self, text: &str) -> Result<()> {
        self.send_bytes(text.as_bytes()).await
    }

    /// Sends bytes that need not be text.
    pub async fn send_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let send = async {
            let sent = self.stream.write_all(bytes).await;
            let flushed = self.stream.flush().await;
            match sent.and(flushed) {
                Err(error) if !is_end(&error) => Err(error.into()),
                _ => Ok(()),
            }
        };
        within(deadline::EXCHANGE, "sending", send).await
    }

    /// Ends its own data; the other side may still send.
    pub async fn finish(&mut self) -> Result<()> {
        let finish = async {
            match self.stream.shutdown().await {
                Err(error) if !is_end(&error) => Err(error.into()),
                _ => Ok(()),
            }
        };
        within(deadline::EXCHANGE, "ending", finish).await
    }

    /// Reads until this many bytes have arrived, the connection ends, or `patience` is over.
    pub async fn receive(&mut self, count: usize, patience: Duration) -> Result<ReceivedBytes> {
        let start = Instant::now();
        let mut bytes = Vec::new();
        let mut buffer = [0; 4096];
        let end = loop {
            if bytes.len() >= count {
                break ConnectionEnd::Open;
            }
            let left = patience.saturating_sub(start.elapsed());
            match tokio::time::timeout(left, self.stream.read(&mut buffer)).await {
                Err(_elapsed) => break ConnectionEnd::Silent,
                Ok(Ok(0)) => break ConnectionEnd::Closed,
                Ok(Ok(count)) => bytes.extend_from_slice(&buffer[..count]),
                Ok(Err(error)) => break end(&error)?,
            }
        };
        Ok(ReceivedBytes { bytes, end })
    }

    /// Sends a text, and waits for as many bytes.
    pub async fn echo(&mut self, text: &str) -> Result<ReceivedBytes> {
        self.send(text).await?;
        self.receive(text.len(), deadline::EXCHANGE).await
    }
}

// === impl ReceivedBytes ===

impl ReceivedBytes {
    /// The received bytes, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Whether the connection ended without a single byte.
    pub fn nothing(&self) -> bool {
        self.bytes.is_empty() && matches!(self.end, ConnectionEnd::Closed | ConnectionEnd::Reset)
    }
}

fn is_end(error: &io::Error) -> bool {
    let kind = error.kind();
    matches!(
        kind,
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
    )
        // HTTP/2's error for a tunnel that was reset; it has no kind of its own.
        || kind == io::ErrorKind::Other && error.to_string().contains("CONNECT request was reset")
}

fn end(error: &io::Error) -> Result<ConnectionEnd> {
    let kind = error.kind();
    if is_end(error) {
        Ok(ConnectionEnd::Reset)
    } else if kind == io::ErrorKind::UnexpectedEof {
        // TLS that ends without a notice.
        Ok(ConnectionEnd::Closed)
    } else if kind == io::ErrorKind::InvalidData {
        // The error of rustls for an alert.
        Ok(ConnectionEnd::Refused(error.to_string()))
    } else {
        Err(anyhow!("reading: {error}"))
    }
}
