//! `peerwarden tail`: follows logs, and explains each new denial.

mod follow;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use peerwarden_documents::output;
use peerwarden_documents::remark::remark;
use peerwarden_explain as explain;
use peerwarden_logs::access_log::{self, Entry, LogFormat, Outcome};

use super::inputs::OutputFormat;
use super::replay::LogArguments;
use crate::admin::AdminAddress;
use crate::error::Result;
use crate::exit::Exit;
use crate::line_explainer::LineExplainer;
use crate::policy_source::PolicySource;
use crate::refusal_report::RefusalReport;
use follow::Logs;

/// Follow access logs, and explain each new denial by the policies of the proxy that wrote it.
///
/// The policies, the workload and the mesh come from the configuration of that Envoy. A denial is shown with the rule that denied,
/// or with the one that came closest to allowing it; one that was shown before takes one line. The lines of access logs are read,
/// and those that the module itself logs, also behind the name of a pod: `kubectl logs -f POD -c istio-proxy | peerwarden tail
/// --envoy http://localhost:15000 -`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The logs; `-` reads standard input.
    #[arg(value_name = "LOG", required = true)]
    logs: Vec<PathBuf>,
    /// The Envoy that writes them: the address of its administration interface, such as `http://localhost:15000`, or a
    /// file with the answer to `/config_dump`. An address is queried again for later denials.
    #[arg(long, value_name = "FILE|URL")]
    envoy: String,
    /// Take the policies of this listener, if the listeners of that Envoy have different ones.
    #[arg(long, value_name = "NAME")]
    listener: Option<String>,
    #[command(flatten)]
    log: LogArguments,
    /// Read the logs from their beginning, and stop at their end.
    #[arg(long)]
    once: bool,
    /// Output format; `json` prints one JSON object per line, as `explain` does.
    #[arg(long, value_parser = OutputFormat::parser(), default_value = "human")]
    format: OutputFormat,
}

/// How long a configuration counts as current.
const FRESH: Duration = Duration::from_secs(5);

/// The largest number of denials that are remembered; nobody reads more.
const REMEMBERED: usize = 10_000;

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let mut watch = DenialWatch {
        arguments,
        format: arguments.log.format()?,
        source: PolicySource::of_envoy(&arguments.envoy, arguments.listener.as_deref())?,
        is_running: AdminAddress::parse(&arguments.envoy)?.is_some(),
        read_at: Instant::now(),
        seen: BTreeMap::new(),
    };
    let mut logs = Logs::open(&arguments.logs, arguments.once)?;
    if let Some(names) = logs.followed() {
        remark(&format!("following {names}; press Ctrl-C to stop"));
    }
    logs.each(|line| watch.line(line))?;
    Ok(Exit::Fine)
}

/// The state for explaining one denial after the other.
struct DenialWatch<'a> {
    arguments: &'a Arguments,
    format: LogFormat,
    source: PolicySource,
    /// Whether the configuration can be read again.
    is_running: bool,
    read_at: Instant,
    /// How often each denial was seen.
    seen: BTreeMap<String, u64>,
}

impl DenialWatch<'_> {
    /// Reads a line, and skips it unless it is a denial.
    fn line(&mut self, line: &[u8]) -> Result<()> {
        let Ok(entry) = self.format.read_any(line) else {
            return Ok(());
        };
        if let Some(refusal) = &entry.refused {
            return self.print(&match self.arguments.format {
                OutputFormat::Human => format!("{}\n\n", refusal.text()),
                OutputFormat::Json => json_line(&RefusalReport::of(refusal))?,
            });
        }
        if !matches!(entry.happened, Some(Outcome::Denied(_))) {
            return Ok(());
        }
        let asked = access_log::line(&entry).asked;
        if self.seen.len() >= REMEMBERED {
            self.seen.clear();
        }
        let times = self
            .seen
            .entry(format!("{asked} {:?}", entry.happened))
            .or_default();
        *times += 1;
        if *times > 1 && self.arguments.format == OutputFormat::Human {
            let again = format!("{asked}, denied {times} times\n\n");
            return self.print(&again);
        }
        self.refresh();
        let explained = self.explain(&entry)?;
        self.print(&explained)
    }

    fn explain(&self, entry: &Entry) -> Result<String> {
        let format = self.arguments.format;
        let text = LineExplainer::new(&self.source).explain(entry, |explained| match format {
            OutputFormat::Human => Ok(explain::brief::text(explained) + "\n"),
            OutputFormat::Json => explain::json::line(explained),
        })?;
        Ok(text?)
    }

    /// Reads the configuration again if it may have changed. Without an answer, the last one is used.
    fn refresh(&mut self) {
        if !self.is_running || self.read_at.elapsed() < FRESH {
            return;
        }
        self.read_at = Instant::now();
        match PolicySource::of_envoy(&self.arguments.envoy, self.arguments.listener.as_deref()) {
            Ok(source) => self.source = source,
            Err(wrong) => remark(&format!(
                "note: {}; its last configuration is used",
                wrong.message
            )),
        }
    }

    fn print(&self, text: &str) -> Result<()> {
        Ok(output::print(text)?)
    }
}

fn json_line(report: &RefusalReport) -> anyhow::Result<String> {
    Ok(serde_json::to_string(report).context("the answer cannot be written as JSON")? + "\n")
}
