//! The Envoy process: started on free ports, ready when `start` returns, ended when dropped.

mod access_log;
mod admin;
mod launch;
mod process;

pub use access_log::AccessLogEntry;
pub use admin::Stats;
pub use launch::Launch;
pub use process::CpuTimes;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::config::Bootstrap;
use crate::deadline::{self, until};
use process::Process;

/// A running Envoy.
#[derive(Debug)]
pub struct Envoy {
    process: Process,
    admin: SocketAddr,
    listeners: BTreeMap<String, SocketAddr>,
    /// Its files must outlive the process.
    _launch: Launch,
}

// === impl Envoy ===

impl Envoy {
    /// Starts an Envoy with one worker and waits until it serves.
    pub async fn start(bootstrap: Bootstrap) -> Result<Self> {
        Self::launch(Launch::bootstrap(bootstrap)).await
    }

    /// Starts an Envoy and waits until it serves.
    pub async fn launch(launch: Launch) -> Result<Self> {
        let mut process = Process::spawn(&launch)?;
        match ready(&mut process, launch.patience_to_start()).await {
            Ok((admin, listeners)) => Ok(Self {
                process,
                admin,
                listeners,
                _launch: launch,
            }),
            Err(error) => Err(error.context(format!("Envoy's log:\n{}", process.log()))),
        }
    }

    /// Starts an Envoy that must refuse its configuration, and returns its log.
    pub async fn refused(launch: Launch) -> Result<String> {
        let mut process = Process::spawn(&launch)?;
        let over = until(deadline::START, "Envoy refusing its configuration", async || {
            if let Some(status) = process.exited()? {
                return Ok(Some(status));
            }
            // It may never exit: then it must not report that it is ready.
            match process.admin()? {
                Some(admin) if admin::is_ready(admin).await => {
                    bail!("Envoy serves, though it should have refused")
                }
                _ => Ok(None),
            }
        })
        .await;
        let log = process.log();
        let status = over.with_context(|| format!("Envoy's log:\n{log}"))?;
        if status.success() {
            bail!("Envoy ended without an error; its log:\n{log}");
        }
        Ok(log)
    }

    /// The address of its administration interface.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin
    }

    /// The address of a listener.
    pub fn address(&self, listener: &str) -> Result<SocketAddr> {
        let known = || {
            format!(
                "there is no listener `{listener}`, only {:?}",
                self.listeners.keys()
            )
        };
        self.listeners.get(listener).copied().with_context(known)
    }

    /// Envoy's current counters and gauges.
    pub async fn stats(&self) -> Result<Stats> {
        Stats::read(self.admin).await
    }

    /// Waits until the module's counters have these values, by their names after `wasmcustom.peerwarden.`. The module updates them
    /// once a second.
    pub async fn counted(&self, expected: &[(&'static str, u64)]) -> Result<()> {
        let now = async || {
            let stats = self.stats().await?;
            let count = |(name, _): &(&'static str, u64)| {
                let count = stats.count(&format!("wasmcustom.peerwarden.{name}"));
                (*name, count)
            };
            anyhow::Ok(expected.iter().map(count).collect::<Vec<_>>())
        };
        let wanted = async || Ok((now().await? == expected).then_some(()));
        match until(deadline::EXCHANGE, "counters", wanted).await {
            Ok(()) => Ok(()),
            Err(_) => bail!("expected {expected:?}, counted {:?}", now().await?),
        }
    }

    /// Waits until one of the module's counters is not zero, and returns it.
    pub async fn counted_any(&self, name: &str) -> Result<u64> {
        let counter = format!("wasmcustom.peerwarden.{name}");
        until(deadline::EXCHANGE, &counter, async || {
            let count = self.stats().await?.count(&counter);
            Ok((count > 0).then_some(count))
        })
        .await
    }

    /// The answer of Envoy's administration to a GET of this path.
    pub async fn admin(&self, path: &str) -> Result<String> {
        admin::get(self.admin, path).await
    }

    /// Sets the level of one of Envoy's loggers, such as `wasm` to `trace`.
    pub async fn log_from(&self, logger: &str, level: &str) -> Result<()> {
        admin::post(self.admin, &format!("/logging?{logger}={level}")).await?;
        Ok(())
    }

    /// The CPU time of all its threads so far, as Linux counts it.
    pub fn cpu(&self) -> Result<Duration> {
        self.process.cpu()
    }

    /// The same, in its own code and in the kernel apart, but in larger steps: for sums over many measurements.
    pub fn cpu_times(&self) -> Result<CpuTimes> {
        self.process.cpu_times()
    }

    /// The memory in use, in bytes, as Linux counts it.
    pub fn memory(&self) -> Result<u64> {
        self.process.memory()
    }

    /// The log of Envoy and the module so far.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Waits for a line of the log with this text.
    pub async fn logged(&self, text: &str) -> Result<String> {
        let what = format!("`{text}` in Envoy's log");
        let seen = until(deadline::EXCHANGE, &what, async || {
            Ok(self
                .log()
                .lines()
                .find(|line| line.contains(text))
                .map(str::to_owned))
        })
        .await;
        seen.with_context(|| format!("Envoy's log:\n{}", self.log()))
    }

    /// The access log so far.
    pub fn access_log(&self) -> Result<Vec<AccessLogEntry>> {
        access_log::read(&self.process.access_log())
    }

    /// Waits for the first line of the access log for which `wanted` is true.
    pub async fn logged_access(&self, wanted: impl Fn(&AccessLogEntry) -> bool) -> Result<AccessLogEntry> {
        let seen = until(deadline::EXCHANGE, "the line in the access log", async || {
            Ok(self.access_log()?.into_iter().find(&wanted))
        })
        .await;
        seen.with_context(|| format!("the access log:\n{:#?}", self.access_log().unwrap_or_default()))
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

async fn ready(
    process: &mut Process,
    patience: Duration,
) -> Result<(SocketAddr, BTreeMap<String, SocketAddr>)> {
    until(patience, "Envoy being ready", async || {
        if let Some(status) = process.exited()? {
            bail!("Envoy did not start: {status}");
        }
        let Some(admin) = process.admin()? else {
            return Ok(None);
        };
        if !admin::is_ready(admin).await {
            return Ok(None);
        }
        Ok(Some((admin, admin::listeners(admin).await?)))
    })
    .await
}
