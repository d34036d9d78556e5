//! Question 12: streams that a change of the policies, or the end of a certificate, no longer allows are closed, even
//! if they are already open.
//!
//! A hundred connections and forty endless requests, all in use, on an Envoy with two worker threads. The policies
//! change so that half of the callers lose access.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use peerwarden_lab::certificates::Certificate;
use peerwarden_lab::client::{Caller, tcp};
use peerwarden_lab::config::Port;
use peerwarden_lab::deadline::{EXCHANGE, until};
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::upstream::{EventServer, TcpEcho};
use peerwarden_render::inbound::Inbound;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::entry::{Entry, Evidence};
use crate::stage::{Stage, admits, deliver, peer_authentication};

pub(crate) const ENTRY: Entry = Entry {
    number: 12,
    name: "revocation",
    promise: "Revocation reaches open connections",
    experiment: || Box::pin(experiment()),
};

/// From the moment the files are there, or the certificate has expired, on a slow machine too.
const BOUND: Duration = Duration::from_secs(2);

/// Connections of each identity.
const CONNECTIONS: usize = 50;
const REQUESTS: usize = 10;

const STAYS: &str = "cluster.local/ns/web/sa/frontend";
const GOES: &str = "cluster.local/ns/web/sa/batch";

/// The kinds of open streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Text in both directions.
    Connection,
    /// An endless response.
    Streaming,
    /// No response yet.
    Waiting,
}

/// How a stream ended.
struct StreamEnd {
    /// The time, unless the test stopped it.
    at: Option<Instant>,
    /// The last sign of life before that.
    alive: Instant,
    /// The last bytes that were received.
    last: String,
}

struct OpenStream {
    principal: &'static str,
    kind: Kind,
    task: JoinHandle<Result<StreamEnd>>,
}

async fn experiment() -> Result<Evidence> {
    let stage = Stage::set()?;
    let (echo, events) = (TcpEcho::start().await?, EventServer::start().await?);
    let (bytes, http) = (Port::reserve()?, Port::reserve()?);
    let folder = stage.folder("envoy")?;
    let render = |principals: &[&str]| -> Result<Inbound> {
        let description = json!({
            "workload": {"namespace": "shop", "labels": {"app": "orders"}},
            "ports": [
                {"port": bytes.number(), "protocol": "TCP", "upstream": echo.address().to_string()},
                {"port": http.number(), "protocol": "HTTP", "upstream": events.address().to_string()},
            ],
        });
        let strict = peer_authentication("shop", "orders", json!({"mtls": {"mode": "STRICT"}}));
        stage.inbound(description, &[strict, admits(principals)])
    };
    deliver(&render(&[STAYS, GOES])?, &folder)?;
    let bootstrap = std::fs::read_to_string(folder.join("bootstrap.yaml"))?;
    let envoy = Envoy::launch(Launch::yaml(bootstrap).concurrency(2)).await?;

    let (stop, stopped) = watch::channel(false);
    let mut opened = Vec::new();
    for principal in [STAYS, GOES] {
        let caller = stage.workload(&format!("spiffe://{principal}"))?;
        for (kind, count) in [
            (Kind::Connection, CONNECTIONS),
            (Kind::Streaming, REQUESTS),
            (Kind::Waiting, REQUESTS),
        ] {
            for _ in 0..count {
                let port = if kind == Kind::Connection { &bytes } else { &http };
                let connection = open(port, &caller, kind).await?;
                let task = tokio::spawn(live(connection, kind, stopped.clone()));
                opened.push(OpenStream {
                    principal,
                    kind,
                    task,
                });
            }
        }
    }
    tokio::time::sleep(Duration::from_millis(300)).await;

    deliver(&render(&[STAYS])?, &folder)?;
    let changed = Instant::now();
    tokio::time::sleep(BOUND).await;
    stop.send_replace(true);
    let mut slowest = Duration::ZERO;
    let mut closed = 0;
    for one in opened {
        let OpenStream {
            principal,
            kind,
            task,
        } = one;
        let ended = task.await?.with_context(|| format!("{kind:?} of {principal}"))?;
        if principal == STAYS {
            ensure!(ended.at.is_none(), "{kind:?} of {principal} was disturbed");
            // A waiting request shows only that it is still open.
            let lively = kind == Kind::Waiting || ended.alive > changed + BOUND / 2;
            ensure!(lively, "{kind:?} of {principal} stands still");
            continue;
        }
        let at = ended
            .at
            .with_context(|| format!("{kind:?} of {principal} is open after {BOUND:?}"))?;
        ensure!(
            at > changed,
            "{kind:?} of {principal} was closed before the change"
        );
        // For a truncated response, Envoy closes the connection a second later (`delayed_close_timeout`): no data
        // arrives by then.
        let quiet = if kind == Kind::Streaming { ended.alive } else { at };
        slowest = slowest.max(quiet.saturating_duration_since(changed));
        closed += 1;
        let forbidden = ended.last.starts_with("HTTP/1.1 403 ");
        ensure!(
            forbidden == (kind == Kind::Waiting),
            "{kind:?} of {principal}: {:?}",
            ended.last
        );
    }
    ensure!(closed == CONNECTIONS + 2 * REQUESTS, "{closed} were closed");
    let revoked = "\"revoked\":\"update\"";
    let logged = until(EXCHANGE, "each in the access log", async || {
        let count = stage
            .access_log()?
            .lines()
            .filter(|line| line.contains(revoked))
            .count();
        Ok((count >= closed).then_some(count))
    });
    ensure!(
        logged.await? == closed,
        "more than was closed is logged as revoked"
    );

    admitted_again(&stage, &render(&[STAYS, GOES])?, &folder, &bytes).await?;
    let lag = expires(&stage, &bytes).await?;
    drop(envoy);
    Ok(format!(
        "{closed} of {} open closed within {} ms of the change, the others undisturbed; an expired one after {} ms",
        2 * closed,
        slowest.as_millis(),
        lag.as_millis()
    ))
}

