//! A server that does not speak the protocol.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::upstream::Task;

/// Sends the same bytes to every client, and closes the connection.
#[derive(Debug)]
pub struct FixedReplyServer {
    address: SocketAddr,
    _task: Task,
}

// === impl FixedReplyServer ===

impl FixedReplyServer {
    /// Starts a server that sends these bytes, on a free port.
    pub async fn saying(bytes: &'static [u8]) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let task = Task::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, bytes));
            }
        });
        Ok(Self { address, _task: task })
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn serve(mut stream: TcpStream, bytes: &'static [u8]) {
    let mut buffer = [0; 4096];
    // Any failure shows at Envoy's end.
    let _ = stream.read(&mut buffer).await;
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
}
