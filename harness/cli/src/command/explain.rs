//! `peerwarden explain`: one case, in full.

mod flags;

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::ValueEnum;
use peerwarden_documents::count::grouped;
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::documents::Document;
use peerwarden_documents::files;
use peerwarden_documents::output;
use peerwarden_documents::schema::Paths;
use peerwarden_documents::setup::Setup;
use peerwarden_documents::yaml::{self, Node};
use peerwarden_engine::document::nearest;
use peerwarden_engine::{Bounds, ExternalAnswer, ExternalAuthorizers, Reason};
use peerwarden_engines::EnginePair;
use peerwarden_explain::diagnosis::{Expectation, Explainer};
use peerwarden_explain::{self as explain, Explanation, LineVerdict, Subject};
use peerwarden_logs::access_log::{self, Entry, Refusal, Stage};
use peerwarden_logs::replay::Policies;
use peerwarden_suite as suite;
use peerwarden_traffic::Traffic;
use peerwarden_traffic::{ConfigurationError, Decision};
use serde::Deserialize;
use serde_json::json;

use super::inputs::{EngineArguments, OutputFormat, PolicyArguments};
use super::replay::LogArguments;
use crate::error::{Error, Result};
use crate::exit::Exit;
use flags::Flags;

/// Show how one case is decided: each policy, rule and clause, and why.
///
/// The case is a file in YAML or JSON, `{mesh?, workload?, resources?, extensionProviders?, paths?, traffic}`, as a line of `eval`;
/// or a case of a suite, `explain orders_test.yaml --case 'frontend: list'`; or traffic described by options, `explain --policies .
/// --workload w.yaml --peer URI --path /x`; or a line of an access log, `--log-line LINE`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The case, or a suite; `-` reads standard input. With options that describe traffic, a suite that gives the policies and the
    /// workload.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The name of a case of the suite.
    #[arg(long, value_name = "NAME", requires = "file")]
    case: Option<String>,
    /// A line of an access log of Envoy or Istio; `-` reads it from standard input. Values that are not in the line are unknown.
    #[arg(long, value_name = "LINE", allow_hyphen_values = true)]
    log_line: Option<String>,
    #[command(flatten)]
    log: LogArguments,
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

/// The case file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    #[serde(default, rename = "id")]
    _id: Option<Node>,
    mesh: Option<Node>,
    workload: Option<Node>,
    resources: Option<Vec<Node>>,
    #[serde(rename = "extensionProviders")]
    extension_providers: Option<Node>,
    paths: Option<Paths>,
    traffic: Traffic,
}

/// What is to be explained.
enum Case {
    Traffic(Traffic),
    Line(Entry),
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    let (setup, case) = read(&arguments)?;
    setup.trust()?;
    match case {
        Case::Traffic(traffic) => of_traffic(&arguments, &setup, &traffic),
        Case::Line(entry) => match &entry.refused {
            Some(refusal) => of_refusal(&arguments, refusal),
            None => of_line(&arguments, &setup, &entry),
        },
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
    // The trace is the reference evaluator's: it must come to what the engines say.
    if explain::outcome(&trace) != answer {
        let reference = explain::outcome(&trace);
        return Err(
            anyhow!("the reference evaluator decides {reference}, but the engines decide {answer}").into(),
        );
    }
    let why = explainer.diagnose(&trace, &answer.decision, opposite(&answer.decision));
    let explained = Explanation {
        subject: Subject::Traffic(traffic, &answer),
        explainer: &explainer,
        trace: &trace,
        refusal: explainer.refusal(traffic),
        why: Some(&why),
        // It is not asked about a token that the filter ahead refuses.
        module: module
            .as_ref()
            .filter(|_| answer.decision.reason != Reason::InvalidToken)
            .map(|shipped| &shipped.file),
    };
    print(arguments, &explained)
}

/// A line tells too little for the module to be asked: the native engine says what is certain.
fn of_line(arguments: &Arguments, setup: &Setup, entry: &Entry) -> Result<Exit> {
    let policies = Policies::new(setup).map_err(|problems| setup.diagnostics(&problems))?;
    let explainer = Explainer::of(setup, entry.protocol.unwrap_or_default())
        .context("the documents that the engine took cannot be read again")?;
    let (known, view) = policies.certain(entry);
    let trace = explainer.trace_of(&view, &SilentAuthorizers);
    let known = match known {
        Bounds::Certain(decision) => LineVerdict::Decided(decision.into()),
        Bounds::Open(open) => LineVerdict::Hangs(open.lacks),
    };
    let why = match &known {
        LineVerdict::Decided(decided) => Some(explainer.diagnose(&trace, decided, opposite(decided))),
        LineVerdict::Hangs(_) => None,
    };
    let line = access_log::line(entry);
    let explained = Explanation {
        subject: Subject::Line(&line, known),
        explainer: &explainer,
        trace: &trace,
        // Whose request is in the log was let in.
        refusal: None,
        why: why.as_ref(),
        module: None,
    };
    print(arguments, &explained)
}

/// There is nothing to explain of policies.
fn of_refusal(arguments: &Arguments, refusal: &Refusal) -> Result<Exit> {
    let text = match arguments.format {
        OutputFormat::Human => format!("{}\n", refusal.text()),
        OutputFormat::Json => {
            let decision = match refusal.stage {
                Stage::Listener | Stage::Handshake | Stage::Request => "refused",
                Stage::Ended => "ended",
            };
            let at_handshake = refusal.stage == Stage::Handshake;
            let document = json!({"decision": decision, "atHandshake": at_handshake, "why": refusal.why});
            serde_json::to_string_pretty(&document).context("the answer cannot be written as JSON")? + "\n"
        }
    };
    output::print(&text)?;
    Ok(if arguments.expect == Some(ExpectedVerdict::Allow) {
        Exit::Findings
    } else {
        Exit::Fine
    })
}

/// The rule that comes closest to the other verdict is the one that is asked for.
fn opposite(decided: &Decision) -> Expectation<'static> {
    Expectation {
        allow: !decided.allowed,
        by: None,
    }
}

