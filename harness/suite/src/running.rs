//! Runs suites: their cases in portions, on several threads, each with its own engines.

mod judge;
mod notes;
mod promises;
mod worker;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_traffic::{Answer, EngineFailure, Engines};

use crate::coverage::{Coverage, SuiteCoverage};
use crate::load::LoadedSuite;
use crate::report::{BrokenSuite, CaseOutcome, CaseResult, SuiteResult};
use crate::snapshot::{self, SnapshotResult, Update};
pub use notes::vacuous;
use worker::SuiteWorker;

/// The number of cases that a thread takes at a time: enough that creating engines for them is a small part of the
/// work.
const PORTION: usize = 250;

/// How many failures to explain: nobody reads more, and the reference evaluator is slow.
const EXPLAINED_FAILURES: usize = 1_000;

/// A test run.
pub struct Run<'r> {
    /// The suites.
    pub suites: &'r [LoadedSuite],
    /// The engines that decide.
    pub engines: &'r dyn Engines,
    /// Whether to count coverage.
    pub coverage: bool,
    /// When to write snapshots.
    pub update: Update,
    /// How many failures have been explained.
    pub explained_failures: AtomicUsize,
    /// Whether to stop at the first failure.
    pub fail_fast: bool,
}

/// The results of a run.
pub struct RunResult {
    /// The suites that ran, in their order.
    pub suites: Vec<SuiteResult>,
    /// The suites whose documents an engine refused.
    pub broken: Vec<BrokenSuite>,
    /// The coverage, if it was counted.
    pub coverage: Coverage,
    /// How many cases and cells were not run, because an earlier one failed.
    pub not_run: usize,
}

/// Some cases of one suite, followed by the cells of its snapshot.
#[derive(Debug, Clone)]
struct Portion {
    suite: usize,
    cases: Range<usize>,
}

/// The result of a portion.
type PortionResult = Result<Vec<ItemResult>, Vec<Diagnostic>>;

/// The answers for the cells of one snapshot, in order.
type CellAnswers = Result<Vec<Option<Box<Answer>>>, EngineFailure>;

/// The result of one case or cell.
enum ItemResult {
    Case(CaseOutcome),
    /// A cell of a snapshot; `None` if its traffic is impossible.
    Cell(Result<Option<Box<Answer>>, EngineFailure>),
}

