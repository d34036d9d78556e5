//! Sends the same questions to both filters of every set.

mod blame;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use crate::ask::{self, Answer, HttpCaller};
use crate::case::{PolicySet, Request, Visit};
use crate::generate::Case;
use crate::stage::{Pair, Participants, Side, Stage};

/// How many sets are asked at the same time; more would only wait for each other.
const BESIDE: usize = 4;

/// One question and both answers.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// The index of the set within the stage.
    pub(crate) set: usize,
    pub(crate) visit: usize,
    /// `None` for TCP.
    pub(crate) request: Option<usize>,
    pub(crate) native: FilterAnswer,
    pub(crate) module: FilterAnswer,
}

/// The answer of one filter.
#[derive(Debug, Clone)]
pub(crate) struct FilterAnswer {
    pub(crate) answer: Answer,
    /// The rule that denied, in Envoy's access log: Istio's id, or `none`.
    pub(crate) by: Option<String>,
    /// The question's identifier in the access log.
    mark: String,
}

impl FilterAnswer {
    fn new(answer: Answer, mark: String) -> Self {
        Self {
            answer,
            by: None,
            mark,
        }
    }
}

/// The same verdict by the same rule.
impl PartialEq for FilterAnswer {
    fn eq(&self, other: &Self) -> bool {
        self.answer == other.answer && self.by == other.by
    }
}

impl std::fmt::Display for FilterAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.by {
            Some(by) => write!(f, "{} by {by}", self.answer),
            None => write!(f, "{}", self.answer),
        }
    }
}

impl Question {
    pub(crate) fn agreed(&self) -> bool {
        self.native == self.module
    }

    /// The question.
    pub(crate) fn of<'c>(&self, cases: &'c [Case]) -> (&'c PolicySet, &'c Visit, Option<&'c Request>) {
        let case = &cases[self.set];
        let visit = &case.visits[self.visit];
        (
            &case.set,
            visit,
            self.request.map(|request| &visit.requests[request]),
        )
    }
}

/// Asks everything, some sets at the same time. The questions are returned in order.
pub(crate) async fn ask_all(
    company: &Arc<Participants>,
    stage: &Stage,
    cases: &Arc<Vec<Case>>,
) -> Result<Vec<Question>> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..BESIDE {
        let (company, cases, next) = (Arc::clone(company), Arc::clone(cases), Arc::clone(&next));
        let pairs = stage.pairs.clone();
        tasks.spawn(async move {
            let mut questions = Vec::new();
            loop {
                let set = next.fetch_add(1, Ordering::Relaxed);
                let Some(case) = cases.get(set) else { break };
                questions.extend(ask_set(&company, pairs[set], set, case).await?);
            }
            anyhow::Ok(questions)
        });
    }
    let mut questions = Vec::new();
    while let Some(done) = tasks.join_next().await {
        questions.extend(done??);
    }
    questions.sort_by_key(|question| (question.set, question.visit, question.request));
    blame::attach(&stage.envoy, &mut questions).await?;
    Ok(questions)
}

async fn ask_set(company: &Participants, pair: Pair, set: usize, case: &Case) -> Result<Vec<Question>> {
    let mut questions = Vec::new();
    for (place, visit) in case.visits.iter().enumerate() {
        let what = || format!("set {set}: {visit:?}\n{}", case.set.configuration());
        let native = ask_visit(company, pair.of(Side::Native), place, visit)
            .await
            .with_context(what)?;
        let module = ask_visit(company, pair.of(Side::Module), place, visit)
            .await
            .with_context(what)?;
        for (request, (native, module)) in native.into_iter().zip(module).enumerate() {
            questions.push(Question {
                set,
                visit: place,
                request: (!visit.requests.is_empty()).then_some(request),
                native,
                module,
            });
        }
    }
    Ok(questions)
}

/// Sends each request of a visit, or the connection itself, to one listener.
async fn ask_visit(
    company: &Participants,
    address: std::net::SocketAddr,
    place: usize,
    visit: &Visit,
) -> Result<Vec<FilterAnswer>> {
    if visit.requests.is_empty() {
        let (answer, local) = ask::connect(company, visit, address).await?;
        return Ok(vec![FilterAnswer::new(answer, local.to_string())]);
    }
    let mut asking = HttpCaller::new(company, visit, address);
    let mut given = Vec::new();
    for (number, request) in visit.requests.iter().enumerate() {
        let mark = format!("{place}-{number}");
        given.push(FilterAnswer::new(asking.ask(request, &mark).await?, mark));
    }
    Ok(given)
}
