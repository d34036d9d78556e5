//! `peerwarden probe`: finds out what ports accept.

mod report;

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::output;
use peerwarden_mtls::duration;
use peerwarden_mtls::probe::{Credentials, Probe, Verdict};

use crate::error::Result;
use crate::exit::Exit;

/// Probe whether ports accept mutual TLS, TLS and plaintext, and what they present.
///
/// Each port gets a `GET /` in plaintext, over TLS without a certificate and over mutual TLS, all at once. Any answer counts,
/// whatever protocol the port speaks. The exit code is 1 if a port differs from `--expect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Ports, which are probed at the same time.
    #[arg(value_name = "HOST:PORT", required = true)]
    ports: Vec<String>,
    /// A folder with `cert-chain.pem`, `key.pem` and `root-cert.pem` of a workload of the mesh, as `peerwarden certs` creates it.
    /// Without it, mutual TLS is not tried.
    #[arg(long, value_name = "FOLDER")]
    certs: Option<PathBuf>,
    /// The mode that each port should have.
    #[arg(long, value_name = "MODE")]
    expect: Option<ExpectedMode>,
    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: ProbeFormat,
    /// The time limit of each attempt.
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "5s")]
    timeout: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExpectedMode {
    Strict,
    Permissive,
    Disable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ProbeFormat {
    /// For people.
    #[value(alias = "text")]
    Human,
    /// One JSON document.
    Json,
}

impl ExpectedMode {
    fn holds(self, verdict: Verdict) -> bool {
        verdict
            == match self {
                Self::Strict => Verdict::Strict,
                Self::Permissive => Verdict::Permissive,
                Self::Disable => Verdict::Disable,
            }
    }
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    let mut wrong: Vec<Diagnostic> = Vec::new();
    for port in &arguments.ports {
        let number = port
            .rsplit_once(':')
            .map(|(host, number)| (host, number.parse::<u16>()));
        if !matches!(number, Some((host, Ok(1..))) if !host.is_empty()) {
            let message = format!("`{port}` is not a host and a port");
            wrong.push(
                Diagnostic::error(message)
                    .help("write `HOST:PORT`, such as `orders.shop:8080` or `[::1]:8080`"),
            );
        }
    }
    let credentials = arguments.certs.as_deref().map(Credentials::read).transpose();
    let credentials = credentials.unwrap_or_else(|error| {
        let help = "name a folder that `peerwarden certs` created, such as `certs/web/frontend`";
        wrong.push(Diagnostic::error(error.to_string()).help(help));
        None
    });
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    let reports = Probe::new(credentials, arguments.timeout).all(&arguments.ports);
    let as_expected = |verdict| arguments.expect.is_none_or(|expected| expected.holds(verdict));
    output::print(&match arguments.format {
        ProbeFormat::Json => report::json(&reports),
        ProbeFormat::Human => {
            let text = reports.iter().map(|report| {
                let held = arguments.expect.map(|expected| expected.holds(report.verdict));
                report::text(report, held)
            });
            text.collect()
        }
    })?;
    Ok(if reports.iter().all(|report| as_expected(report.verdict)) {
        Exit::Fine
    } else {
        Exit::Findings
    })
}
