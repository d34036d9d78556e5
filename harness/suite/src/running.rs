//! Runs suites: their cases in portions, on all cores, each thread with engines of its own.

mod judge;
pub mod progress;
mod promises;
mod ready;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_traffic::{Answer, Broken, Engines};

use crate::coverage::{Counted, Coverage};
use crate::load::Loaded;
use crate::report::{CaseResult, Outcome, SuiteResult};
use crate::snapshot::{self, Snapshotted, Update};
use progress::Progress;
use ready::Ready;

/// Cases that a thread takes at once: so many that making engines for them is the smaller part of it.
const PORTION: usize = 250;

/// Failures of which it is found out why: nobody reads more of them, and the reference evaluator is slow.
const FOUND_OUT: usize = 1_000;

/// What to run, and by what.
pub struct Run<'r> {
    /// The suites.
    pub suites: &'r [Loaded],
    /// What decides.
    pub engines: &'r dyn Engines,
    /// Whether to count what the cases show of the policies.
    pub coverage: bool,
    /// When snapshots are written.
    pub update: Update,
    /// Where progress is shown.
    pub progress: &'r Progress,
    /// Failures of which it was found out why.
    pub found_out: AtomicUsize,
}

/// Some cases of one suite, and behind the last of them the cells of its snapshot.
#[derive(Debug, Clone)]
struct Portion {
    suite: usize,
    cases: Range<usize>,
}

/// What came of a portion.
type Ran = Result<Vec<Came>, Vec<Diagnostic>>;

/// What the cells of one snapshot came to, each in its place.
type Cells = Result<Vec<Option<Box<Answer>>>, Broken>;

/// What came of one question.
enum Came {
    Case(Outcome),
    /// A cell of a snapshot; `None` for one that nobody can ask.
    Cell(Result<Option<Box<Answer>>, Broken>),
}

impl Run<'_> {
    /// Whether it is to be found out why one more case failed.
    fn asks_why(&self) -> bool {
        self.found_out.fetch_add(1, Ordering::Relaxed) < FOUND_OUT
    }

    /// Runs all suites; the results come in their order, with what they show of the policies if that is counted.
    ///
    /// # Errors
    /// What is wrong with the documents of a suite, or the engines that do not take them alike.
    pub fn all(&self) -> Result<(Vec<SuiteResult>, Coverage), Vec<Diagnostic>> {
        let portions = self.portions();
        let next = AtomicUsize::new(0);
        let ran: Mutex<BTreeMap<(usize, usize), Ran>> = Mutex::new(BTreeMap::new());
        let counted: Mutex<Coverage> = Mutex::default();
        let count = |ready: Ready<'_>| {
            let of_suite = ready.counted();
            let mut counted = counted.lock().unwrap_or_else(PoisonError::into_inner);
            of_suite
                .into_iter()
                .for_each(|of_suite: Counted| counted.add(of_suite));
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..cores.min(portions.len()) {
                scope.spawn(|| {
                    let mut ready: Option<Ready<'_>> = None;
                    while let Some(portion) = portions.get(next.fetch_add(1, Ordering::Relaxed)) {
                        // The portions of a suite stand together: engines serve until another one's turn.
                        if let Some(other) = ready.take_if(|ready| ready.suite != portion.suite) {
                            count(other);
                        }
                        let ready = ready.get_or_insert_with(|| Ready::new(self, portion.suite));
                        let result = ready.run(portion.cases.clone());
                        self.progress.add(portion.cases.len());
                        let mut ran = ran.lock().unwrap_or_else(PoisonError::into_inner);
                        ran.insert((portion.suite, portion.cases.start), result);
                    }
                    ready.into_iter().for_each(count);
                });
            }
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

    /// Puts together what the threads came to.
    fn results(&self, ran: BTreeMap<(usize, usize), Ran>) -> Result<Vec<SuiteResult>, Vec<Diagnostic>> {
        let suites = self.suites.iter().map(|loaded| SuiteResult {
            name: loaded.source.name.clone(),
            cases: Vec::with_capacity(loaded.cases.len()),
            notes: promises::notes(loaded),
        });
        let mut results: Vec<SuiteResult> = suites.collect();
        let mut wrong: BTreeMap<usize, Vec<Diagnostic>> = BTreeMap::new();
        let mut cells: BTreeMap<usize, Cells> = BTreeMap::new();
        for ((suite, start), ran) in ran {
            let (Some(loaded), Some(result)) = (self.suites.get(suite), results.get_mut(suite)) else {
                continue;
            };
            match ran {
                Ok(came) => {
                    let mut cases = loaded.cases.iter().skip(start);
                    for came in came {
                        match came {
                            Came::Case(outcome) => result.cases.extend(cases.next().map(|case| CaseResult {
                                name: case.name.clone(),
                                place: case.place.clone(),
                                outcome,
                            })),
                            Came::Cell(answer) => {
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

    /// The snapshot of a suite, as one more case of it.
    fn snapshot(
        &self,
        loaded: &Loaded,
        cells: Result<Vec<Option<Box<Answer>>>, Broken>,
    ) -> Option<CaseResult> {
        let snapshot = loaded.snapshot.as_ref()?;
        let mut place = snapshot.place.clone();
        let outcome = match cells {
            Ok(answers) => {
                let came = snapshot::compare(snapshot, &loaded.source.name, &answers, self.update);
                if let Snapshotted::Differs { place: row, .. } = &came {
                    place = row.clone();
                }
                Outcome::Snapshot(came)
            }
            Err(Broken(message)) => Outcome::Broken(message),
        };
        Some(CaseResult {
            name: snapshot.case(),
            place,
            outcome,
        })
    }
}

/// How much there is to ask.
pub fn questions(loaded: &Loaded) -> usize {
    loaded.cases.len()
        + loaded
            .snapshot
            .as_ref()
            .map_or(0, |snapshot| snapshot.cells.len())
}
