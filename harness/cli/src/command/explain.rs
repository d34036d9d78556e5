//! `peerwarden explain`: one case, in full.

mod case_file;
mod flags;
mod lines;

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::ValueEnum;
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::files;
use peerwarden_documents::output;
use peerwarden_documents::setup::Setup;
use peerwarden_engine::Reason;
use peerwarden_engines::EnginePair;
use peerwarden_explain::diagnosis::{Expectation, Explainer};
use peerwarden_explain::{self as explain, Explanation, Subject};
use peerwarden_traffic::ConfigurationError;
use peerwarden_traffic::Traffic;

use super::inputs::{EngineArguments, OutputFormat, PolicyArguments};
use super::replay::LogArguments;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::failure_report;
use crate::policy_source::PolicySource;
use flags::Flags;

/// Show how one case is decided: each policy, rule and clause, and why.
///
/// The case is a file in YAML or JSON, `{mesh?, workload?, resources?, extensionProviders?, paths?, traffic}`, as a line of `eval`;
/// or a case of a suite, `explain orders_test.yaml --case 'frontend: list'`; or traffic described by options, `explain --workload
/// deploy/orders --peer URI --path /x`; or a line of an access log, `--log-line LINE`. With `--envoy`, the policies and the
/// workload are those of a running proxy.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The case, or a suite; `-` reads standard input. With options that describe traffic, a suite that gives the policies and the
    /// workload.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The name of a case of the suite.
    #[arg(long, value_name = "NAME", requires = "file")]
    case: Option<String>,
    /// A line of an access log of Envoy or Istio, or the line that the module logs for a denial; `-` reads lines from standard
    /// input. A prefix such as the name of a pod does not matter. Values that are not in the line are unknown.
    #[arg(long, value_name = "LINE", allow_hyphen_values = true)]
    log_line: Option<String>,
    #[command(flatten)]
    log: LogArguments,
    /// Take policies, workload and mesh from an Envoy with the module: the address of its administration interface, such as
    /// `http://localhost:15000`, or a file with the answer to `/config_dump`.
    #[arg(long, value_name = "FILE|URL", conflicts_with_all = ["file", "case"])]
    envoy: Option<String>,
    /// Take those of this listener, if the listeners of that Envoy have different policies.
    #[arg(long, value_name = "NAME", requires = "envoy")]
    listener: Option<String>,
    #[command(flatten)]
    deciding: PolicyArguments,
    #[command(flatten)]
    engines: EngineArguments,
    /// Output format.
    #[arg(long, value_parser = OutputFormat::parser(), default_value = "human")]
    format: OutputFormat,
    /// Show the text of every rule, and the policies for other workloads.
    #[arg(long)]
    all: bool,
    /// Exit with 1 unless this is the verdict.
    #[arg(long, value_enum)]
    expect: Option<ExpectedVerdict>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExpectedVerdict {
    Allow,
    Deny,
}

/// The case to explain.
enum Case {
    Traffic(Box<Traffic>),
    /// One or more lines of a log.
    Lines(String),
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    match (answer(&arguments), arguments.format) {
        (Err(error), OutputFormat::Json) => failure_report::print(error, failure_report::json),
        (exit, _) => exit,
    }
}

fn answer(arguments: &Arguments) -> Result<Exit> {
    let (source, case) = read(arguments)?;
    match case {
        Case::Traffic(traffic) => {
            let setup = source.setup(Some(traffic.destination().1), Some(traffic.protocol.into()))?;
            setup.trust()?;
            of_traffic(arguments, setup, &traffic)
        }
        Case::Lines(text) => lines::run(arguments, &source, &text),
    }
}

