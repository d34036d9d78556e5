//! Putting the same questions to both filters of every set.

mod blame;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use crate::ask::{self, Answer, Asking};
use crate::case::{Request, Set, Visit};
use crate::generate::Case;
use crate::stage::{Company, Pair, Side, Stage};

/// So many sets are asked beside each other; more would only wait for each other.
const BESIDE: usize = 4;

/// One question and both answers.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// Which set, counted within the stage.
    pub(crate) set: usize,
    pub(crate) visit: usize,
    /// None for TCP.
    pub(crate) request: Option<usize>,
    pub(crate) native: Given,
    pub(crate) module: Given,
}

/// What one filter answered.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    pub(crate) answer: Answer,
    /// Which rule denied, as Envoy's access log has it: Istio's id, or `none`.
    pub(crate) by: Option<String>,
    /// What the access log knows the question by.
    mark: String,
}

impl Given {
    fn new(answer: Answer, mark: String) -> Self {
        Self {
            answer,
            by: None,
            mark,
        }
    }
}

/// The same verdict, and the same rule to blame.
impl PartialEq for Given {
    fn eq(&self, other: &Self) -> bool {
        self.answer == other.answer && self.by == other.by
    }
}

impl std::fmt::Display for Given {
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

    /// What was asked.
    pub(crate) fn of<'c>(&self, cases: &'c [Case]) -> (&'c Set, &'c Visit, Option<&'c Request>) {
        let case = &cases[self.set];
        let visit = &case.visits[self.visit];
        (
            &case.set,
            visit,
            self.request.map(|request| &visit.requests[request]),
        )
    }
}

/// Asks everything, some sets beside each other. The questions come in their order.
pub(crate) async fn ask_all(
    company: &Arc<Company>,
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

async fn ask_set(company: &Company, pair: Pair, set: usize, case: &Case) -> Result<Vec<Question>> {
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

/// Each request of a visit, or the connection itself, put to one listener.
async fn ask_visit(
    company: &Company,
    address: std::net::SocketAddr,
    place: usize,
    visit: &Visit,
) -> Result<Vec<Given>> {
    if visit.requests.is_empty() {
        let (answer, local) = ask::connect(company, visit, address).await?;
        return Ok(vec![Given::new(answer, local.to_string())]);
    }
    let mut asking = Asking::new(company, visit, address);
    let mut given = Vec::new();
    for (number, request) in visit.requests.iter().enumerate() {
        let mark = format!("{place}-{number}");
        given.push(Given::new(asking.ask(request, &mark).await?, mark));
    }
    Ok(given)
}
