//! What a port really accepts: asked in plaintext, by TLS without a certificate, and by mutual TLS.
//!
//! Each time the same is sent, `GET /` with the user agent `peerwarden-probe`; any answer counts, whatever the port speaks. The three
//! tries run at once, and what came of them makes the [`Verdict`] (`verdict.rs` has the table).

mod attempt;
mod bounded;
mod credentials;
mod presented;
mod tls;
mod verdict;

pub use attempt::{Attempt, Outcome};
pub use credentials::Credentials;
pub use presented::Presented;
pub use verdict::Verdict;

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use attempt::Target;

/// How ports are asked.
#[derive(Debug)]
pub struct Probe {
    credentials: Option<Credentials>,
    timeout: Duration,
}

/// What came of asking one port.
#[derive(Debug, Clone)]
pub struct Report {
    /// As it was named.
    pub target: String,
    /// What it takes, all together.
    pub verdict: Verdict,
    /// Why it is that verdict, in a sentence without a full stop.
    pub because: String,
    /// In plaintext.
    pub plaintext: Outcome,
    /// By TLS without a certificate.
    pub tls: Outcome,
    /// By TLS with the certificate of the credentials; `None` without any.
    pub mutual_tls: Option<Outcome>,
    /// The certificate that the port shows, if it speaks TLS.
    pub presents: Option<Presented>,
}

/// How many ports are asked at the same time; each takes three connections.
const AT_ONCE: usize = 64;

/// The next target that nobody has taken.
fn taken<'t>(next: &AtomicUsize, targets: &'t [String]) -> Option<(usize, &'t String)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    targets.get(index).map(|target| (index, target))
}

impl Probe {
    /// With credentials, or as somebody who has none. `timeout` is for each try.
    pub fn new(credentials: Option<Credentials>, timeout: Duration) -> Self {
        Self { credentials, timeout }
    }

    /// Asks ports, many at once; each is `HOST:PORT`. In the order given.
    pub fn all(&self, targets: &[String]) -> Vec<Report> {
        let next = AtomicUsize::new(0);
        let asks = || {
            let mut asked = Vec::new();
            while let Some((index, target)) = taken(&next, targets) {
                asked.push((index, self.one(target)));
            }
            asked
        };
        let mut reports: Vec<Report> = targets
            .iter()
            .map(|target| Report::unreachable(target, "the probe failed"))
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

    /// Asks one port, `HOST:PORT`.
    pub fn one(&self, target: &str) -> Report {
        let addresses: Vec<SocketAddr> = match target.to_socket_addrs() {
            Ok(found) => found.collect(),
            Err(error) => return Report::unreachable(target, &error.to_string()),
        };
        let host = target.rsplit_once(':').map_or(target, |(host, _)| host);
        let target_of = Target {
            addresses: &addresses,
            host: host.trim_matches(['[', ']']),
            timeout: self.timeout,
        };
        let failed = |_| Outcome::default();
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
        Report {
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

impl Report {
    fn unreachable(target: &str, why: &str) -> Self {
        Self {
            target: target.to_owned(),
            verdict: Verdict::Unreachable,
            because: why.to_owned(),
            plaintext: Outcome::default(),
            tls: Outcome::default(),
            mutual_tls: None,
            presents: None,
        }
    }
}