impl Run<'_> {
    /// Whether to explain one more failure.
    fn explains_one_more(&self) -> bool {
        self.explained_failures.fetch_add(1, Ordering::Relaxed) < EXPLAINED_FAILURES
    }

    /// Runs all suites.
    ///
    /// `threads` runs its argument on as many threads as it likes, all of it on each, and waits for them. `done` gets
    /// the number of cases that were run since the last call.
    pub fn all(&self, threads: impl Fn(&(dyn Fn() + Sync)), done: impl Fn(usize) + Sync) -> RunResult {
        let portions = self.portions();
        let next = AtomicUsize::new(0);
        let stopped = AtomicBool::new(false);
        let ran: Mutex<BTreeMap<(usize, usize), PortionResult>> = Mutex::new(BTreeMap::new());
        let counted: Mutex<Coverage> = Mutex::default();
        let count = |worker: SuiteWorker<'_>| {
            let of_suite = worker.counted();
            let mut counted = counted.lock().unwrap_or_else(PoisonError::into_inner);
            of_suite
                .into_iter()
                .for_each(|of_suite: SuiteCoverage| counted.add(of_suite));
        };
        threads(&|| {
            let mut worker: Option<SuiteWorker<'_>> = None;
            while let Some(portion) = portions.get(next.fetch_add(1, Ordering::Relaxed)) {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                // The portions of a suite are adjacent: engines are kept until the next suite.
                if let Some(other) = worker.take_if(|worker| worker.suite != portion.suite) {
                    count(other);
                }
                let worker = worker.get_or_insert_with(|| SuiteWorker::new(self, portion.suite));
                let result = worker.run(portion.cases.clone());
                done(portion.cases.len());
                if self.fail_fast && has_failed(&result) {
                    stopped.store(true, Ordering::Relaxed);
                }
                let mut ran = ran.lock().unwrap_or_else(PoisonError::into_inner);
                ran.insert((portion.suite, portion.cases.start), result);
            }
            worker.into_iter().for_each(count);
        });
        let coverage = counted.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.results(ran.into_inner().unwrap_or_else(PoisonError::into_inner), coverage)
    }

    fn portions(&self) -> Vec<Portion> {
        let suites = self.suites.iter().enumerate();
        let portions = suites.flat_map(|(suite, loaded)| {
            let cases = questions(loaded);
            (0..cases).step_by(PORTION).map(move |start| Portion {
                suite,
                cases: start..cases.min(start + PORTION),
            })
        });
        portions.collect()
    }

    /// Combines the results of all threads.
    fn results(&self, ran: BTreeMap<(usize, usize), PortionResult>, coverage: Coverage) -> RunResult {
        let suites = self.suites.iter().map(|loaded| SuiteResult {
            name: loaded.source.name.clone(),
            cases: Vec::with_capacity(loaded.cases.len()),
            notes: notes::of(loaded),
        });
        let mut not_run: usize = self.suites.iter().map(questions).sum();
        let mut results: Vec<SuiteResult> = suites.collect();
        let mut wrong: BTreeMap<usize, Vec<Diagnostic>> = BTreeMap::new();
        let mut cells: BTreeMap<usize, CellAnswers> = BTreeMap::new();
        for ((suite, start), ran) in ran {
            let (Some(loaded), Some(result)) = (self.suites.get(suite), results.get_mut(suite)) else {
                continue;
            };
            match ran {
                Ok(items) => {
                    not_run = not_run.saturating_sub(items.len());
                    let mut cases = loaded.cases.iter().skip(start);
                    for item in items {
                        match item {
                            ItemResult::Case(outcome) => {
                                result.cases.extend(cases.next().map(|case| CaseResult {
                                    name: case.name.clone(),
                                    place: case.place.clone(),
                                    outcome,
                                }))
                            }
                            ItemResult::Cell(answer) => {
                                let known = cells.entry(suite).or_insert_with(|| Ok(Vec::new()));
                                match (known, answer) {
                                    (Ok(known), Ok(answer)) => known.push(answer),
                                    (known @ Ok(_), Err(broken)) => *known = Err(broken),
                                    (Err(_), _) => {}
                                }
                            }
                        }
                    }
                }
                // The same documents give the same errors in each portion.
                Err(diagnostics) => {
                    wrong.entry(suite).or_insert(diagnostics);
                }
            }
        }
        for (suite, cells) in cells {
            let (Some(loaded), Some(result)) = (self.suites.get(suite), results.get_mut(suite)) else {
                continue;
            };
            // If a run was stopped, some answers are missing.
            let all = loaded.snapshot.as_ref().map(|snapshot| snapshot.cells.len());
            if cells.as_ref().map_or(true, |cells| Some(cells.len()) == all) {
                result.cases.extend(self.snapshot(loaded, cells));
            }
        }
        let mut suites = Vec::new();
        let mut broken = Vec::new();
        for (number, result) in results.into_iter().enumerate() {
            match (wrong.remove(&number), self.suites.get(number)) {
                (Some(wrong), Some(loaded)) => {
                    not_run = not_run.saturating_sub(questions(loaded));
                    broken.push(BrokenSuite {
                        name: result.name,
                        wrong,
                    });
                }
                // None of it was run before an earlier failure.
                _ if self.fail_fast && result.cases.is_empty() => {}
                _ => suites.push(result),
            }
        }
        RunResult {
            suites,
            broken,
            coverage,
            not_run,
        }
    }

    /// The snapshot of a suite, as one more case.
    fn snapshot(
        &self,
        loaded: &LoadedSuite,
        cells: Result<Vec<Option<Box<Answer>>>, EngineFailure>,
    ) -> Option<CaseResult> {
        let snapshot = loaded.snapshot.as_ref()?;
        let mut place = snapshot.place.clone();
        let outcome = match cells {
            Ok(answers) => {
                let compared = snapshot::compare(snapshot, &loaded.source.name, &answers, self.update);
                if let SnapshotResult::Differs { place: row, .. } = &compared {
                    place = row.clone();
                }
                CaseOutcome::Snapshot(compared)
            }
            Err(EngineFailure(message)) => CaseOutcome::Broken(message),
        };
        Some(CaseResult {
            name: snapshot.case(),
            place,
            outcome,
        })
    }
}

/// Whether a case failed, or none could be run. A snapshot is compared when all its cells are there.
fn has_failed(result: &PortionResult) -> bool {
    match result {
        Ok(items) => items.iter().any(ItemResult::has_failed),
        Err(_) => true,
    }
}

impl ItemResult {
    fn has_failed(&self) -> bool {
        match self {
            ItemResult::Case(outcome) => outcome.failure().is_some(),
            ItemResult::Cell(answer) => answer.is_err(),
        }
    }
}

/// The number of cases and cells.
pub fn questions(loaded: &LoadedSuite) -> usize {
    loaded.cases.len()
        + loaded
            .snapshot
            .as_ref()
            .map_or(0, |snapshot| snapshot.cells.len())
}
