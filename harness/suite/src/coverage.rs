//! Coverage of policies by the cases of suites: which rules matched and decided, how clauses and values turned out, and on which of
//! them a verdict depended.
//!
//! It is counted from the reference evaluator's traces, and merged over all suites by the place of a policy, as several suites may
//! test one file.

pub mod json;
pub mod lcov;
mod marks;
mod pivot;
mod points;
pub mod view;

pub use points::Points;

use std::collections::BTreeMap;

use peerwarden_documents::setup::Setup;
use peerwarden_documents::source::Place;
use peerwarden_engine::document::Path;
use peerwarden_engine::reference::{ClauseResult, ClauseTrace, PartTrace, PolicyTrace, RuleTrace, Trace};
use peerwarden_engine::resource::{self, Action};
use peerwarden_explain::diagnosis::{self, Explainer};
use peerwarden_traffic::{Protocol, Traffic};

use pivot::Tally;

/// The coverage of one suite, in the order of its documents.
#[derive(Debug, Clone)]
pub struct SuiteCoverage(Vec<Policy>);

/// The coverage of all suites: policies by file, place and name.
#[derive(Debug, Clone, Default)]
pub struct Coverage(BTreeMap<Key, Policy>);

/// Identifies a document, whichever suite read it.
type Key = (String, usize, String);

/// One policy.
#[derive(Debug, Clone)]
struct Policy {
    /// `NAMESPACE/NAME`.
    name: String,
    action: Action,
    dry_run: bool,
    /// The place of its name; `None` if unknown.
    place: Option<Place>,
    /// Whether it applies to the workload of a suite.
    applies: bool,
    rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone)]
struct Rule {
    index: usize,
    place: Option<Place>,
    /// Number of cases that it matched, that it did not match, and that it decided.
    matched: usize,
    missed: usize,
    decided: usize,
    clauses: Vec<Clause>,
}

/// One field of a source or an operation, or one half of a condition.
#[derive(Debug, Clone)]
struct Clause {
    field: String,
    negative: bool,
    /// The place of its name.
    place: Option<Place>,
    /// Number of cases in which it held, and in which it did not; if it does not apply on TCP, neither.
    held: usize,
    failed: usize,
    /// Number of cases whose verdict would differ if it had turned out differently.
    decisive: usize,
    values: Vec<Value>,
}

/// One value of a clause.
#[derive(Debug, Clone)]
struct Value {
    text: String,
    place: Option<Place>,
    /// Number of cases in which it matches the actual value, whether or not other values do.
    matched: usize,
}

impl SuiteCoverage {
    /// Creates an empty count for a set of documents.
    pub fn of(setup: &Setup, explainer: &Explainer<'_>) -> Self {
        let trace = explainer.trace(&Traffic {
            protocol: Protocol::Http,
            ..Traffic::default()
        });
        Self(
            trace
                .policies
                .iter()
                .map(|policy| Policy::of(policy, setup))
                .collect(),
        )
    }

    /// Counts one case. Its outline comes from the same documents, so that everything is at the same index.
    pub fn count(&mut self, trace: &Trace) {
        let tally = Tally::of(trace);
        for (policy, trace) in self.0.iter_mut().zip(&trace.policies) {
            if trace.not_applied.is_none() {
                policy.count(trace, &tally);
            }
        }
    }
}

impl Coverage {
    /// Adds the counts of one suite, or of a part of its cases.
    pub fn add(&mut self, counted: SuiteCoverage) {
        for policy in counted.0 {
            let (file, start) = match &policy.place {
                Some(place) => (place.source.name.clone(), place.span.start),
                None => (String::new(), 0),
            };
            let key = (file, start, policy.name.clone());
            match self.0.get_mut(&key) {
                Some(known) => known.add(&policy),
                None => {
                    self.0.insert(key, policy);
                }
            }
        }
    }

    /// The gaps: everything that no case shows, each with its place.
    pub fn gaps(&self) -> Vec<(Place, String)> {
        let mut gaps = Vec::new();
        for policy in self.0.values() {
            if !policy.applies {
                let place = policy.place.clone();
                gaps.extend(
                    place.map(|place| (place, format!("{}: applies to no suite's workload", policy.name))),
                );
                continue;
            }
            for rule in &policy.rules {
                let marks = marks::of(rule).into_iter();
                gaps.extend(marks.filter_map(|mark| {
                    let note = mark.note?;
                    Some((
                        mark.place,
                        format!("{}[{}]: {note}: `{}`", policy.name, rule.index, mark.label),
                    ))
                }));
            }
        }
        gaps
    }

