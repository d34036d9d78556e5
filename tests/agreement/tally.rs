//! Counts how often each verdict occurred, and on which fields verdicts depended.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use peerwarden_engine::Verdict;
use peerwarden_engine::document::Step;
use peerwarden_engine::reference::{ClauseResult, PartTrace, RuleTrace, Trace};
use peerwarden_engine::resource::Action;

use crate::ask::Answer;
use crate::case::Layer;

/// The counts of one layer.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) allowed: usize,
    pub(crate) denied: usize,
    /// Refused before any filter, on both sides.
    pub(crate) turned_away: usize,
    /// How many verdicts each field decided.
    fields: BTreeMap<String, usize>,
}

impl Tally {
    /// Counts a question with the module's answer, and the reference evaluator's trace.
    pub(crate) fn count(&mut self, answer: &Answer, trace: &Trace) {
        match answer {
            Answer::Allowed => self.allowed += 1,
            Answer::Denied => self.denied += 1,
            Answer::TurnedAway(_) => {
                self.turned_away += 1;
                return;
            }
        }
        for field in decisive(trace) {
            *self.fields.entry(field).or_default() += 1;
        }
    }

    /// The number of questions with a verdict.
    pub(crate) fn judged(&self) -> usize {
        self.allowed + self.denied
    }

    /// Checks that the run was not vacuous: enough of both verdicts, and each field decisive often enough.
    pub(crate) fn hold(&self, layer: Layer, fields: &[String], times: usize) -> Result<()> {
        let judged = self.judged();
        let name = layer.as_str();
        for (verdict, count) in [("allowed", self.allowed), ("denied", self.denied)] {
            ensure!(
                count * 5 >= judged,
                "{name}: only {count} of {judged} were {verdict}"
            );
        }
        ensure!(
            self.turned_away * 20 <= judged,
            "{name}: {} were turned away before any filter",
            self.turned_away
        );
        for field in fields {
            let count = self.fields.get(field).copied().unwrap_or(0);
            ensure!(
                count >= times,
                "{name}: `{field}` decided {count} times only, fewer than {times}"
            );
        }
        Ok(())
    }

    /// Prints it for people.
    pub(crate) fn print(&self, layer: Layer) {
        let (name, judged) = (layer.as_str(), self.judged());
        println!(
            "{name}: {judged} judged, {} allowed, {} denied; {} turned away before any filter",
            self.allowed, self.denied, self.turned_away
        );
        let fields: Vec<String> = self
            .fields
            .iter()
            .map(|(field, count)| format!("{field} {count}"))
            .collect();
        println!("{name}: verdicts that depended on a field: {}", fields.join(", "));
    }
}

/// The fields that a verdict depended on: those that held in the rule that decided, and the field that alone kept a
/// rule from changing the verdict.
pub(crate) fn decisive(trace: &Trace) -> Vec<String> {
    let mut fields = Vec::new();
    let applying = trace
        .policies
        .iter()
        .filter(|policy| policy.not_applied.is_none() && !policy.dry_run);
    for policy in applying {
        let wanted = match policy.action {
            Action::Allow => Verdict::Allow,
            Action::Deny => Verdict::Deny,
            Action::Audit | Action::Custom => continue,
        };
        for rule in &policy.rules {
            let by = trace.outcome.by.as_ref();
            let decided = by.is_some_and(|by| {
                (&*by.namespace, &*by.name, by.rule) == (&*policy.namespace, &*policy.name, Some(rule.index))
            });
            if decided {
                let held = parts(rule)
                    .filter(|part| part.matched)
                    .flat_map(|part| &part.clauses);
                // A side without values requires nothing.
                let held =
                    held.filter(|clause| clause.result == ClauseResult::Held && !clause.values.is_empty());
                fields.extend(held.map(name));
            } else if trace.outcome.verdict != wanted {
                fields.extend(only_obstacle(rule));
            }
        }
    }
    fields
}

fn parts(rule: &RuleTrace) -> impl Iterator<Item = &PartTrace> {
    rule.sources
        .iter()
        .chain(&rule.operations)
        .chain(&rule.conditions)
}

/// The only clause that failed, in a rule without alternatives.
fn only_obstacle(rule: &RuleTrace) -> Option<String> {
    if rule.sources.len() > 1 || rule.operations.len() > 1 {
        return None;
    }
    let mut failed = parts(rule)
        .flat_map(|part| &part.clauses)
        .filter(|clause| clause.result == ClauseResult::Failed);
    let only = failed.next()?;
    failed.next().is_none().then(|| name(only))
}

/// The field as policies write it; for a condition, its key and side.
fn name(clause: &peerwarden_engine::reference::ClauseTrace) -> String {
    if clause.path.contains(&Step::Key("when".to_owned())) {
        condition(&clause.field, clause.negative)
    } else {
        clause.field.clone()
    }
}

/// How a condition is counted.
pub(crate) fn condition(key: &str, negative: bool) -> String {
    let side = if negative { "notValues" } else { "values" };
    format!("{}:{side}", key.to_ascii_lowercase())
}
