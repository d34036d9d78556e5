//! Question 1: mutual TLS switched on and off in a running Envoy, under load.
//!
//! Two kinds of clients send all the time: over mutual TLS, which DISABLE does not accept, and in plaintext, which STRICT does not.
//! The documents change, `peerwarden render inbound` writes the files again, and Envoy reloads them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use peerwarden_lab::client::{Caller, ClientRequest, http};
use peerwarden_lab::config::Port;
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::upstream::HttpEcho;
use peerwarden_render::inbound::Inbound;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::docs;
use crate::entry::{Entry, Evidence};
use crate::stage::{RequestResult, Stage, deliver, deliver_one, outcome, peer_authentication};

pub(crate) const ENTRY: Entry = Entry {
    number: 1,
    name: "switching",
    promise: "Switched on and off in a running Envoy",
    experiment: || Box::pin(experiment()),
};

/// From the moment the files are there, a new mode must be in force after this long, on a slow machine too.
const BOUND: Duration = Duration::from_secs(3);

/// How long each mode is kept, beyond the bound.
const KEPT: Duration = Duration::from_millis(500);

/// Clients of each kind.
const CLIENTS: usize = 4;

/// One request: when it began, when it ended, and its result.
struct TimedRequest {
    begun: Instant,
    ended: Instant,
    outcome: RequestResult,
}

/// Clients that send until they are stopped.
struct Load {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Vec<TimedRequest>>>,
}

/// A change of the documents: the mode, when the first file was written, and when all of them were.
#[derive(Clone, Copy)]
struct Switch {
    mode: &'static str,
    from: Instant,
    at: Instant,
}

/// The results of one kind of clients.
struct RequestCounts {
    served: usize,
    refused: usize,
    /// The longest time that a request still followed the previous mode.
    lag: Duration,
}

async fn experiment() -> Result<Evidence> {
    let stage = Stage::set()?;
    let upstream = HttpEcho::start().await?;
    let (port, mysql) = (Port::reserve()?, Port::reserve()?);
    let folder = stage.folder("envoy")?;
    let render = |mode: &str| -> Result<Inbound> {
        let mut description = docs::workload()?;
        docs::put(&mut description, "/ports/0/port", port.number())?;
        docs::put(
            &mut description,
            "/ports/0/upstream",
            upstream.address().to_string(),
        )?;
        docs::put(&mut description, "/ports/1/port", mysql.number())?;
        let document = peer_authentication("shop", "orders", json!({"mtls": {"mode": mode}}));
        stage.inbound(description, &[document])
    };
    deliver(&render("PERMISSIVE")?, &folder)?;
    let bootstrap = std::fs::read_to_string(folder.join("bootstrap.yaml"))?;
    let envoy = Envoy::launch(Launch::yaml(bootstrap).concurrency(2)).await?;

    obeyed_on_an_open_connection(&port, &render("STRICT")?, &folder).await?;
    deliver(&render("PERMISSIVE")?, &folder)?;
    until_served(&port).await?;

    let now = Instant::now();
    let mut switches = vec![Switch {
        mode: "PERMISSIVE",
        from: now,
        at: now,
    }];
    let mutual = Load::begin(
        &port,
        &stage.workload("spiffe://cluster.local/ns/web/sa/frontend")?,
    );
    let plaintext = Load::begin(&port, &Caller::plaintext());
    for mode in ["STRICT", "PERMISSIVE", "DISABLE", "PERMISSIVE"] {
        tokio::time::sleep(KEPT).await;
        let inbound = render(mode)?;
        let from = Instant::now();
        deliver(&inbound, &folder)?;
        switches.push(Switch {
            mode,
            from,
            at: Instant::now(),
        });
        tokio::time::sleep(BOUND).await;
    }
    let mutual = held(&mutual.end().await?, &switches, &["STRICT", "PERMISSIVE"]).context("mutual TLS")?;
    let plaintext =
        held(&plaintext.end().await?, &switches, &["PERMISSIVE", "DISABLE"]).context("plaintext")?;
    drop(envoy);
    Ok(format!(
        "{} switches under load, in force after {} ms; mTLS {} served, {} refused; plaintext {} and {}; none wrongly",
        switches.len() - 1,
        mutual.lag.max(plaintext.lag).as_millis(),
        mutual.served,
        mutual.refused,
        plaintext.served,
        plaintext.refused,
    ))
}

