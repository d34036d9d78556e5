//! Runs one suite on one thread; each of its engines is created when a case needs it.

use std::cell::OnceCell;
use std::ops::Range;

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_explain::diagnosis::Explainer;
use peerwarden_traffic::{Answer, ConfigurationError, Engine, EngineFailure};
use peerwarden_traffic::{Protocol, TokenResult, Traffic};

use super::{ItemResult, PortionResult, Run, judge};
use crate::coverage::SuiteCoverage;
use crate::report::CaseOutcome;
use crate::{Case, Cell, LoadedSuite};

/// A case or a cell of the snapshot.
enum SuiteItem<'r> {
    Case(&'r Case),
    Cell(&'r Cell),
}

pub(super) struct SuiteWorker<'r> {
    /// The index of the suite.
    pub(super) suite: usize,
    run: &'r Run<'r>,
    loaded: Option<&'r LoadedSuite>,
    http: Option<Box<dyn Engine>>,
    tcp: Option<Box<dyn Engine>>,
    why_http: OnceCell<Option<Explainer<'r>>>,
    why_tcp: OnceCell<Option<Explainer<'r>>>,
    counted: Option<SuiteCoverage>,
}

impl<'r> SuiteWorker<'r> {
    pub(super) fn new(run: &'r Run<'r>, suite: usize) -> Self {
        Self {
            suite,
            run,
            loaded: run.suites.get(suite),
            http: None,
            tcp: None,
            why_http: OnceCell::new(),
            why_tcp: OnceCell::new(),
            counted: None,
        }
    }

    /// Runs some of its cases and cells.
    pub(super) fn run(&mut self, questions: Range<usize>) -> PortionResult {
        let Some(loaded) = self.loaded else {
            return Ok(Vec::new());
        };
        // Invalid documents are reported where every case is skipped too. Both protocols refuse the same ones.
        let first = loaded
            .cases
            .first()
            .map_or(Protocol::Http, |case| case.traffic.protocol);
        self.engine(first)?;
        let cells = loaded.snapshot.iter().flat_map(|snapshot| &snapshot.cells);
        let items = loaded
            .cases
            .iter()
            .map(SuiteItem::Case)
            .chain(cells.map(SuiteItem::Cell));
        let mut results = Vec::with_capacity(questions.len());
        for item in items.skip(questions.start).take(questions.len()) {
            let result = self.item(item)?;
            let stops = self.run.fail_fast && result.has_failed();
            results.push(result);
            if stops {
                break;
            }
        }
        Ok(results)
    }

    fn item(&mut self, item: SuiteItem<'_>) -> Result<ItemResult, Vec<Diagnostic>> {
        match item {
            SuiteItem::Case(case) => self.case(case).map(ItemResult::Case),
            SuiteItem::Cell(cell) => match &cell.traffic {
                Ok(traffic) => {
                    let answer = self.decide(traffic)?;
                    Ok(ItemResult::Cell(answer.map(Box::new).map(Some)))
                }
                Err(_) => Ok(ItemResult::Cell(Ok(None))),
            },
        }
    }

    fn case(&mut self, case: &Case) -> Result<CaseOutcome, Vec<Diagnostic>> {
        if let Some(reason) = &case.skip {
            return Ok(CaseOutcome::Skipped(reason.clone()));
        }
        let answered = self.decide(&case.traffic)?;
        let why = || {
            let asks = self.run.explains_one_more();
            asks.then(|| self.explainer(case.traffic.protocol)).flatten()
        };
        Ok(judge::judge(case, answered, why))
    }

    fn decide(&mut self, traffic: &Traffic) -> Result<Result<Answer, EngineFailure>, Vec<Diagnostic>> {
        let answered = self.engine(traffic.protocol)?.decide(traffic);
        if self.run.coverage {
            self.count(traffic);
        }
        Ok(answered)
    }

    /// The coverage of its cases, if it is counted.
    pub(super) fn counted(self) -> Option<SuiteCoverage> {
        self.counted
    }

    fn count(&mut self, traffic: &Traffic) {
        let Some((explainer, loaded)) = self.explainer(traffic.protocol).zip(self.loaded) else {
            return;
        };
        // No policy is evaluated for a request that the filter ahead answers.
        if matches!(explainer.tokens(traffic), Some(TokenResult::Refused(_))) {
            return;
        }
        let trace = explainer.outline(traffic);
        if self.counted.is_none() {
            self.counted = Some(SuiteCoverage::of(&loaded.setup, explainer));
        }
        if let Some(counted) = &mut self.counted {
            counted.count(&trace);
        }
    }

    fn engine(&mut self, protocol: Protocol) -> Result<&mut dyn Engine, Vec<Diagnostic>> {
        let engine = match protocol {
            Protocol::Http => &mut self.http,
            Protocol::Tcp => &mut self.tcp,
        };
        match (engine, self.loaded) {
            (Some(engine), _) => Ok(engine.as_mut()),
            (none, Some(loaded)) => Ok(none.insert(make(self.run, loaded, protocol)?).as_mut()),
            (None, None) => Err(Vec::new()),
        }
    }

    /// Explains failures with the reference evaluator.
    fn explainer(&self, protocol: Protocol) -> Option<&Explainer<'r>> {
        let explainer = match protocol {
            Protocol::Http => &self.why_http,
            Protocol::Tcp => &self.why_tcp,
        };
        let explainer = explainer.get_or_init(|| Explainer::of(&self.loaded?.setup, protocol));
        explainer.as_ref()
    }
}

fn make(run: &Run<'_>, loaded: &LoadedSuite, protocol: Protocol) -> Result<Box<dyn Engine>, Vec<Diagnostic>> {
    run.engines
        .configure(&loaded.setup, protocol.into())
        .map_err(|refused| match refused {
            ConfigurationError::Problems(problems) => loaded.setup.diagnostics(&problems),
            ConfigurationError::Module(message) => {
                vec![Diagnostic::error(format!("{}: {message}", loaded.source.name))]
            }
        })
}
