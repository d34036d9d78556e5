//! One suite in the hands of one thread: its engines, each made when a case needs it.

use std::cell::OnceCell;
use std::ops::Range;

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_explain::why::Asked;
use peerwarden_traffic::{Answer, Broken, Engine, Refused};
use peerwarden_traffic::{Protocol, Traffic};

use super::{Came, Ran, Run, judge};
use crate::coverage::Counted;
use crate::report::Outcome;
use crate::{Case, Cell, Loaded};

/// What is asked.
enum Question<'r> {
    Case(&'r Case),
    Cell(&'r Cell),
}

pub(super) struct Ready<'r> {
    /// Which of the suites.
    pub(super) suite: usize,
    run: &'r Run<'r>,
    loaded: Option<&'r Loaded>,
    http: Option<Box<dyn Engine>>,
    tcp: Option<Box<dyn Engine>>,
    why_http: OnceCell<Option<Asked<'r>>>,
    why_tcp: OnceCell<Option<Asked<'r>>>,
    counted: Option<Counted>,
}

impl<'r> Ready<'r> {
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

    /// Runs some of its cases, and of the cells behind them.
    pub(super) fn run(&mut self, questions: Range<usize>) -> Ran {
        let Some(loaded) = self.loaded else {
            return Ok(Vec::new());
        };
        // That documents are wrong is told where every case is skipped too. Both protocols refuse the same ones.
        let first = loaded
            .cases
            .first()
            .map_or(Protocol::Http, |case| case.traffic.protocol);
        self.engine(first)?;
        let cells = loaded.snapshot.iter().flat_map(|snapshot| &snapshot.cells);
        let asked = loaded
            .cases
            .iter()
            .map(Question::Case)
            .chain(cells.map(Question::Cell));
        let asked = asked.skip(questions.start).take(questions.len());
        asked
            .map(|question| match question {
                Question::Case(case) => self.case(case).map(Came::Case),
                Question::Cell(cell) => match &cell.traffic {
                    Ok(traffic) => {
                        let answer = self.decide(traffic)?;
                        Ok(Came::Cell(answer.map(Box::new).map(Some)))
                    }
                    Err(_) => Ok(Came::Cell(Ok(None))),
                },
            })
            .collect()
    }

    fn case(&mut self, case: &Case) -> Result<Outcome, Vec<Diagnostic>> {
        if let Some(reason) = &case.skip {
            return Ok(Outcome::Skipped(reason.clone()));
        }
        let answered = self.decide(&case.traffic)?;
        let why = || {
            let asks = self.run.asks_why();
            asks.then(|| self.asked(case.traffic.protocol)).flatten()
        };
        Ok(judge::judge(case, answered, why))
    }

    fn decide(&mut self, traffic: &Traffic) -> Result<Result<Answer, Broken>, Vec<Diagnostic>> {
        let answered = self.engine(traffic.protocol)?.decide(traffic);
        if self.run.coverage {
            self.count(traffic);
        }
        Ok(answered)
    }

    /// What its cases showed of the policies, if that is counted.
    pub(super) fn counted(self) -> Option<Counted> {
        self.counted
    }

    fn count(&mut self, traffic: &Traffic) {
        let Some((asked, loaded)) = self.asked(traffic.protocol).zip(self.loaded) else {
            return;
        };
        let trace = asked.outline(traffic);
        if self.counted.is_none() {
            self.counted = Some(Counted::of(&loaded.setup, asked));
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

    /// The reference evaluator, for what failed.
    fn asked(&self, protocol: Protocol) -> Option<&Asked<'r>> {
        let asked = match protocol {
            Protocol::Http => &self.why_http,
            Protocol::Tcp => &self.why_tcp,
        };
        let asked = asked.get_or_init(|| Asked::of(&self.loaded?.setup, protocol));
        asked.as_ref()
    }
}

fn make(run: &Run<'_>, loaded: &Loaded, protocol: Protocol) -> Result<Box<dyn Engine>, Vec<Diagnostic>> {
    let configuration = loaded.setup.to_json(protocol.into());
    run.engines
        .configure(&configuration)
        .map_err(|refused| match refused {
            Refused::Problems(problems) => loaded.setup.diagnostics(&problems),
            Refused::Module(message) => vec![Diagnostic::error(format!("{}: {message}", loaded.source.name))],
        })
}
