//! Encodes rules and programs as sets of traffic.

mod classes;
mod program;
mod rule;

use peerwarden_engine::meaning::Rule;
use peerwarden_engine::{Paths, Program};

use super::{Kind, Space, TrafficSet};
use crate::LimitExceeded;
use crate::attribute::Attribute;
use crate::diagram::Function;

pub(crate) use rule::{MatchAssumption, UnestablishedReading};

impl Space {
    /// All traffic that is possible.
    pub fn everything(&self) -> TrafficSet {
        TrafficSet(self.possible)
    }

    /// The traffic that a rule matches. What is not established does not match.
    ///
    /// # Errors
    /// If the diagram becomes too large; the same is true of all other functions.
    pub fn rule(&mut self, rule: &Rule) -> Result<TrafficSet, LimitExceeded> {
        let matched = self.matched(
            rule,
            UnestablishedReading {
                count: MatchAssumption::DoesNotMatch,
                paths: Paths::Lenient,
            },
        )?;
        Ok(TrafficSet(self.diagrams.and(matched, self.possible)?))
    }

    /// The traffic that a program allows.
    ///
    /// # Errors
    /// As [`Space::rule`].
    pub fn allowed(&mut self, program: &Program) -> Result<TrafficSet, LimitExceeded> {
        let steps = self.steps(program)?;
        let mut allowed = self.possible;
        for step in [steps.tokens, steps.mode, steps.custom, steps.deny, steps.allow] {
            allowed = self.diagrams.and(allowed, step)?;
        }
        Ok(TrafficSet(allowed))
    }

    /// Traffic in plaintext.
    ///
    /// # Errors
    /// As [`Space::rule`].
    pub fn in_plaintext(&mut self) -> Result<TrafficSet, LimitExceeded> {
        let plaintext = self.plaintext()?;
        Ok(TrafficSet(self.diagrams.and(plaintext, self.possible)?))
    }

    /// Traffic over TLS without a certificate.
    ///
    /// # Errors
    /// As [`Space::rule`].
    pub fn without_certificate(&mut self) -> Result<TrafficSet, LimitExceeded> {
        let index = self.by_attribute[&Attribute::Peer];
        let without = self.class_set(index, &[1])?;
        Ok(TrafficSet(self.diagrams.and(without, self.possible)?))
    }

    /// Traffic from peers without a certificate, or with a name that Istio issues, and with an established host.
    ///
    /// # Errors
    /// As [`Space::rule`].
    pub fn ordinary(&mut self) -> Result<TrafficSet, LimitExceeded> {
        let mut ordinary = self.possible;
        if let Some(host) = self.unestablished(&Attribute::Host, Paths::Lenient)? {
            ordinary = self.diagrams.without(ordinary, host)?;
        }
        let index = self.by_attribute[&Attribute::Peer];
        let plain: Vec<usize> = match &self.dimensions[index].kind {
            Kind::One(classes) => (0..classes.len())
                .filter(|number| classes[*number].plain)
                .collect(),
            Kind::Several(_) => Vec::new(),
        };
        let plain = self.class_set(index, &plain)?;
        Ok(TrafficSet(self.diagrams.and(plain, ordinary)?))
    }

    /// The intersection.
    ///
    /// # Errors
    /// As [`Space::rule`].
    pub fn both(&mut self, left: TrafficSet, right: TrafficSet) -> Result<TrafficSet, LimitExceeded> {
        self.diagrams.and(left.0, right.0).map(TrafficSet)
    }

    /// The union.
    ///
    /// # Errors
    /// As [`Space::rule`].
    pub fn either(&mut self, left: TrafficSet, right: TrafficSet) -> Result<TrafficSet, LimitExceeded> {
        self.diagrams.or(left.0, right.0).map(TrafficSet)
    }

    /// The traffic that is only in `left`.
    ///
    /// # Errors
    /// As [`Space::rule`].
    pub fn without(&mut self, left: TrafficSet, right: TrafficSet) -> Result<TrafficSet, LimitExceeded> {
        self.diagrams.without(left.0, right.0).map(TrafficSet)
    }

    pub(crate) fn plaintext(&mut self) -> Result<Function, LimitExceeded> {
        self.class_set(self.by_attribute[&Attribute::Peer], &[0])
    }
}