/// The next request on an open plaintext connection follows the policies, if only these have changed.
async fn obeyed_on_an_open_connection(port: &Port, strict: &Inbound, folder: &Path) -> Result<()> {
    let address = ([127, 0, 0, 1], port.number()).into();
    let mut connection = http::Connection::open(address, &Caller::plaintext(), http::Version::Http1).await?;
    let before = connection.send(ClientRequest::get("/")).await?.status;
    ensure!(before == 200, "PERMISSIVE answered {before} to plaintext");
    let files = strict.files(folder.to_str().context("a path in UTF-8")?)?;
    let policies = files
        .iter()
        .find(|file| file.name == "peerwarden-http.yaml")
        .context("the policies")?;
    deliver_one(policies, folder)?;
    let began = Instant::now();
    loop {
        match connection.send(ClientRequest::get("/")).await?.status {
            403 => return Ok(()),
            status => ensure!(status == 200, "an open connection was answered {status}"),
        }
        ensure!(
            began.elapsed() < BOUND,
            "an open connection was not told within {BOUND:?}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until the mode before the load is in force in both workers: the kernel chooses one of them for each
/// connection.
async fn until_served(port: &Port) -> Result<()> {
    let began = Instant::now();
    let mut in_a_row = 0;
    while in_a_row < 20 {
        if crate::stage::ask(port, &Caller::plaintext()).await == RequestResult::Served {
            in_a_row += 1;
            continue;
        }
        in_a_row = 0;
        ensure!(
            began.elapsed() < BOUND,
            "PERMISSIVE was not in force within {BOUND:?}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Compares each request with the mode of its time; `admits` tells which modes accept its kind. If the previous mode
/// had the same result, no request may differ; otherwise those soon after the change may.
fn held(all: &[TimedRequest], switches: &[Switch], admitting: &[&str]) -> Result<RequestCounts> {
    let admits = |switch: &Switch| admitting.contains(&switch.mode);
    let mut held = RequestCounts {
        served: 0,
        refused: 0,
        lag: Duration::ZERO,
    };
    for asked in all {
        let served = asked.outcome == RequestResult::Served;
        held.served += usize::from(served);
        held.refused += usize::from(!served);
        let now = switches
            .iter()
            .rposition(|switch| switch.at <= asked.begun)
            .context("asked too early")?;
        // A request that was running when the files changed may follow either mode.
        let until = switches
            .iter()
            .rposition(|switch| switch.from <= asked.ended)
            .unwrap_or(now);
        let possible = &switches[now.saturating_sub(1)..=until];
        ensure!(
            possible.iter().any(|switch| admits(switch) == served),
            "a request was {:?}, though the mode went from {} to {}",
            asked.outcome,
            possible[0].mode,
            switches[until].mode,
        );
        if switches[now..=until]
            .iter()
            .all(|switch| admits(switch) != served)
        {
            held.lag = held.lag.max(asked.begun - switches[now].at);
        }
    }
    ensure!(held.lag < BOUND, "a mode was in force only after {:?}", held.lag);
    ensure!(
        held.served > 0 && held.refused > 0,
        "{} served, {} refused: no load",
        held.served,
        held.refused
    );
    Ok(held)
}

impl Load {
    fn begin(port: &Port, caller: &Caller) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let address = ([127, 0, 0, 1], port.number()).into();
        let client = |_| {
            let (stop, caller) = (Arc::clone(&stop), caller.clone());
            tokio::spawn(async move {
                let mut all = Vec::new();
                let mut connection = None;
                while !stop.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    let status = ask(&mut connection, address, &caller).await;
                    all.push(TimedRequest {
                        begun,
                        ended: Instant::now(),
                        outcome: outcome(status),
                    });
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                all
            })
        };
        Self {
            clients: (0..CLIENTS).map(client).collect(),
            stop,
        }
    }

    async fn end(self) -> Result<Vec<TimedRequest>> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for client in self.clients {
            all.extend(client.await?);
        }
        Ok(all)
    }
}

/// Asks on a connection that stays open as long as the server allows.
async fn ask(
    connection: &mut Option<http::Connection>,
    address: std::net::SocketAddr,
    caller: &Caller,
) -> Result<u16> {
    let mut open = match connection.take() {
        Some(open) => open,
        None => http::Connection::open(address, caller, http::Version::Http1).await?,
    };
    let reply = open.send(ClientRequest::get("/")).await?;
    if !reply.header("connection").eq_ignore_ascii_case("close") {
        *connection = Some(open);
    }
    Ok(reply.status)
}
