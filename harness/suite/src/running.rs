//! Runs suites: their cases in portions, on several threads, each with engines of its own.

mod judge;
mod promises;
mod worker;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_traffic::{Answer, EngineFailure, Engines};

use crate::coverage::{Coverage, SuiteCoverage};
use crate::load::LoadedSuite;
use crate::report::{CaseOutcome, CaseResult, SuiteResult};
use crate::snapshot::{self, SnapshotResult, Update};
use worker::SuiteWorker;

/// How many cases a thread takes at once: enough that creating engines for them is a small part of the work.
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

    /// Runs all suites. The results are in the order of the suites, with coverage if it is counted.
    ///
    /// `threads` does what it is given on as many threads as it likes, all of it on each, and waits for them. `done` is told how many
    /// more cases were run.
    ///
    /// # Errors
    /// What is wrong with the documents of a suite, or the engines that do not take them alike.
    pub fn all(
        &self,
        threads: impl Fn(&(dyn Fn() + Sync)),
        done: impl Fn(usize) + Sync,
    ) -> Result<(Vec<SuiteResult>, Coverage), Vec<Diagnostic>> {
        let portions = self.portions();
        let next = AtomicUsize::new(0);
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
                // The portions of a suite stand together: engines serve until another one's turn.
                if let Some(other) = worker.take_if(|worker| worker.suite != portion.suite) {
                    count(other);
                }
                let worker = worker.get_or_insert_with(|| SuiteWorker::new(self, portion.suite));
                let result = worker.run(portion.cases.clone());
                done(portion.cases.len());
                let mut ran = ran.lock().unwrap_or_else(PoisonError::into_inner);
                ran.insert((portion.suite, portion.cases.start), result);
            }
            worker.into_iter().for_each(count);
        });
        let results = self.results(ran.into_inner().unwrap_or_else(PoisonError::into_inner))?;
        Ok((
            results,
            counted.into_inner().unwrap_or_else(PoisonError::into_inner),
        ))
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
    fn results(
        &self,
        ran: BTreeMap<(usize, usize), PortionResult>,
    ) -> Result<Vec<SuiteResult>, Vec<Diagnostic>> {
        let suites = self.suites.iter().map(|loaded| SuiteResult {
            name: loaded.source.name.clone(),
            cases: Vec::with_capacity(loaded.cases.len()),
            notes: promises::notes(loaded),
        });
        let mut results: Vec<SuiteResult> = suites.collect();
        let mut wrong: BTreeMap<usize, Vec<Diagnostic>> = BTreeMap::new();
        let mut cells: BTreeMap<usize, CellAnswers> = BTreeMap::new();
        for ((suite, start), ran) in ran {
            let (Some(loaded), Some(result)) = (self.suites.get(suite), results.get_mut(suite)) else {
                continue;
            };
            match ran {
                Ok(items) => {
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
                // Each portion is told the same of the same documents.
                Err(diagnostics) => {
                    wrong.entry(suite).or_insert(diagnostics);
                }
            }
        }
        if wrong.is_empty() {
            for (suite, cells) in cells {
                if let (Some(loaded), Some(result)) = (self.suites.get(suite), results.get_mut(suite)) {
                    result.cases.extend(self.snapshot(loaded, cells));
                }
            }
            Ok(results)
        } else {
            Err(wrong.into_values().flatten().collect())
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

/// The number of cases and cells.
pub fn questions(loaded: &LoadedSuite) -> usize {
    loaded.cases.len()
        + loaded
            .snapshot
            .as_ref()
            .map_or(0, |snapshot| snapshot.cells.len())
}
