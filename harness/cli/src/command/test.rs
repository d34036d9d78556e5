//! `peerwarden test`: runs suites.

mod watch;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::load::Loader;
use peerwarden_documents::notes::Missing;
use peerwarden_documents::terminal;
use peerwarden_engines::{EngineFactory, ModuleError, ShippedModule};
use peerwarden_suite::coverage;
use peerwarden_suite::report::{self, BrokenSuite, CaseOutcome, Detail, Report, ReportFormat, Timings};
use peerwarden_suite::running::{self, Run, RunResult};
use peerwarden_suite::snapshot::{SnapshotResult, Update};
use peerwarden_suite::{self as suite, Case, LoadedSuite};
use peerwarden_traffic as traffic;

use super::inputs::EngineArguments;
use super::repository::{NamespaceArgument, RepositoryArguments};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::progress::Progress;
use crate::threads::{on_all_cores, on_one_core};

/// Run test suites (`*_test.yaml`).
///
/// A suite has policies, callers, requests and the expected verdicts. The exit code is 1 if a verdict differs from the expected
/// one or if there is no suite, and 2 if a suite or a policy is invalid.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Suites, or folders to search recursively.
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Run only cases whose suite or name contains this text.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    #[command(flatten)]
    engines: EngineArguments,
    #[command(flatten)]
    repository: RepositoryArguments,
    #[command(flatten)]
    namespace: NamespaceArgument,
    /// Output format.
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    format: ReportFormat,
    /// Show every case, not only failures; and all failures with the same cause, not only the first few.
    #[arg(long, short)]
    verbose: bool,
    /// Stop at the first failure.
    #[arg(long)]
    fail_fast: bool,
    /// Keep running, and run suites again when their files change.
    #[arg(long)]
    watch: bool,
    /// Show what the cases do not cover: rules, clauses and values of the policies that never matched, or were never false.
    #[arg(long)]
    coverage: bool,
    /// Exit with 1 if coverage is below this percentage of points.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    coverage_threshold: Option<u8>,
    /// Write the snapshots of suites, including those that differ.
    #[arg(long)]
    update_snapshots: bool,
    /// Write coverage to this file, as an LCOV tracefile.
    #[arg(long, value_name = "FILE")]
    coverage_lcov: Option<PathBuf>,
}

/// The module, loaded on first use.
#[derive(Default)]
struct LazyModule(Option<Option<ShippedModule>>);

impl LazyModule {
    /// The module, if one of the engines needs it.
    fn get(&mut self, engines: &EngineArguments) -> Result<Option<ShippedModule>, ModuleError> {
        match &self.0 {
            Some(module) => Ok(module.clone()),
            None => Ok(self.0.insert(engines.module()?).clone()),
        }
    }
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    if arguments.watch {
        let loader = loader(&arguments)?;
        listed(&arguments, &loader)?;
        return watch::run(&arguments, &loader);
    }
    match (all(&arguments), arguments.format) {
        (exit, ReportFormat::Human) => exit,
        (Err(error), format) => reported(error, format),
        (exit, _) => exit,
    }
}

/// Runs all suites, once.
fn all(arguments: &Arguments) -> Result<Exit> {
    let loader = loader(arguments)?;
    let files = listed(arguments, &loader)?;
    once(arguments, &loader, &files, &mut LazyModule::default())
}

fn loader(arguments: &Arguments) -> Result<Loader> {
    Ok(arguments.repository.loader(arguments.namespace.get())?)
}

/// The suites among the paths.
fn listed(arguments: &Arguments, loader: &Loader) -> Result<Vec<PathBuf>> {
    let missing = arguments.paths.iter().find(|path| !path.exists());
    if let Some(missing) = missing {
        return Err(Diagnostic::error(format!("there is no `{}`", missing.display())).into());
    }
    Ok(loader.suites(&arguments.paths)?)
}

/// Reports an error: in a format for programs too, so that they find it there.
fn reported(error: Error, format: ReportFormat) -> Result<Exit> {
    let exit = error.exit();
    let report = Report {
        module: None,
        engines: "",
        detail: Detail::Usual,
        suites: Vec::new(),
        broken: vec![BrokenSuite {
            name: String::new(),
            wrong: error.diagnostics(),
        }],
        not_run: 0,
        coverage: None,
        threshold: None,
        timings: Timings::default(),
    };
    report::print(&report, format)?;
    Ok(exit)
}

