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

/// How many held connections the module looks at when its timer goes off; half of them at least among those that began lately.
const LOOKS: usize = 100;

/// So often the timer goes off at most before it is a new connection's turn, wherever it stands among all of them.
const TURNS: usize = STRANGERS / (LOOKS / 2) + 1;

/// What Envoy counts of the one listener, which it calls by the port that it was given: any.
const OPEN: &str = "listener.127.0.0.1_0.downstream_cx_active";

async fn are_open(envoy: &Envoy, count: usize) -> Result<()> {
    until(deadline::START, "every connection accepted", async || {
        let open = envoy.stats().await?.count(OPEN);
        Ok((open == count as u64).then_some(()))
    })
    .await
}

/// How often the timer went off between the beginning of the last connection and the first look at it, by the log of what Envoy and
/// the module ask of each other.
fn turns_before_the_last(log: &str) -> Option<usize> {
    let (_, since) = log.rsplit_once("[host->vm] proxy_on_new_connection(")?;
    let (context, since) = since.split_once(')')?;
    let look = format!("[vm->host] env.proxy_set_effective_context({context})");
    let (before, _) = since.split_once(&look)?;
    Some(before.matches("[host->vm] proxy_on_tick(").count())
}

/// Counted in turns, as they are the same on a slow machine: with a timer that always begins with the first connection, the last one's turn
/// comes after `8 * STRANGERS / LOOKS` of them.
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
