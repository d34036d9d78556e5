//! A TCP server that echoes, and may send first.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::Task;

/// Sends its greeting, if it has one, and then echoes.
#[derive(Debug)]
pub struct TcpEcho {
    address: SocketAddr,
    counts: Arc<Counts>,
    _task: Task,
}

/// Counts of what has reached a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrafficCounts {
    /// Connections accepted.
    pub connections: u64,
    /// Bytes received, on all of them.
    pub bytes: u64,
}

/// What a server does after its greeting.
#[derive(Debug, Clone, Copy)]
enum AfterGreeting {
    Echoes,
    Ends,
}

#[derive(Debug, Default)]
struct Counts {
    connections: AtomicU64,
    bytes: AtomicU64,
}

// === impl TcpEcho ===

impl TcpEcho {
    /// Starts a server that waits for its client to send.
    pub async fn start() -> Result<Self> {
        Self::greeting("").await
    }

    /// Starts a server that sends first, as MySQL or SMTP do.
    pub async fn greeting(greeting: &'static str) -> Result<Self> {
        Self::serving(greeting, AfterGreeting::Echoes).await
    }

    /// Starts a server that greets and then sends nothing more, as MySQL does to a host that it blocks.
    pub async fn greeting_only(greeting: &'static str) -> Result<Self> {
        Self::serving(greeting, AfterGreeting::Ends).await
    }

    async fn serving(greeting: &'static str, after: AfterGreeting) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let counts = Arc::default();
        let task = Task::spawn(accept(listener, greeting, after, Arc::clone(&counts)));
        Ok(Self {
            address,
            counts,
            _task: task,
        })
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The counts so far.
    pub fn traffic(&self) -> TrafficCounts {
        TrafficCounts {
            connections: self.counts.connections.load(Ordering::SeqCst),
            bytes: self.counts.bytes.load(Ordering::SeqCst),
        }
    }
}

async fn accept(listener: TcpListener, greeting: &'static str, after: AfterGreeting, counts: Arc<Counts>) {
    // Dropped with the task, and the connections with it.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        counts.connections.fetch_add(1, Ordering::SeqCst);
        connections.spawn(serve(stream, greeting, after, Arc::clone(&counts)));
    }
}

async fn serve(mut stream: TcpStream, greeting: &'static str, after: AfterGreeting, counts: Arc<Counts>) {
    if stream.write_all(greeting.as_bytes()).await.is_err() {
        return;
    }
    match after {
        AfterGreeting::Echoes => {}
        AfterGreeting::Ends => {
            if stream.shutdown().await.is_err() {
                return;
            }
        }
    }
    let mut buffer = [0; 4096];
    while let Ok(count) = stream.read(&mut buffer).await {
        if count == 0 {
            return;
        }
        counts.bytes.fetch_add(count as u64, Ordering::SeqCst);
        match after {
            AfterGreeting::Ends => {}
            AfterGreeting::Echoes => {
                if stream.write_all(&buffer[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}
