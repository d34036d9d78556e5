//! Thousands of strangers who connect and send nothing, and a client that is allowed.

use std::io;
use std::net::TcpStream;

use anyhow::{Context, Result};
use peerwarden_lab::client::tcp;
use peerwarden_lab::config::Transport;
use peerwarden_lab::deadline::{self, until};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::open_files;

use super::{GREETING, early, holding_for};
use crate::fixture::{BACKEND, Mesh};

const STRANGERS: usize = 3_000;

/// How many held connections the module checks at each timer callback; at least half of them are recent.
const LOOKS: usize = 100;

/// The largest number of timer callbacks before a new connection's turn, wherever it is among all of them.
const TURNS: usize = STRANGERS / (LOOKS / 2) + 1;

/// Envoy's counter of the one listener, which it names after the configured port: any.
const OPEN: &str = "listener.127.0.0.1_0.downstream_cx_active";

async fn are_open(envoy: &Envoy, count: usize) -> Result<()> {
    until(deadline::START, "every connection accepted", async || {
        let open = envoy.stats().await?.count(OPEN);
        Ok((open == count as u64).then_some(()))
    })
    .await
}

/// The number of timer callbacks between the last connection's beginning and its first check, from the log of Envoy's
/// and the module's calls.
fn turns_before_the_last(log: &str) -> Option<usize> {
    let (_, since) = log.rsplit_once("[host->vm] proxy_on_new_connection(")?;
    let (context, since) = since.split_once(')')?;
    let look = format!("[vm->host] env.proxy_set_effective_context({context})");
    let (before, _) = since.split_once(&look)?;
    Some(before.matches("[host->vm] proxy_on_tick(").count())
}

/// Counted in callbacks, which do not depend on the machine's speed: a timer that always begins with the first
/// connection reaches the last one after `8 * STRANGERS / LOOKS` of them.
#[tokio::test(flavor = "multi_thread")]
async fn strangers_who_say_nothing_do_not_keep_a_client_from_its_turn() -> Result<()> {
    open_files::at_least(STRANGERS as u64 + 1_000)?;
    let mesh = Mesh::new()?;
    let ledger = holding_for(early(), Transport::mutual(&mesh.server), "60s").await?;
    let address = ledger.envoy.address("ledger")?;
    let strangers = tokio::task::spawn_blocking(move || {
        let connect = |_| TcpStream::connect(address);
        (0..STRANGERS).map(connect).collect::<io::Result<Vec<_>>>()
    });
    let strangers = strangers.await??;
    are_open(&ledger.envoy, STRANGERS).await?;

    ledger.envoy.log_from("wasm", "trace").await?;
    let mut backend = tcp::Connection::open(address, &mesh.caller(BACKEND)?).await?;
    let received = backend.receive(GREETING.len(), deadline::START).await?;
    ledger.envoy.log_from("wasm", "info").await?;
    assert_eq!(received.text(), GREETING);
    are_open(&ledger.envoy, STRANGERS + 1).await?;
    assert_eq!(ledger.upstream.traffic().connections, 1);
    let turns = turns_before_the_last(&ledger.envoy.log()).context("nobody looked at the client")?;
    assert!(
        turns <= TURNS,
        "it was looked at after {turns} turns of the timer"
    );
    drop(strangers);
    Ok(())
}
