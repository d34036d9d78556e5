//! Probes what a port accepts: plaintext, TLS without a certificate, and mutual TLS.
//!
//! Each attempt sends the same request, `GET /` with the user agent `peerwarden-probe`. Any answer counts, whatever
//! protocol the port speaks. The three attempts run in parallel, and together decide the [`Verdict`] (`verdict.rs` has
//! the table).

mod answer_start;
mod attempt;
mod credentials;
mod server_certificate;
mod timed_connection;
mod tls;
mod verdict;

pub use attempt::{AttemptReport, PortResponse};
pub use credentials::Credentials;
pub use server_certificate::ServerCertificate;
pub use verdict::Verdict;

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use attempt::Target;

/// Probes ports, with or without credentials.
#[derive(Debug)]
pub struct Probe {
    credentials: Option<Credentials>,
    timeout: Duration,
}

/// The result of probing one port.
#[derive(Debug, Clone)]
pub struct ProbeReport {
    /// The target as it was given.
    pub target: String,
    /// What the port accepts.
    pub verdict: Verdict,
    /// The reason for the verdict, in a sentence without a full stop.
    pub because: String,
    /// The attempt in plaintext.
    pub plaintext: AttemptReport,
    /// The attempt over TLS without a certificate.
    pub tls: AttemptReport,
    /// The attempt over TLS with the credentials' certificate; `None` without credentials.
    pub mutual_tls: Option<AttemptReport>,
    /// The certificate that the port presents, if it speaks TLS.
    pub presents: Option<ServerCertificate>,
}

/// How many ports are probed at the same time; each takes three connections.
const AT_ONCE: usize = 64;

/// The next target that no thread has taken.
fn taken<'t>(next: &AtomicUsize, targets: &'t [String]) -> Option<(usize, &'t String)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    targets.get(index).map(|target| (index, target))
}

impl Probe {
    /// A probe with credentials, or as a client without any. `timeout` limits each attempt.
    pub fn new(credentials: Option<Credentials>, timeout: Duration) -> Self {
        Self { credentials, timeout }
    }

    /// Probes ports, each `HOST:PORT`, many at once. Reports are in the order of the targets.
    pub fn all(&self, targets: &[String]) -> Vec<ProbeReport> {
        let next = AtomicUsize::new(0);
        let asks = || {
            let mut asked = Vec::new();
            while let Some((index, target)) = taken(&next, targets) {
                asked.push((index, self.one(target)));
            }
            asked
        };
        let mut reports: Vec<ProbeReport> = targets
            .iter()
            .map(|target| ProbeReport::unreachable(target, "the probe failed"))
            .collect();
        thread::scope(|scope| {
            let workers: Vec<_> = (0..targets.len().min(AT_ONCE))
                .map(|_| scope.spawn(asks))
                .collect();
            for worker in workers {
                for (index, report) in worker.join().unwrap_or_default() {
                    reports[index] = report;
                }
            }
        });
        reports
    }

    /// Probes one port, `HOST:PORT`.
    pub fn one(&self, target: &str) -> ProbeReport {
        let addresses: Vec<SocketAddr> = match target.to_socket_addrs() {
            Ok(found) => found.collect(),
            Err(error) => return ProbeReport::unreachable(target, &error.to_string()),
        };
        let host = target.rsplit_once(':').map_or(target, |(host, _)| host);
        let target_of = Target {
            addresses: &addresses,
            host: host.trim_matches(['[', ']']),
            timeout: self.timeout,
        };
        let failed = |_| AttemptReport::default();
        let (plaintext, tls, mutual_tls) = thread::scope(|scope| {
            let plaintext = scope.spawn(|| target_of.plaintext());
            let tls = scope.spawn(|| target_of.tls(None));
            let mutual = self.credentials.as_ref();
            let mutual = mutual.map(|credentials| scope.spawn(|| target_of.tls(Some(credentials))));
            (
                plaintext.join().unwrap_or_else(failed),
                tls.join().unwrap_or_else(failed),
                mutual.map(|mutual| mutual.join().unwrap_or_else(failed)),
            )
        });
        let presents = mutual_tls
            .as_ref()
            .and_then(|mutual| mutual.presented.clone())
            .or_else(|| tls.presented.clone());
        let (verdict, because) = verdict::of(&plaintext, &tls, mutual_tls.as_ref(), presents.as_ref());
        ProbeReport {
            target: target.to_owned(),
            verdict,
            because,
            plaintext,
            tls,
            mutual_tls,
            presents,
        }
    }
}

impl ProbeReport {
    fn unreachable(target: &str, why: &str) -> Self {
        Self {
            target: target.to_owned(),
            verdict: Verdict::Unreachable,
            because: why.to_owned(),
            plaintext: AttemptReport::default(),
            tls: AttemptReport::default(),
            mutual_tls: None,
            presents: None,
        }
    }
}
