//! `peerwarden test`: runs suites.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;

use super::inputs::{self, Engines};
use crate::diagnostic::Diagnostic;
use crate::documents;
use crate::engine::{Broken, Engine, Refused};
use crate::exit::Exit;
use crate::module::Shipped;
use crate::report::coverage::Coverage;
use crate::report::{self, CaseResult, Outcome, Report, SuiteResult};
use crate::suite::{self, Case, Loaded};
use crate::traffic::Protocol;

/// Run test suites (`*_test.yaml`).
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Suites, or folders with all that are below them.
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Run only cases whose suite or name contains this text.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    #[command(flatten)]
    engines: Engines,
    /// How to report.
    #[arg(long, value_enum, default_value_t = report::Format::Human)]
    format: report::Format,
    /// Show each case, not only those that fail.
    #[arg(long, short)]
    verbose: bool,
    /// Say which policies and rules the cases matched, and which none did.
    #[arg(long)]
    coverage: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    let missing = arguments.paths.iter().find(|path| !path.exists());
    if let Some(missing) = missing {
        let message = format!("there is no `{}`", missing.display());
        return Ok(inputs::invalid(&[Diagnostic::error(message)]));
    }
    let files = match documents::files(&arguments.paths, documents::is_suite) {
        Ok(files) => files,
        Err(wrong) => return Ok(inputs::invalid(&wrong)),
    };
    if files.is_empty() {
        let help = "suites are files named `*_test.yaml`";
        return Ok(inputs::invalid(&[
            Diagnostic::error("there is no suite").help(help)
        ]));
    }
    let (mut suites, mut wrong) = (Vec::new(), Vec::new());
    for file in &files {
        match suite::load(file) {
            Ok(loaded) => suites.push(loaded),
            Err(diagnostics) => wrong.extend(diagnostics),
        }
    }
    if !wrong.is_empty() {
        return Ok(inputs::invalid(&wrong));
    }
    for loaded in &mut suites {
        let name = loaded.source.name.clone();
        let wanted = |case: &Case| {
            let filter = arguments.filter.as_deref();
            filter.is_none_or(|filter| name.contains(filter) || case.name.contains(filter))
        };
        loaded.cases.retain(wanted);
    }
    suites.retain(|loaded| !loaded.cases.is_empty());
    if suites.is_empty() {
        let filter = arguments.filter.unwrap_or_default();
        let message = format!("no case has `{filter}` in its name or its suite's");
        return Ok(inputs::invalid(&[Diagnostic::error(message)]));
    }
    let module = match arguments.engines.module() {
        Ok(module) => module,
        Err(error) => return Ok(inputs::no_module(&error)),
    };
    let results = match run_all(&suites, &arguments.engines, module.as_ref(), arguments.coverage) {
        Ok(results) => results,
        Err(wrong) => return Ok(inputs::invalid(&wrong)),
    };
    let report = Report {
        module,
        engine: arguments.engines.engine,
        verbose: arguments.verbose,
        suites: results,
    };
    report::print(&report, arguments.format)?;
    Ok(report.exit())
}

/// Runs the suites on all cores; the results come in the order of the suites.
fn run_all(
    suites: &[Loaded],
    engines: &Engines,
    module: Option<&Shipped>,
    coverage: bool,
) -> Result<Vec<SuiteResult>, Vec<Diagnostic>> {
    type Ran = Result<SuiteResult, Vec<Diagnostic>>;

    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Ran)>> = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(suites.len());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(suite) = suites.get(index) else { return };
                    let result = run_suite(suite, engines, module, coverage);
                    results
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .push((index, result));
                }
            });
        }
    });
    let mut results = results
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    let (mut ran, mut wrong) = (Vec::new(), Vec::new());
    for (_, result) in results {
        match result {
            Ok(result) => ran.push(result),
            Err(diagnostics) => wrong.extend(diagnostics),
        }
    }
    if wrong.is_empty() { Ok(ran) } else { Err(wrong) }
}

fn run_suite(
    suite: &Loaded,
    engines: &Engines,
    module: Option<&Shipped>,
    coverage: bool,
) -> Result<SuiteResult, Vec<Diagnostic>> {
    let compiled = module.map(|shipped| &shipped.module);
    let engine = |protocol: Protocol| {
        let configuration = suite.setup.to_json(protocol.into());
        Engine::new(engines.engine, compiled, &configuration).map_err(|refused| match refused {
            Refused::Problems(problems) => suite.setup.diagnostics(&problems),
            Refused::Module(message) => vec![Diagnostic::error(format!("{}: {message}", suite.source.name))],
        })
    };
    // Both protocols refuse the same documents, so one of them tells even when no case needs the other.
    let (mut http, mut tcp) = (engine(Protocol::Http)?, engine(Protocol::Tcp)?);
    let mut covered = coverage.then(|| Coverage::of(&suite.setup));
    let cases = suite.cases.iter().map(|case| {
        let outcome = match &case.skip {
            Some(reason) => Outcome::Skipped(reason.clone()),
            None => {
                let engine = match case.traffic.protocol {
                    Protocol::Http => &mut http,
                    Protocol::Tcp => &mut tcp,
                };
                if let Some(covered) = &mut covered {
                    covered.count(&case.traffic);
                }
                judge(case, engine)
            }
        };
        CaseResult {
            name: case.name.clone(),
            place: case.place.clone(),
            outcome,
        }
    });
    let cases = cases.collect();
    Ok(SuiteResult {
        name: suite.source.name.clone(),
        cases,
        coverage: covered,
    })
}

fn judge(case: &Case, engine: &mut Engine) -> Outcome {
    let answer = match engine.decide(&case.traffic) {
        Ok(answer) => answer,
        Err(Broken(message)) => return Outcome::Broken(message),
    };
    let expected_by = case
        .by
        .as_ref()
        .filter(|by| !by.holds(answer.decision.by.as_ref()));
    if answer.decision.allowed == case.allow && expected_by.is_none() {
        return Outcome::Passed(answer);
    }
    let verdict = if case.allow { "allow" } else { "deny" };
    let expected = match &case.by {
        Some(by) => format!("{verdict} by {by}"),
        None => verdict.to_owned(),
    };
    Outcome::Failed { expected, answer }
}