async fn open(port: &Port, caller: &Caller, kind: Kind) -> Result<tcp::Connection> {
    let address = ([127, 0, 0, 1], port.number()).into();
    let mut connection = tcp::Connection::open(address, caller).await?;
    let path = match kind {
        Kind::Connection => {
            let echoed = connection.echo("hello\n").await?;
            ensure!(echoed.text() == "hello\n", "not let in: {echoed:?}");
            return Ok(connection);
        }
        Kind::Streaming => "/events",
        Kind::Waiting => "/silent",
    };
    let request = format!("GET {path} HTTP/1.1\r\nhost: orders.shop\r\n\r\n");
    connection.send(&request).await?;
    if kind == Kind::Streaming {
        let begun = connection.receive(15, EXCHANGE).await?;
        ensure!(
            begun.text().starts_with("HTTP/1.1 200 OK"),
            "not let in: {begun:?}"
        );
    }
    Ok(connection)
}

/// Uses a connection until it ends or is stopped.
async fn live(
    mut connection: tcp::Connection,
    kind: Kind,
    stopped: watch::Receiver<bool>,
) -> Result<StreamEnd> {
    let mut alive = Instant::now();
    let mut last = String::new();
    loop {
        if kind == Kind::Connection {
            connection.send("ping\n").await?;
        }
        let received = connection.receive(5, Duration::from_millis(100)).await?;
        if !received.bytes.is_empty() {
            alive = Instant::now();
            last = received.text();
        }
        match received.end {
            // Envoy closes the HTTP/1.1 connection with it, but only after a while.
            tcp::ConnectionEnd::Open if kind == Kind::Waiting => {}
            tcp::ConnectionEnd::Open => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            tcp::ConnectionEnd::Silent => {}
            tcp::ConnectionEnd::Closed | tcp::ConnectionEnd::Reset | tcp::ConnectionEnd::Refused(_) => {
                return Ok(StreamEnd {
                    at: Some(Instant::now()),
                    alive,
                    last,
                });
            }
        }
        if kind == Kind::Waiting && !last.is_empty() {
            return Ok(StreamEnd {
                at: Some(alive),
                alive,
                last,
            });
        }
        if *stopped.borrow() {
            return Ok(StreamEnd {
                at: None,
                alive,
                last,
            });
        }
    }
}

/// Policies that Envoy had before, and still has, as there are connections that began with them.
async fn admitted_again(
    stage: &Stage,
    before: &Inbound,
    folder: &std::path::Path,
    port: &Port,
) -> Result<()> {
    let stays = stage.workload(&format!("spiffe://{STAYS}"))?;
    let mut open_all_the_time = open(port, &stays, Kind::Connection).await?;
    deliver(before, folder)?;
    let caller = stage.workload(&format!("spiffe://{GOES}"))?;
    let connection = until(BOUND, "let in again", async || {
        Ok(open(port, &caller, Kind::Connection).await.ok())
    });
    let mut connection = connection.await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    for one in [&mut connection, &mut open_all_the_time] {
        let echoed = one.echo("still\n").await?;
        ensure!(echoed.text() == "still\n", "closed again: {echoed:?}");
    }
    Ok(())
}

/// A connection whose certificate expires, and one beside it. Returns how long after the expiry the first was closed.
async fn expires(stage: &Stage, port: &Port) -> Result<Duration> {
    const LEFT: Duration = Duration::from_secs(3);
    let begun = Instant::now();
    let certificate = Certificate::spiffe(&format!("spiffe://{STAYS}")).expiring_in(LEFT);
    let short = Caller::workload(&stage.authority, &stage.authority.issue(certificate)?)?;
    let long = stage.workload(&format!("spiffe://{STAYS}"))?;
    let (mut short, mut long) = (
        open(port, &short, Kind::Connection).await?,
        open(port, &long, Kind::Connection).await?,
    );
    // The last second is valid to its end.
    let end = short.receive(1, LEFT + Duration::from_secs(1) + BOUND).await?;
    let lived = begun.elapsed();
    ensure!(end.nothing(), "a connection outlives its certificate: {end:?}");
    // A certificate has whole seconds.
    ensure!(lived > LEFT - Duration::from_secs(1), "closed after {lived:?}");
    let echoed = long.echo("still\n").await?;
    ensure!(
        echoed.text() == "still\n",
        "disturbed by another's expiry: {echoed:?}"
    );
    Ok(lived.saturating_sub(LEFT))
}
