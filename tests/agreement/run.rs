//! A whole run: rounds of sets, each round on a separate Envoy.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Result, bail, ensure};
use peerwarden_engine::Verdict;

use crate::ask::Answer;
use crate::case::Layer;
use crate::compare::{self, Question};
use crate::differences::{self, DisagreementSummary, SingleQuestion};
use crate::generate::{self, Case};
use crate::report;
use crate::settings::Settings;
use crate::shrink;
use crate::stage::{Participants, Side, Stage};
use crate::tally::Tally;

/// The number of sets on one Envoy: each has two listeners, and two configurations of the module.
const ROUND: usize = 90;

/// The results of a run.
#[derive(Debug, Default)]
pub(crate) struct RunSummary {
    pub(crate) http: Tally,
    pub(crate) tcp: Tally,
    /// Deliberate disagreements, by difference.
    pub(crate) deliberate: BTreeMap<&'static str, usize>,
}

/// Asks all questions of the settings. Fails at the first round with an unexplained disagreement, and shows it.
pub(crate) async fn run(settings: Settings) -> Result<RunSummary> {
    let company = Arc::new(Participants::gather().await?);
    let mut outcome = RunSummary::default();
    let start = std::time::Instant::now();
    for first in (0..settings.sets).step_by(ROUND) {
        let numbers = first..settings.sets.min(first + ROUND);
        let cases: Arc<Vec<Case>> = Arc::new(
            numbers
                .map(|number| generate::case(settings.seed, number))
                .collect(),
        );
        let stage = Stage::open(&company, cases.iter().map(|case| &case.set)).await?;
        let questions = compare::ask_all(&company, &stage, &cases).await?;
        let (disagreements, agreed): (Vec<_>, Vec<_>) =
            questions.into_iter().partition(|question| !question.agreed());
        for question in &agreed {
            outcome.count(question, &cases, &stage)?;
        }
        drop(stage);
        let sorted = differences::sort(&company, &cases, disagreements).await?;
        outcome.settle(sorted, &company, &cases).await?;
        println!(
            "{} of {} sets, {:.1?}",
            settings.sets.min(first + ROUND),
            settings.sets,
            start.elapsed()
        );
    }
    Ok(outcome)
}

impl RunSummary {
    /// Counts an answer. The reference evaluator must reach the same verdict from Envoy's input: only then do its
    /// traces show what verdicts depended on.
    fn count(&mut self, question: &Question, cases: &[Case], stage: &Stage) -> Result<()> {
        let (set, visit, request) = question.of(cases);
        let listener = stage.pairs[question.set].of(Side::Module);
        let trace = set.trace(visit, request, listener)?;
        let answer = &question.module.answer;
        let expected = match trace.outcome.verdict {
            Verdict::Allow => Answer::Allowed,
            Verdict::Deny => Answer::Denied,
        };
        ensure!(
            matches!(answer, Answer::TurnedAway(_)) || *answer == expected,
            "both filters say {answer}, the reference evaluator says {expected}\n{}",
            report::question(&SingleQuestion::of(question, cases), listener)?
        );
        match set.layer {
            Layer::Http => self.http.count(answer, &trace),
            Layer::Tcp => self.tcp.count(answer, &trace),
        }
        Ok(())
    }

    /// Counts the deliberate disagreements; shrinks and shows the first unexplained one, and fails.
    async fn settle(
        &mut self,
        sorted: DisagreementSummary,
        company: &Arc<Participants>,
        cases: &[Case],
    ) -> Result<()> {
        for (name, count) in sorted.deliberate {
            *self.deliberate.entry(name).or_default() += count;
        }
        let Some(first) = sorted.unexplained.first() else {
            return Ok(());
        };
        let asked = SingleQuestion::of(first, cases);
        let small = shrink::shrink(company, asked.clone()).await?;
        let listener = "127.0.0.1:1".parse()?;
        bail!(
            "{} disagreements that are no deliberate difference; the first: Envoy's own filter says {}, the module says {}\n{}\n\
             made as small as it gets:\n{}",
            sorted.unexplained.len(),
            first.native,
            first.module,
            report::question(&asked, listener)?,
            report::question(&small, listener)?
        );
    }

    /// Prints it for people.
    pub(crate) fn print(&self) {
        for (layer, tally) in [(Layer::Http, &self.http), (Layer::Tcp, &self.tcp)] {
            tally.print(layer);
        }
        let judged = self.http.judged() + self.tcp.judged();
        println!(
            "{judged} pairs of policies and traffic judged alike by Envoy's own filter and by the module"
        );
        for (name, count) in &self.deliberate {
            println!("{count} more judged differently, as meant: {name}");
        }
    }
}
