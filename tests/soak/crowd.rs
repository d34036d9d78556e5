//! Long-lived streams: requests that are never answered, and TCP connections.

use anyhow::{Result, ensure};
use peerwarden_lab::client::{ClientRequest, http, tcp};
use tokio::sync::Mutex;

use crate::mesh::{Mesh, STAYS};
use crate::size::Size;

/// The number of streams on one connection: Envoy's default limit is higher.
const BESIDE: usize = 100;

/// The number of connections that are opened concurrently.
const AT_ONCE: usize = 50;

/// Callers that every version of the policies allows.
pub(crate) struct Crowd {
    streams: Vec<http::OpenStream>,
    /// The connections of the streams.
    _clients: Vec<http::Connection>,
    connections: Mutex<Vec<tcp::Connection>>,
}

impl Crowd {
    /// Connects everyone.
    pub(crate) async fn gather(mesh: &Mesh, size: Size) -> Result<Self> {
        let caller = mesh.caller(STAYS)?;
        let (mut streams, mut clients) = (Vec::new(), Vec::new());
        while streams.len() < size.streams {
            let client = http::Connection::open(mesh.streams(), &caller, http::Version::Http2).await?;
            for _ in 0..BESIDE.min(size.streams - streams.len()) {
                streams.push(client.hold(&ClientRequest::get("/silent"))?);
            }
            clients.push(client);
        }
        let mut connections = Vec::new();
        while connections.len() < size.connections {
            let wanted = AT_ONCE.min(size.connections - connections.len());
            let opening = (0..wanted).map(|_| {
                let (address, caller) = (mesh.bytes(), caller.clone());
                tokio::spawn(async move {
                    let mut connection = tcp::Connection::open(address, &caller).await?;
                    let echoed = connection.echo("hello\n").await?;
                    ensure!(echoed.text() == "hello\n", "not let in: {echoed:?}");
                    Ok(connection)
                })
            });
            for opened in opening.collect::<Vec<_>>() {
                connections.push(opened.await??);
            }
        }
        mesh.has_open(size.streams).await?;
        Ok(Self {
            streams,
            _clients: clients,
            connections: Mutex::new(connections),
        })
    }

    /// Checks that no stream has ended.
    pub(crate) fn is_undisturbed(&self) -> Result<()> {
        let over = self.streams.iter().filter(|stream| stream.is_over()).count();
        ensure!(over == 0, "{over} streams have ended");
        Ok(())
    }

    /// Checks that every connection still carries data; returns how many, including the streams.
    pub(crate) async fn still_echoes(&self) -> Result<usize> {
        self.is_undisturbed()?;
        let mut connections = self.connections.lock().await;
        for connection in connections.iter_mut() {
            let echoed = connection.echo("still\n").await?;
            ensure!(
                echoed.text() == "still\n",
                "a connection was disturbed: {echoed:?}"
            );
        }
        Ok(connections.len() + self.streams.len())
    }
}
