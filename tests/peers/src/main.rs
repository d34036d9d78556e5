//! Compares the engine with the `cedar-policy` crate and `regorus`: the same rules and the same questions, in one run.
//!
//! Before anything is timed, all of them must give the same verdicts. Each then answers all questions in turn, round
//! after round, and the medians are compared. With `PEERWARDEN_BLESS=1` the output is also written into
//! `docs/benchmarks.md`.

mod cedar;
mod page;
mod peerwarden;
mod rego;
mod rules;
mod table;
mod timing;

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use crate::rules::{Question, RuleSet};
use crate::table::Row;

/// The numbers of policies.
const COUNTS: [usize; 4] = [1, 100, 1_000, 10_000];

/// An engine with one set of rules. It gets the questions in its own form in advance: converting them is not timed.
trait Engine {
    fn name(&self) -> &'static str;

    /// The verdict on the question with this number.
    fn allows(&mut self, question: usize) -> Result<bool>;
}

/// Exits with 1 if a target is missed.
fn main() -> Result<ExitCode> {
    let mut rows = Vec::new();
    for count in COUNTS {
        eprintln!("measuring {count} policies");
        rows.push(measure(count).with_context(|| format!("{count} policies"))?);
    }
    let text = format!("{}\n{}\n", table::markdown(&rows)?, page::versions()?);
    println!("{text}");
    if std::env::var_os("PEERWARDEN_BLESS").is_some() {
        page::write(&text)?;
    }
    Ok(if text.contains("| not met |") {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn measure(count: usize) -> Result<Row> {
    let rules = RuleSet::new(count);
    let questions = rules.questions();
    let mut engines: Vec<Box<dyn Engine>> = vec![
        Box::new(peerwarden::PeerwardenEngine::new(&rules, &questions)?),
        Box::new(cedar::Cedar::new(&rules, &questions)?),
        Box::new(rego::Rego::rules(&rules, &questions)?),
        Box::new(rego::Rego::data(&rules, &questions)?),
    ];
    agree(&mut engines, &questions)?;
    let nanos = timing::rounds(&mut engines, questions.len())?;
    let names = engines.iter().map(|engine| engine.name());
    Ok(Row {
        policies: count,
        engines: names.zip(nanos).collect(),
    })
}

/// Compares every engine's verdicts with the expected ones.
fn agree(engines: &mut [Box<dyn Engine>], questions: &[Question]) -> Result<()> {
    for (number, question) in questions.iter().enumerate() {
        for engine in &mut *engines {
            let allowed = engine.allows(number)?;
            ensure!(
                allowed == question.allowed,
                "{} says allowed: {allowed} of {question:?}",
                engine.name()
            );
        }
    }
    let allowed = questions.iter().filter(|question| question.allowed).count();
    ensure!(
        0 < allowed && allowed < questions.len(),
        "all questions have one answer"
    );
    Ok(())
}