/// A log does not tell what external authorizers answered.
struct SilentAuthorizers;

impl ExternalAuthorizers for SilentAuthorizers {
    fn answer(&self, _: &str) -> ExternalAnswer {
        ExternalAnswer::Failed
    }
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

fn read(arguments: &Arguments) -> Result<(Setup, Case)> {
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
        let (setup, traffic) = read_file(arguments)?;
        return Ok((setup, Case::Traffic(traffic)));
    }
    let setup = described_setup(arguments)?;
    if let Some(line) = &arguments.log_line {
        let format = arguments.log.format()?;
        let line = if line == "-" {
            files::read(std::path::Path::new("-"))?.text.clone()
        } else {
            line.clone()
        };
        let entry = format
            .read(line.trim().as_bytes())
            .map_err(|why| Diagnostic::error(format!("the line cannot be read: {why}")))?;
        return Ok((setup, Case::Line(entry)));
    }
    let traffic = arguments.flags.traffic()?;
    possible(&traffic)?;
    Ok((setup, Case::Traffic(traffic)))
}

/// That there can be such traffic.
fn possible(traffic: &Traffic) -> Result<(), Diagnostic> {
    traffic
        .check()
        .map_err(|impossible| Diagnostic::error(format!("traffic: {impossible}")))
}

/// What is decided by, where the traffic is given by itself: files, or a suite's.
fn described_setup(arguments: &Arguments) -> Result<Setup> {
    let given = arguments.deciding.read()?;
    let Some(file) = &arguments.file else {
        if !arguments.deciding.names_policies() {
            let wrong = Diagnostic::error("there are no policies");
            let help = "add `--policies PATH` and `--workload FILE`, or name a suite that has both";
            return Err(wrong.help(help).into());
        }
        if given.workload.is_none() {
            let wrong = Diagnostic::error("the protected workload is missing");
            let help = "add `--workload FILE`, a file with `{namespace: …, labels: {…}}`, or name a suite that has a workload";
            return Err(wrong.help(help).into());
        }
        return Ok(given);
    };
    Ok(given.over(suite::load(file)?.setup, arguments.deciding.names_policies()))
}

/// Cases of a suite that are named, where none is close to what was written.
const CASES: usize = 10;

/// Which of them was meant, or which there are.
fn cases_like(name: &str, cases: &[suite::Case]) -> String {
    let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    if let Some(meant) = nearest(name, names.iter().copied()) {
        return format!("did you mean `{meant}`?");
    }
    let named: Vec<String> = names.iter().take(CASES).map(|name| format!("`{name}`")).collect();
    let more = match names.len().saturating_sub(CASES) {
        0 => String::new(),
        more => format!(
            ", and {} more; run `peerwarden test --verbose` to see all",
            grouped(more as u64)
        ),
    };
    format!("its cases: {}{more}", named.join(", "))
}

fn read_file(arguments: &Arguments) -> Result<(Setup, Traffic)> {
    let given = arguments.deciding.read()?;
    let file = arguments.file.as_deref().unwrap_or(std::path::Path::new("-"));
    if let Some(name) = &arguments.case {
        let loaded = suite::load(file)?;
        let help = cases_like(name, &loaded.cases);
        let Some(case) = loaded.cases.into_iter().find(|case| case.name == *name) else {
            let message = format!("the suite has no case `{name}`");
            return Err(Diagnostic::error(message).help(help).into());
        };
        let setup = given.over(loaded.setup, arguments.deciding.names_policies());
        return Ok((setup, case.traffic));
    }
    let source = files::read(file)?;
    let case: CaseFile = yaml::read(&source).map_err(|wrong| {
        if peerwarden_documents::role::is_suite(file) {
            wrong.help("this is a suite: name one of its cases with `--case NAME`")
        } else {
            wrong
        }
    })?;
    possible(&case.traffic)?;
    let document = |node: Node| Document {
        source: std::sync::Arc::clone(&source),
        node,
    };
    let own = case
        .resources
        .map(|nodes| nodes.into_iter().map(document).collect::<Vec<_>>());
    if own.is_none() && !arguments.deciding.names_policies() {
        let wrong = Diagnostic::error("there are no policies");
        return Err(wrong
            .help("add `resources` to the case, or use `--policies PATH`")
            .into());
    }
    let setup = Setup {
        mesh: case.mesh.map(document).or(given.mesh),
        workload: case.workload.map(document).or(given.workload),
        resources: own.unwrap_or(given.resources),
        extension_providers: case
            .extension_providers
            .map(document)
            .or(given.extension_providers),
        paths: case.paths.or(given.paths),
    };
    Ok((setup, case.traffic))
}
