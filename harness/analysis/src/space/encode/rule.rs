//! Rules, from their clauses.

use peerwarden_engine::meaning::{Clause, Rule};
use peerwarden_engine::{Paths, Program};

use crate::LimitExceeded;
use crate::attribute::Attribute;
use crate::diagram::{FALSE, Function, TRUE};
use crate::predicate::{self, Formula};
use crate::space::{Class, Kind, Sample, Space};

/// How a rule treats an attribute that is not established, as in the engine: it matches for DENY, CUSTOM and AUDIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MatchAssumption {
    Matches,
    DoesNotMatch,
}

/// How a rule is read if something is not established.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnestablishedReading {
    pub(crate) count: MatchAssumption,
    /// Which paths are established.
    pub(crate) paths: Paths,
}

impl UnestablishedReading {
    /// The reading of a program's rules.
    pub(crate) fn of(program: &Program, count: MatchAssumption) -> Self {
        Self {
            count,
            paths: program.paths(),
        }
    }
}

impl Space {
    /// The traffic that a rule matches.
    pub(crate) fn matched(
        &mut self,
        rule: &Rule,
        doubts: UnestablishedReading,
    ) -> Result<Function, LimitExceeded> {
        let mut all = TRUE;
        for alternatives in [&rule.sources, &rule.operations] {
            if alternatives.is_empty() {
                continue;
            }
            let parts: Result<Vec<Function>, LimitExceeded> = alternatives
                .iter()
                .map(|clauses| self.all(clauses, doubts))
                .collect();
            let any = self.diagrams.any(&parts?)?;
            all = self.diagrams.and(all, any)?;
        }
        let conditions = self.all(&rule.conditions, doubts)?;
        self.diagrams.and(all, conditions)
    }

    fn all(&mut self, clauses: &[Clause], doubts: UnestablishedReading) -> Result<Function, LimitExceeded> {
        let mut all = TRUE;
        for clause in clauses {
            let one = self.clause(clause, doubts)?;
            all = self.diagrams.and(all, one)?;
        }
        Ok(all)
    }

    fn clause(&mut self, clause: &Clause, doubts: UnestablishedReading) -> Result<Function, LimitExceeded> {
        let halves = predicate::of(clause);
        let positive = if halves.any_of.is_empty() {
            TRUE
        } else {
            self.half(&halves.any_of)?
        };
        let negative = self.half(&halves.none_of)?;
        let established = self.diagrams.without(positive, negative)?;
        let in_doubt = match predicate::may_be_unestablished(clause) {
            Some(attribute) => self.unestablished(&attribute, doubts.paths)?,
            None => None,
        };
        match (in_doubt, doubts.count) {
            (None, _) => Ok(established),
            (Some(in_doubt), MatchAssumption::Matches) => self.diagrams.or(established, in_doubt),
            (Some(in_doubt), MatchAssumption::DoesNotMatch) => self.diagrams.without(established, in_doubt),
        }
    }

    /// The traffic for which an attribute is not established; `None` if no rule tests it, or it always is.
    pub(super) fn unestablished(
        &mut self,
        attribute: &Attribute,
        paths: Paths,
    ) -> Result<Option<Function>, LimitExceeded> {
        let Some(index) = self.by_attribute.get(attribute).copied() else {
            return Ok(None);
        };
        let Kind::One(classes) = &self.dimensions[index].kind else {
            return Ok(None);
        };
        if *attribute == Attribute::Path {
            let predicate = predicate::read_otherwise().0;
            return match (paths, self.dimensions[index].number(&predicate)) {
                (Paths::Strict, Some(number)) => self.atoms(index, vec![number]).map(Some),
                (Paths::Strict, None) | (Paths::Lenient, _) => Ok(None),
            };
        }
        let of = |class: &Class| class.sample == Sample::Unestablished;
        match classes.iter().position(of) {
            Some(number) => self.class_set(index, &[number]).map(Some),
            None => Ok(None),
        }
    }

    /// Any of these formulas. The predicates of one attribute become one set of its classes.
    pub(super) fn half(&mut self, meanings: &[Formula]) -> Result<Function, LimitExceeded> {
        let mut atoms: Vec<(usize, usize)> = Vec::new();
        let mut parts = Vec::new();
        for meaning in meanings {
            if let Formula::Is(attribute, predicate, _) = meaning {
                let found = self.by_attribute.get(attribute).copied();
                let found = found.and_then(|index| Some((index, self.dimensions[index].number(predicate)?)));
                atoms.extend(found);
            } else {
                parts.push(self.meaning(meaning)?);
            }
        }
        let mut indexes: Vec<usize> = atoms.iter().map(|(index, _)| *index).collect();
        indexes.sort_unstable();
        indexes.dedup();
        for index in indexes {
            let numbers = atoms
                .iter()
                .filter(|(of, _)| *of == index)
                .map(|(_, number)| *number);
            parts.push(self.atoms(index, numbers.collect())?);
        }
        self.diagrams.any(&parts)
    }

    fn meaning(&mut self, meaning: &Formula) -> Result<Function, LimitExceeded> {
        match meaning {
            Formula::Is(..) => self.half(std::slice::from_ref(meaning)),
            Formula::Both(left, right) => {
                let (left, right) = (self.meaning(left)?, self.meaning(right)?);
                self.diagrams.and(left, right)
            }
            Formula::Secured(with_tls, without) => {
                let plaintext = self.plaintext()?;
                let constant = |holds| if holds { TRUE } else { FALSE };
                self.diagrams
                    .choose(plaintext, constant(*without), constant(*with_tls))
            }
            Formula::Never => Ok(FALSE),
        }
    }
}
