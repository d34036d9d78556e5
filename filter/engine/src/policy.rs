//! The meaning of the documents: values are parsed, names resolved, and rules have one shape whatever field they came
//! from.
//!
//! This is the validated form. It does not depend on evaluation order or indexes (see `program`), nor on YAML or JSON
//! (see `resource`). A rule is `(S1 ∨ S2 …) ∧ (O1 ∨ O2 …) ∧ C1 ∧ C2 …`.

mod admission;
mod clause;
mod custom;
mod shared;
mod trust_domain;
mod values;
mod when_key;

pub(crate) use admission::validate;
pub(crate) use clause::Operand;
pub use clause::{ClaimPath, Clause, Set};
pub(crate) use shared::Shared;
pub use when_key::plain_keys;

use std::sync::Arc;

use crate::config::Protocol;
use crate::few::Few;
use crate::resource::Action;

/// The annotation that makes a policy a dry run.
pub(crate) const DRY_RUN: &str = "istio.io/dry-run";

/// As Go's `strconv.ParseBool` reads it.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// A policy that passed validation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Policy {
    pub(crate) namespace: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) action: Action,
    /// Evaluated for the shadow decision only.
    pub(crate) dry_run: bool,
    /// The provider that a CUSTOM policy names.
    pub(crate) provider: Option<String>,
    /// ORed, each with its number in the document.
    pub(crate) rules: Few<(usize, Arc<Rule>)>,
}

impl Policy {
    /// The part of it that applies on a protocol. An ALLOW policy of which no rule is left still counts.
    pub(crate) fn on(mut self, protocol: Protocol) -> Self {
        let action = self.action;
        match protocol {
            Protocol::Http => {}
            Protocol::Tcp => {
                let rules = self.rules.iter();
                let left = rules.filter_map(|(index, rule)| Some((*index, rule.on_tcp(action)?)));
                self.rules = left.collect();
            }
        }
        self
    }
}

/// One rule, in each list of clauses the cheapest attribute first: sources, operations and conditions must all hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rule {
    /// ORed; none at all holds for everything. Within one source the clauses are ANDed.
    pub sources: Few<Vec<Clause>>,
    /// ORed; none at all holds for everything. Within one operation the clauses are ANDed.
    pub operations: Few<Vec<Clause>>,
    /// ANDed.
    pub conditions: Vec<Clause>,
}

impl Rule {
    /// All there are.
    pub(crate) fn clauses(&self) -> impl Iterator<Item = &Clause> {
        let alternatives = self.sources.iter().chain(&self.operations);
        alternatives.flatten().chain(&self.conditions)
    }

    /// What is left of the rule for a connection that is not parsed as HTTP.
    ///
    /// An ALLOW rule that uses an HTTP-only field anywhere is dropped whole; of any other rule only the HTTP-only
    /// clauses are dropped, so that it gets wider. Both fail closed.
    fn on_tcp(self: &Arc<Self>, action: Action) -> Option<Arc<Rule>> {
        if !self.clauses().any(Clause::is_http_only) {
            return Some(Arc::clone(self));
        }
        match action {
            Action::Allow => None,
            Action::Deny | Action::Audit | Action::Custom => {
                let keep = |clauses: &Vec<Clause>| -> Vec<Clause> {
                    clauses
                        .iter()
                        .filter(|clause| !clause.is_http_only())
                        .cloned()
                        .collect()
                };
                Some(Arc::new(Rule {
                    sources: self.sources.iter().map(keep).collect(),
                    operations: self.operations.iter().map(keep).collect(),
                    conditions: keep(&self.conditions),
                }))
            }
        }
    }
}
