//! A port that is known before Envoy listens on it, and that nobody else can take in the meantime.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::net::TcpSocket;

/// A free port of loopback, kept by a socket that is bound to it but does not listen. Envoy may bind it too, as both
/// set `SO_REUSEPORT`; connections go to the one that listens.
#[derive(Debug, Clone)]
pub struct Port {
    number: u16,
    _reserved: Arc<TcpSocket>,
}

// === impl Port ===

impl Port {
    /// Reserves a free port.
    pub fn reserve() -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseport(true)?;
        socket
            .bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .context("reserving a port")?;
        Ok(Self {
            number: socket.local_addr()?.port(),
            _reserved: Arc::new(socket),
        })
    }

    /// Its number.
    pub fn number(&self) -> u16 {
        self.number
    }
}
