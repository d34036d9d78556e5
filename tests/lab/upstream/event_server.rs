//! An HTTP/1.1 server whose responses never end.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::Task;

/// Sends one event after another, as long as the client stays; `/silent` gets no answer at all.
#[derive(Debug)]
pub struct EventServer {
    address: SocketAddr,
    _task: Task,
}

// === impl EventServer ===

impl EventServer {
    /// The text of each event.
    pub const EVENT: &str = "data: tick\n\n";

    /// The time between two events.
    const PERIOD: Duration = Duration::from_millis(20);

    /// Starts on a free port.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self {
            address,
            _task: Task::spawn(accept(listener)),
        })
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn accept(listener: TcpListener) {
    // Dropped with the task, and the connections with it.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(async {
            // How it ends shows at the caller's end.
            let _ = serve(stream).await;
        });
    }
}

async fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        head.extend_from_slice(&buffer[..count]);
    }
    if head.starts_with(b"GET /silent ") {
        // Until the client, or Envoy for it, goes away.
        while stream.read(&mut buffer).await? > 0 {}
        return Ok(());
    }
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    loop {
        let event = EventServer::EVENT;
        stream
            .write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes())
            .await?;
        tokio::time::sleep(EventServer::PERIOD).await;
    }
}
