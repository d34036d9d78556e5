//! Connections on which nobody says anything: Envoy has dialled the application for them, so a denied client must not keep them.

use std::time::Duration;

use anyhow::{Result, ensure};
use peerwarden_lab::client::tcp;
use peerwarden_lab::config::{Tcp, Transport};
use serde_json::json;

use crate::fixture::{BACKEND, FRONTEND, Mesh, allow_principal};

/// More than the deadline of ten seconds, and some ticks of a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

#[tokio::test]
async fn a_denied_client_that_says_nothing_is_closed() -> Result<()> {
    let mesh = Mesh::new()?;
    let resources = json!([allow_principal("backend", BACKEND)]);
    let transport = Transport::mutual(&mesh.server);
    let ledger = mesh.ledger(resources, Tcp::default(), transport, "").await?;
    let address = ledger.envoy.address("ledger")?;
    let mut allowed = tcp::Connection::open(address, &mesh.caller(BACKEND)?).await?;
    let mut denied = tcp::Connection::open(address, &mesh.caller(FRONTEND)?).await?;
    let received = denied.receive(1, PATIENCE).await?;
    ensure!(received.nothing(), "{received:?}");
    // The other one has waited as long.
    let echoed = allowed.echo("hello").await?;
    ensure!(echoed.text() == "hello", "{echoed:?}");
    Ok(())
}
