//! An HTTP/1.1 server that accepts anything: it keeps each request line byte for byte and answers 200.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::Task;

/// The largest request head that it reads.
const LIMIT: usize = 1 << 20;

/// Answers 200 to anything that ends in an empty line, and closes.
#[derive(Debug)]
pub struct PlainHttp {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<Vec<u8>>>>,
    _task: Task,
}

// === impl PlainHttp ===

impl PlainHttp {
    /// Starts on a free port.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let heads = Arc::default();
        let task = Task(tokio::spawn(accept(listener, Arc::clone(&heads))));
        Ok(Self {
            address,
            heads,
            _task: task,
        })
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The targets so far, as they were in the request lines.
    pub fn targets(&self) -> Vec<Vec<u8>> {
        let target = |head: &Vec<u8>| {
            head.split(|byte| *byte == b' ')
                .nth(1)
                .unwrap_or_default()
                .to_vec()
        };
        self.heads().iter().map(target).collect()
    }

    /// The heads so far: each request line with its headers, byte for byte.
    pub fn heads(&self) -> Vec<Vec<u8>> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn accept(listener: TcpListener, heads: Arc<Mutex<Vec<Vec<u8>>>>) {
    // Dropped with the task, and the connections with it.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, Arc::clone(&heads)));
    }
}

async fn serve(mut stream: TcpStream, heads: Arc<Mutex<Vec<Vec<u8>>>>) {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while !head.windows(4).any(|four| four == b"\r\n\r\n") && head.len() < LIMIT {
        match stream.read(&mut buffer).await {
            Ok(count) if count > 0 => head.extend_from_slice(&buffer[..count]),
            _ => return,
        }
    }
    heads.lock().unwrap_or_else(PoisonError::into_inner).push(head);
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    // How it ends shows at the caller's end.
    let _ = stream.write_all(answer).await;
    let _ = stream.shutdown().await;
}
