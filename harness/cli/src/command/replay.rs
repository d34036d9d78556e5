//! `peerwarden replay`: replays an access log against other policies.

use std::path::PathBuf;

use anyhow::Context;
use clap::ValueEnum;
use peerwarden_documents::count::{counted, grouped};
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::output;
use peerwarden_documents::setup::Setup;
use peerwarden_logs::access_log::{Entry, Line, LogFormat};
use peerwarden_logs::replay::change::{Baseline, PolicyDifference};
use peerwarden_logs::replay::report::BaselineName;
use peerwarden_logs::replay::{Change, LineComparison, Policies, Report, Tally, human};

use super::inputs::{OutputFormat, PolicyArguments};
use super::scan::scan;
use crate::error::Result;
use crate::exit::Exit;

/// Replay an access log against policies: what would change, and what is unknown.
///
/// The logs are of one workload, in a default format of Envoy or Istio, in the format that `peerwarden render` configures, or in
/// that of `--log-format`; they may be gzip files. Values that are not in a line are unknown. A line gets a verdict if it is the
/// same for all possible values; otherwise, the report names the values that it depends on.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Access logs; `-` reads standard input.
    #[arg(value_name = "LOG", required = true)]
    logs: Vec<PathBuf>,
    #[command(flatten)]
    deciding: PolicyArguments,
    /// The old policies: compare the policies with these, not with what the log recorded. The mesh, the workload and the external
    /// authorizers are the same for both.
    #[arg(long, value_name = "PATH")]
    old: Vec<PathBuf>,
    #[command(flatten)]
    log: LogArguments,
    /// Output format.
    #[arg(long, value_parser = OutputFormat::parser(), default_value = "human")]
    format: OutputFormat,
    /// Also show what does not change.
    #[arg(long)]
    all: bool,
    /// Exit with 1 if there are lines with this change.
    #[arg(long, value_enum, value_name = "CHANGE", value_delimiter = ',')]
    fail_on: Vec<FailOn>,
}

/// How logs are read.
#[derive(Debug, clap::Args)]
pub(super) struct LogArguments {
    /// The format of the log, as in Envoy's configuration: a format string with command operators, or a JSON object of format
    /// strings.
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    NewlyDenied,
    NewlyAllowed,
    Unknown,
}

impl LogArguments {
    /// The given format, or one of the formats that are detected.
    ///
    /// # Errors
    ///
    /// If it is invalid.
    pub(super) fn format(&self) -> Result<LogFormat, Diagnostic> {
        let given = self.log_format.as_deref().map(LogFormat::parse);
        given.unwrap_or_else(|| Ok(LogFormat::default()))
    }
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    let replay = Replay::new(&arguments)?;
    let tallies = scan(&arguments.logs, Tally::default, |tally, line| {
        replay.line(tally, line)
    })?;
    let mut tally = Tally::default();
    tallies.into_iter().for_each(|other| tally.merge(other));
    let logs: Vec<String> = arguments
        .logs
        .iter()
        .map(|log| log.display().to_string())
        .collect();
    let compared_with = match replay.before {
        Baseline::Log => BaselineName::Log,
        Baseline::Policies(_) => BaselineName::Old,
    };
    let report = Report::new(&tally, &logs, compared_with);
    output::print(&match arguments.format {
        OutputFormat::Human => human::text(&report, arguments.all),
        OutputFormat::Json => {
            serde_json::to_string_pretty(&report).context("the report cannot be written")? + "\n"
        }
    })?;
    if report.malformed.lines > 0 {
        return Err(malformed(&report).into());
    }
    let failed = arguments.fail_on.iter().any(|change| {
        report.of(match change {
            FailOn::NewlyDenied => Change::NewlyDenied,
            FailOn::NewlyAllowed => Change::NewlyAllowed,
            FailOn::Unknown => Change::Unknown,
        }) > 0
    });
    Ok(if failed { Exit::Findings } else { Exit::Fine })
}

/// Reports which lines could not be read, and why.
fn malformed(report: &Report) -> Diagnostic {
    let shown = report.malformed.first.iter();
    let shown: Vec<String> = shown
        .map(|line| format!("{}:{}: {}", line.log, line.line, line.why))
        .collect();
    let more = report.malformed.lines - shown.len() as u64;
    let more = if more > 0 {
        format!("\nand {} more", grouped(more))
    } else {
        String::new()
    };
    let message = format!("{} could not be read", counted(report.malformed.lines, "line"));
    Diagnostic::error(message).help(format!("{}{more}", shown.join("\n")))
}

struct Replay {
    format: LogFormat,
    before: Baseline,
    after: Policies,
    differing: Option<PolicyDifference>,
}

impl Replay {
    fn new(arguments: &Arguments) -> Result<Self> {
        let format = arguments.log.format()?;
        let setup = arguments.deciding.read()?;
        if !arguments.deciding.names_policies() {
            let wrong = Diagnostic::error("there are no policies");
            return Err(wrong.help("add `--policies PATH`").into());
        }
        let compile = |setup: &Setup| Policies::new(setup).map_err(|problems| setup.diagnostics(&problems));
        let after = compile(&setup)?;
        if arguments.old.is_empty() {
            return Ok(Self {
                format,
                before: Baseline::Log,
                after,
                differing: None,
            });
        }
        let mut loader = arguments.deciding.loader()?;
        loader.may_be_empty = true;
        let old = Setup {
            resources: loader.policies(&arguments.old)?,
            ..setup.clone()
        };
        let before = compile(&old)?;
        Ok(Self {
            differing: PolicyDifference::between(&old, &setup, (&before, &after)),
            format,
            before: Baseline::Policies(Box::new(before)),
            after,
        })
    }

    fn line(&self, tally: &mut Tally, line: Line<'_>) {
        match self.format.read(line.text) {
            Ok(Entry {
                refused: Some(refusal),
                ..
            }) => tally.refused(&refusal),
            Ok(entry) => {
                let compared = LineComparison::of(&entry, &self.before, &self.after, self.differing.as_ref());
                tally.add(line, &entry, compared);
            }
            Err(why) => tally.malformed(line, why),
        }
    }
}