/// Reads the suites, with the selected cases, and reports those that cannot be read.
fn load(
    arguments: &Arguments,
    loader: &Loader,
    files: &[PathBuf],
) -> Result<(Vec<LoadedSuite>, Vec<BrokenSuite>)> {
    if files.is_empty() {
        let missing = Missing::Suites;
        let message = format!("{}: nothing was tested", missing.said(&arguments.paths));
        return Err(Error::NothingTested(
            Diagnostic::error(message).help(missing.help()),
        ));
    }
    let (mut suites, mut broken) = (Vec::new(), Vec::new());
    for file in files {
        match suite::load(file, loader) {
            Ok(loaded) => suites.push(loaded),
            Err(wrong) => broken.push(BrokenSuite {
                name: file.display().to_string(),
                wrong,
            }),
        }
    }
    for loaded in &mut suites {
        let name = loaded.source.name.clone();
        let matches = |case: &str| {
            let filter = arguments.filter.as_deref();
            filter.is_none_or(|filter| name.contains(filter) || case.contains(filter))
        };
        let wanted = |case: &Case| matches(&case.name);
        loaded.cases.retain(wanted);
        loaded.snapshot.take_if(|snapshot| !matches(&snapshot.case()));
    }
    suites.retain(|loaded| running::questions(loaded) > 0);
    if suites.is_empty() && broken.is_empty() {
        let filter = arguments.filter.clone().unwrap_or_default();
        let message = format!("no case and no suite has `{filter}` in its name");
        return Err(Diagnostic::error(message).into());
    }
    Ok((suites, broken))
}

/// Runs some suites.
fn once(arguments: &Arguments, loader: &Loader, files: &[PathBuf], module: &mut LazyModule) -> Result<Exit> {
    let started = Instant::now();
    let (suites, mut broken) = load(arguments, loader, files)?;
    let read = started.elapsed();
    // Without a suite there is nothing to run.
    let module = if suites.is_empty() {
        None
    } else {
        module.get(&arguments.engines)?
    };
    let module_ready = started.elapsed() - read;
    let engines = EngineFactory {
        choice: arguments.engines.engine,
        module: module.as_ref().map(|shipped| shipped.module.clone()),
    };
    let run = Run {
        suites: &suites,
        engines: &engines,
        coverage: arguments.coverage
            || arguments.coverage_threshold.is_some()
            || arguments.coverage_lcov.is_some(),
        update: Update::new(arguments.update_snapshots),
        explained_failures: AtomicUsize::new(0),
        fail_fast: arguments.fail_fast,
    };
    let RunResult {
        suites: results,
        broken: refused,
        coverage,
        not_run,
    } = run_all(&run);
    broken.extend(refused);
    let unwritten = arguments.coverage_lcov.as_deref().and_then(|path| {
        let error = std::fs::write(path, coverage::lcov::text(&coverage)).err()?;
        let message = format!("`{}` cannot be written: {error}", path.display());
        Some(Diagnostic::error(message).help("name a file in an existing folder"))
    });
    let counted = arguments.coverage || arguments.coverage_threshold.is_some();
    let report = Report {
        module: module.map(|shipped| shipped.file),
        engines: traffic::Engines::name(&engines),
        detail: match (arguments.verbose, terminal::is_quiet()) {
            (true, _) => Detail::Everything,
            (false, true) => Detail::Failures,
            (false, false) => Detail::Usual,
        },
        suites: results,
        broken,
        not_run,
        coverage: counted.then_some(coverage),
        threshold: arguments.coverage_threshold.map(usize::from),
        timings: Timings {
            reading: read,
            module: module_ready,
            running: started.elapsed() - read - module_ready,
        },
    };
    report::print(&report, arguments.format)?;
    // The results of the cases are still useful.
    let wrong = unwritten.map(|unwritten| Error::from(unwritten).report());
    Ok(exit(&report).max(wrong.unwrap_or(Exit::Fine)))
}

/// Runs all suites on all cores, with progress; on one core if it matters which case comes first.
fn run_all(run: &Run<'_>) -> RunResult {
    let total: usize = run.suites.iter().map(running::questions).sum();
    let done = AtomicUsize::new(0);
    let progress = Progress::on_standard_error();
    let threads: fn(&(dyn Fn() + Sync)) = if run.fail_fast { on_one_core } else { on_all_cores };
    run.all(threads, |cases| {
        let done = done.fetch_add(cases, Ordering::Relaxed) + cases;
        progress.show(|| {
            let percent = (done * 100).checked_div(total).unwrap_or(100);
            format!("{done} of {total} cases, {percent} %")
        });
    })
}

/// 1 for failed cases and for coverage below the threshold, 2 for invalid suites, 3 for an engine that broke.
fn exit(report: &Report) -> Exit {
    let outcomes = report
        .suites
        .iter()
        .flat_map(|suite| &suite.cases)
        .map(|case| &case.outcome);
    let exits = outcomes.map(|outcome| match outcome {
        CaseOutcome::Passed(_) | CaseOutcome::Skipped(_) => Exit::Fine,
        CaseOutcome::Failed(_) => Exit::Findings,
        CaseOutcome::Broken(_) => Exit::Internal,
        CaseOutcome::Snapshot(SnapshotResult::Wrong(_)) => Exit::Invalid,
        CaseOutcome::Snapshot(snapshot) => match snapshot.failure() {
            Some(_) => Exit::Findings,
            None => Exit::Fine,
        },
    });
    let coverage = report.lacking().map(|_| Exit::Findings);
    let broken = report.broken.first().map(|_| Exit::Invalid);
    exits.chain(coverage).chain(broken).max().unwrap_or(Exit::Fine)
}
