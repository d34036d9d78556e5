//! The load of one cell: connections that stay open from the first round to the last, or new ones, and Envoy's cost.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use http::Method;
use peerwarden_lab::client::ClientRequest;
use peerwarden_lab::client::http::Version;
use peerwarden_lab::envoy::CpuTimes;
use peerwarden_lab::load::{self, Crowd, Latencies, LoadRequest, PersistentConnections};

use crate::circumstance::Circumstance;
use crate::plan::{Cell, Filter, Operation};
use crate::sets::{Question, VISITORS};
use crate::stage::Stage;

/// The CPU time of one measurement: long enough to be counted accurately, and short enough for many rounds.
const SLICE: Duration = Duration::from_millis(30);

/// The same for connections, where the interesting part is a small fraction of the cost of a handshake.
const LONG_SLICE: Duration = Duration::from_millis(60);

/// Requests each second of all callers together, at a fixed rate: about a tenth of what a worker can serve.
const RATE: f64 = 2_000.0;

/// How long a measurement at a fixed rate takes.
const FIXED_SLICE: Duration = Duration::from_millis(200);

/// The largest number of questions of each visitor in one measurement; at least two.
const MOST: f64 = 100.0;

/// Before each measurement this many parts of it are asked without being counted: the processor's caches contain data
/// of the previous listener, and the cost of replacing it depends only on how often listeners alternate.
const UNCOUNTED: usize = 2;

/// Questions of each visitor before anything is measured: V8 recompiles hot code.
const WARM_UP: usize = 100;

/// The CPU time after which warming up ends.
const WARM: Duration = Duration::from_millis(400);

/// The callers of one listener.
pub(crate) struct Load {
    address: SocketAddr,
    callers: Callers,
    /// Questions of each visitor in one measurement.
    each: usize,
}

enum Callers {
    Http(Crowd),
    Connections(Vec<load::Visitor>),
    Messages(PersistentConnections),
}

/// The result of one measurement.
pub(crate) struct Measurement {
    /// Envoy's CPU, in microseconds for each request, connection or message.
    pub(crate) cpu: f64,
    /// The same for all of them, in Envoy's own code and in the kernel.
    pub(crate) times: CpuTimes,
    pub(crate) latencies: Latencies,
}

impl Load {
    /// Connects, warms up, and determines the size of a measurement.
    pub(crate) async fn open(stage: &Stage, cell: Cell) -> Result<Self> {
        let address = stage.envoy.address(&cell.place().name())?;
        let visitors = stage.visitors(cell.place())?;
        let callers = match cell.way {
            Operation::Http1 | Operation::Http2 => {
                let version = if cell.way == Operation::Http1 {
                    Version::Http1
                } else {
                    Version::Http2
                };
                let mut crowd = Crowd::default();
                for (caller, visitor) in &visitors {
                    let decides = cell.filter == Filter::Native || cell.filter.is_module();
                    let requests = visitor
                        .questions
                        .iter()
                        .map(|question| request(question, decides));
                    crowd
                        .join(address, caller, version, requests.collect::<Result<_>>()?)
                        .await?;
                }
                Callers::Http(crowd)
            }
            Operation::Connection => Callers::Connections(
                visitors
                    .into_iter()
                    .map(|(caller, visitor)| load::Visitor {
                        caller,
                        allowed: Some(visitor.allowed),
                    })
                    .collect(),
            ),
            Operation::Message => {
                let callers: Vec<_> = visitors.into_iter().map(|(caller, _)| caller).collect();
                Callers::Messages(PersistentConnections::open(address, &callers).await?)
            }
        };
        let mut load = Self {
            address,
            callers,
            each: 2,
        };
        let mut spent = Duration::ZERO;
        let mut warm = 0;
        let mut cost = 0.0;
        while warm < WARM_UP && spent < WARM {
            cost = load.measure(stage, Circumstance::Alone).await?.cpu;
            warm += load.each;
            spent += Duration::from_secs_f64(cost * 1e-6 * (load.each * VISITORS) as f64);
            load.each = (load.each * 2).min(20);
        }
        let slice = match cell.way {
            Operation::Connection => LONG_SLICE,
            Operation::Http1 | Operation::Http2 | Operation::Message => SLICE,
        };
        let wanted = slice.as_secs_f64() * 1e6 / cost / VISITORS as f64;
        load.each = wanted.clamp(2.0, MOST) as usize;
        Ok(load)
    }

    /// Asks, and measures Envoy's cost.
    pub(crate) async fn measure(&mut self, stage: &Stage, circumstance: Circumstance) -> Result<Measurement> {
        let interval = (circumstance == Circumstance::FixedRate)
            .then(|| Duration::from_secs_f64(VISITORS as f64 / RATE));
        let each = match interval {
            Some(interval) => (FIXED_SLICE.as_secs_f64() / interval.as_secs_f64()) as usize,
            None => self.each,
        };
        self.ask(each.div_ceil(UNCOUNTED), interval).await?;
        let (before, times) = (stage.envoy.cpu()?, stage.envoy.cpu_times()?);
        let latencies = self.ask(each, interval).await?;
        let spent = stage.envoy.cpu()?.saturating_sub(before);
        let now = stage.envoy.cpu_times()?;
        Ok(Measurement {
            cpu: spent.as_secs_f64() * 1e6 / latencies.count() as f64,
            times: CpuTimes {
                user: now.user.saturating_sub(times.user),
                system: now.system.saturating_sub(times.system),
            },
            latencies,
        })
    }

    async fn ask(&mut self, each: usize, interval: Option<Duration>) -> Result<Latencies> {
        match &mut self.callers {
            Callers::Http(crowd) => match interval {
                Some(interval) => Ok(crowd.ask_every(interval, each).await?.latencies),
                None => Ok(crowd.ask(each).await?.latencies),
            },
            Callers::Connections(visitors) => load::visit(self.address, visitors, each).await,
            Callers::Messages(held) => held.echo(each).await,
        }
    }
}

pub(crate) fn request(question: &Question, decides: bool) -> Result<LoadRequest> {
    let method = Method::from_bytes(question.method.as_bytes())?;
    let mut ask = ClientRequest::new(method, &question.path).host(&question.host);
    for (name, value) in &question.headers {
        ask = ask.header(name, value);
    }
    let status = if decides && !question.allowed { 403 } else { 200 };
    Ok(LoadRequest {
        ask,
        status: Some(status),
    })
}
