//! TCP callers: a new connection for each message, or messages over connections that stay open. The server must echo.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use tokio::task::JoinSet;

use super::Latencies;
use super::pace::Pace;
use crate::client::Caller;
use crate::client::tcp::{Connection, ReceivedBytes};

/// What is sent.
const MESSAGE: &str = "what is the balance of account 4711?\n";

/// A caller, and whether it is allowed, if known.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The caller.
    pub caller: Caller,
    /// Whether an echo is required, or forbidden.
    pub allowed: Option<bool>,
}

/// All visitors at the same time connect this often, send a message, wait for its echo and close. A latency is from the beginning
/// of the connection to the echo, or to the end without one.
///
/// If a connection fails, or ends otherwise than required.
pub async fn visit(address: SocketAddr, visitors: &[Visitor], each: usize) -> Result<Latencies> {
    let mut tasks = JoinSet::new();
    for visitor in visitors.iter().cloned() {
        tasks.spawn(async move {
            let mut latencies = Latencies::default();
            for _ in 0..each {
                let start = Instant::now();
                let mut connection = Connection::open(address, &visitor.caller).await?;
                let allowed = is_echo(&connection.echo(MESSAGE).await?)?;
                latencies.add(start.elapsed());
                ensure!(
                    visitor.allowed.is_none_or(|expected| expected == allowed),
                    "a connection was {} by mistake",
                    if allowed { "allowed" } else { "denied" }
                );
            }
            anyhow::Ok(latencies)
        });
    }
    let mut all = Latencies::default();
    while let Some(done) = tasks.join_next().await {
        all.extend(done??);
    }
    Ok(all)
}

/// Whether the message came back; an end without a byte is a denial.
fn is_echo(received: &ReceivedBytes) -> Result<bool> {
    if received.bytes == MESSAGE.as_bytes() {
        Ok(true)
    } else if received.nothing() {
        Ok(false)
    } else {
        bail!("neither an echo nor a denial: {received:?}")
    }
}

/// Connections that stay open.
pub struct PersistentConnections {
    connections: Vec<Connection>,
}

impl PersistentConnections {
    /// Opens one for each caller, all of which must be allowed.
    pub async fn open(address: SocketAddr, callers: &[Caller]) -> Result<Self> {
        let mut held = Self {
            connections: Vec::new(),
        };
        for caller in callers {
            held.connections.push(Connection::open(address, caller).await?);
        }
        Ok(held)
    }

    /// All callers at the same time send this many messages, each after the echo of the one before.
    ///
    /// # Errors
    /// If a message does not come back.
    pub async fn echo(&mut self, each: usize) -> Result<Latencies> {
        self.echo_at(each, None).await
    }

    /// The same at fixed intervals, as [`Crowd::ask_every`](super::Crowd::ask_every).
    pub async fn echo_every(&mut self, interval: Duration, each: usize) -> Result<Latencies> {
        self.echo_at(each, Some(interval)).await
    }

    async fn echo_at(&mut self, each: usize, interval: Option<Duration>) -> Result<Latencies> {
        let mut tasks = JoinSet::new();
        let connections = std::mem::take(&mut self.connections);
        let mut paces = interval.map(|interval| Pace::of_each(connections.len(), interval));
        for mut connection in connections {
            let mut pace = paces.as_mut().and_then(Iterator::next);
            tasks.spawn(async move {
                let mut latencies = Latencies::default();
                for _ in 0..each {
                    let start = Pace::next_of(&mut pace).await;
                    ensure!(is_echo(&connection.echo(MESSAGE).await?)?, "the connection ended");
                    latencies.add(start.elapsed());
                }
                anyhow::Ok((connection, latencies))
            });
        }
        let mut all = Latencies::default();
        while let Some(done) = tasks.join_next().await {
            let (connection, latencies) = done??;
            self.connections.push(connection);
            all.extend(latencies);
        }
        Ok(all)
    }
}
