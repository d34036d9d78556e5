//! The cost of configuring the module in Envoy: CPU and memory of one more VM, and the time until Envoy serves.
//!
//! Each worker thread has its own VM. So an Envoy is started with few workers and with more, and the difference is
//! divided by the difference in workers: one-time work, such as reading its own configuration, is excluded.

use std::time::{Duration, Instant};

use anyhow::Result;
use peerwarden_lab::config::Bootstrap;
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::native::Layer;

use crate::plan::{Filter, ListenerKey};
use crate::sets::Kind;
use crate::stage::ListenerSettings;
use crate::statistics::Spread;

/// Workers of the two Envoys.
const WORKERS: [u32; 2] = [1, 3];

/// For an Envoy to start and configure all its workers.
const PATIENCE: Duration = Duration::from_secs(120);

/// An Envoy that uses less CPU than this in [`GLANCE`] has nothing more to configure.
const QUIET: Duration = Duration::from_millis(5);

const GLANCE: Duration = Duration::from_millis(250);

/// The configured documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Documents {
    /// One policy.
    One,
    /// Ten thousand, all of which select the workload.
    AllSelect,
    /// Ten thousand of a mesh, of which one in five hundred selects it.
    FewSelect,
}

/// The cost of configuring them.
#[derive(Debug, Clone)]
pub(crate) struct ConfigurationCost {
    pub(crate) documents: Documents,
    pub(crate) what: String,
    /// Bytes of the module's configuration.
    pub(crate) bytes: usize,
    /// CPU of one more VM.
    pub(crate) cpu: Duration,
    /// Memory of one more VM, in bytes.
    pub(crate) memory: u64,
    /// From the start of the process with one worker until it serves.
    pub(crate) ready: Duration,
}

/// An Envoy that has started and become idle.
struct IdleEnvoy {
    cpu: Duration,
    memory: u64,
    ready: Duration,
}

/// Starts each Envoy this often, alternately, and takes the medians.
pub(crate) async fn measure(times: usize) -> Result<Vec<ConfigurationCost>> {
    let scenery = ListenerSettings::build(&[]).await?;
    let cases = [
        (Documents::One, "1 policy", Kind::Service, 1),
        (
            Documents::AllSelect,
            "10,000 policies that all select the workload",
            Kind::Service,
            10_000,
        ),
        (
            Documents::FewSelect,
            "10,000 policies of a mesh, of which 20 select it",
            Kind::MeshWide,
            10_000,
        ),
    ];
    let mut configured = Vec::new();
    for (documents, what, kind, count) in cases {
        let set = kind.set(count, Layer::Http)?;
        let place = ListenerKey {
            layer: Layer::Http,
            filter: Filter::Module,
            kind,
            count,
        };
        let bootstrap = Bootstrap::new().listener(scenery.listener(place, &set));
        let (mut cpu, mut memory, mut ready) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..times {
            let [few, more] = WORKERS;
            let few = start(&bootstrap, few).await?;
            let more = start(&bootstrap, more).await?;
            let workers = f64::from(WORKERS[1] - WORKERS[0]);
            cpu.push((more.cpu.as_secs_f64() - few.cpu.as_secs_f64()) / workers);
            memory.push((more.memory as f64 - few.memory as f64) / workers);
            ready.push(few.ready.as_secs_f64());
        }
        configured.push(ConfigurationCost {
            documents,
            what: what.to_owned(),
            bytes: set.configuration().to_string().len(),
            cpu: Duration::from_secs_f64(Spread::of(cpu).median.max(0.0)),
            memory: Spread::of(memory).median.max(0.0) as u64,
            ready: Duration::from_secs_f64(Spread::of(ready).median),
        });
    }
    Ok(configured)
}

async fn start(bootstrap: &Bootstrap, workers: u32) -> Result<IdleEnvoy> {
    let launch = Launch::bootstrap(bootstrap.clone())
        .concurrency(workers)
        .patience(PATIENCE);
    let begin = Instant::now();
    let envoy = Envoy::launch(launch).await?;
    let ready = begin.elapsed();
    let mut cpu = envoy.cpu()?;
    while begin.elapsed() < PATIENCE {
        tokio::time::sleep(GLANCE).await;
        let now = envoy.cpu()?;
        let spent = now.saturating_sub(cpu);
        cpu = now;
        if spent < QUIET {
            break;
        }
    }
    Ok(IdleEnvoy {
        cpu,
        memory: envoy.memory()?,
        ready,
    })
}