    /// The policies by file, in the order of the text; those without a known place under an empty name.
    fn files(&self) -> BTreeMap<&str, Vec<&Policy>> {
        let mut files: BTreeMap<&str, Vec<&Policy>> = BTreeMap::new();
        for ((file, _, _), policy) in &self.0 {
            files.entry(file).or_default().push(policy);
        }
        files
    }
}

impl Policy {
    fn of(trace: &PolicyTrace, setup: &Setup) -> Self {
        let place = |path: &Path| diagnosis::place(setup, &trace.place, path);
        Self {
            name: format!("{}/{}", trace.namespace, trace.name),
            action: trace.action,
            dry_run: trace.dry_run,
            place: place(&Path::keys(["metadata", "name"])),
            applies: trace.not_applied.is_none(),
            rules: trace.rules.iter().map(|rule| Rule::of(rule, &place)).collect(),
        }
    }

    fn count(&mut self, trace: &PolicyTrace, tally: &Tally<'_>) {
        for (rule, seen) in self.rules.iter_mut().zip(&trace.rules) {
            rule.matched += usize::from(seen.matched);
            rule.missed += usize::from(!seen.matched);
            rule.decided += usize::from(tally.decided(trace, seen));
            let turns = tally.turns(trace, seen);
            let parts =
                parts(seen).flat_map(|(group, part)| clauses(part).map(move |clause| (group, part, clause)));
            for (clause, (group, part, trace)) in rule.clauses.iter_mut().zip(parts) {
                clause.count(trace);
                clause.decisive += usize::from(turns && pivot::turns_rule(seen, group, part, trace));
            }
        }
    }

    fn add(&mut self, other: &Policy) {
        self.applies |= other.applies;
        for (rule, other) in self.rules.iter_mut().zip(&other.rules) {
            rule.matched += other.matched;
            rule.missed += other.missed;
            rule.decided += other.decided;
            for (clause, other) in rule.clauses.iter_mut().zip(&other.clauses) {
                clause.held += other.held;
                clause.failed += other.failed;
                clause.decisive += other.decisive;
                for (value, other) in clause.values.iter_mut().zip(&other.values) {
                    value.matched += other.matched;
                }
            }
        }
    }
}

impl Rule {
    fn of(trace: &RuleTrace, place: &impl Fn(&Path) -> Option<Place>) -> Self {
        let clauses = parts(trace).flat_map(|(_, part)| clauses(part));
        Self {
            index: trace.index,
            place: place(&resource::Rule::path(trace.index)),
            matched: 0,
            missed: 0,
            decided: 0,
            clauses: clauses.map(|clause| Clause::of(clause, place)).collect(),
        }
    }
}

impl Clause {
    fn of(trace: &ClauseTrace, place: &impl Fn(&Path) -> Option<Place>) -> Self {
        let values = trace.values.iter().enumerate();
        Self {
            field: trace.field.clone(),
            negative: trace.negative,
            place: place(&trace.path),
            held: 0,
            failed: 0,
            decisive: 0,
            values: values
                .map(|(index, value)| Value {
                    text: value.clone(),
                    place: place(&trace.path.clone().index(index)),
                    matched: 0,
                })
                .collect(),
        }
    }

    fn count(&mut self, trace: &ClauseTrace) {
        match trace.result {
            ClauseResult::Held => self.held += 1,
            ClauseResult::Failed => self.failed += 1,
            // Neither: the value is unknown.
            ClauseResult::Unavailable | ClauseResult::HttpOnly => {}
        }
        for (value, matched) in self.values.iter_mut().zip(&trace.matched) {
            value.matched += usize::from(*matched);
        }
    }
}

/// The relation between the parts of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    /// Alternatives.
    Sources,
    /// Alternatives.
    Operations,
    /// All must hold.
    Conditions,
}

fn parts(rule: &RuleTrace) -> impl Iterator<Item = (Group, &PartTrace)> {
    let of = |group, parts| std::iter::repeat(group).zip::<&Vec<PartTrace>>(parts);
    of(Group::Sources, &rule.sources)
        .chain(of(Group::Operations, &rule.operations))
        .chain(of(Group::Conditions, &rule.conditions))
}

/// The clauses with values.
fn clauses(part: &PartTrace) -> impl Iterator<Item = &ClauseTrace> {
    part.clauses.iter().filter(|clause| !clause.matched.is_empty())
}