fn of_traffic(arguments: &Arguments, setup: &Setup, traffic: &Traffic) -> Result<Exit> {
    let module = arguments.engines.module()?;
    let compiled = module.as_ref().map(|shipped| &shipped.module);
    let engine = EnginePair::of(arguments.engines.engine, compiled, setup, traffic.protocol.into());
    let mut engine = engine.map_err(|refused| match refused {
        ConfigurationError::Problems(problems) => setup.diagnostics(&problems).into(),
        ConfigurationError::Module(message) => Error::from(anyhow!(message)),
    })?;
    let answer = engine.decide(traffic)?;
    let explainer = Explainer::of(setup, traffic.protocol)
        .context("the documents that the engines took cannot be read again")?;
    let trace = explainer.trace(traffic);
    // The trace is the reference evaluator's: it must agree with the engines.
    if explain::outcome(&trace) != answer {
        let reference = explain::outcome(&trace);
        return Err(
            anyhow!("the reference evaluator decides {reference}, but the engines decide {answer}").into(),
        );
    }
    // The near miss is the rule that comes closest to the other verdict.
    let why = explainer.diagnose(&trace, &answer.decision, Expectation::opposite(&answer.decision));
    let explained = Explanation {
        subject: Subject::Traffic(traffic, &answer),
        explainer: &explainer,
        trace: &trace,
        refusal: explainer.refusal(traffic),
        why: Some(&why),
        // It never sees a token that the filter ahead refuses.
        module: module
            .as_ref()
            .filter(|_| answer.decision.reason != Reason::InvalidToken)
            .map(|shipped| &shipped.file),
    };
    print(arguments, &explained)
}

fn print(arguments: &Arguments, explained: &Explanation<'_>) -> Result<Exit> {
    output::print(&match arguments.format {
        OutputFormat::Human => explain::human::text(explained, arguments.all),
        OutputFormat::Json => explain::json::text(explained)?,
    })?;
    let allowed = explained.decided().map(|decided| decided.allowed);
    let expected = arguments
        .expect
        .is_none_or(|expect| allowed == Some(expect == ExpectedVerdict::Allow));
    Ok(if expected { Exit::Fine } else { Exit::Findings })
}

fn read(arguments: &Arguments) -> Result<(PolicySource, Case)> {
    let ways = [
        arguments.case.is_some()
            || arguments.file.is_some() && !arguments.flags.given() && arguments.log_line.is_none(),
        arguments.flags.given(),
        arguments.log_line.is_some(),
    ];
    if ways.iter().filter(|way| **way).count() != 1 {
        let wrong =
            Diagnostic::error("expected one case: a file, options that describe traffic, or `--log-line`");
        return Err(wrong.help("see `peerwarden explain --help`").into());
    }
    if ways[0] {
        let (setup, traffic) = case_file::read(arguments)?;
        return Ok((PolicySource::of(setup), Case::Traffic(Box::new(traffic))));
    }
    let source = source(arguments)?;
    if let Some(line) = &arguments.log_line {
        let text = if line == "-" {
            files::read(std::path::Path::new("-"))?.text.clone()
        } else {
            line.clone()
        };
        return Ok((source, Case::Lines(text)));
    }
    let traffic = arguments.flags.traffic()?;
    possible(&traffic)?;
    Ok((source, Case::Traffic(Box::new(traffic))))
}

/// Checks that such traffic is possible.
fn possible(traffic: &Traffic) -> Result<(), Diagnostic> {
    traffic
        .check()
        .map_err(|impossible| Diagnostic::error(format!("traffic: {impossible}")))
}

/// The policies, if the traffic is given separately: from files, or from a suite.
fn source(arguments: &Arguments) -> Result<PolicySource> {
    if let Some(envoy) = &arguments.envoy {
        let given = arguments.deciding.read()?;
        let proxy = PolicySource::of_envoy(envoy, arguments.listener.as_deref())?;
        return Ok(proxy.under(&given, arguments.deciding.names_policies()));
    }
    Ok(PolicySource::of(described_setup(arguments)?))
}

fn described_setup(arguments: &Arguments) -> Result<Setup> {
    let Some(file) = &arguments.file else {
        let given = arguments.deciding.read_or_here()?;
        if given.workload.is_none() {
            let wrong = Diagnostic::error("the protected workload is missing");
            let help = "add `--workload deploy/NAME`, or `--workload FILE`, a file with `{namespace: …, labels: {…}}`; or name a suite that has a workload, or a proxy with `--envoy`";
            return Err(wrong.help(help).into());
        }
        return Ok(given);
    };
    let given = arguments.deciding.read()?;
    let of_suite = arguments.deciding.suite(file)?.setup;
    Ok(given.over(of_suite, arguments.deciding.names_policies()))
}
