//! Encodes rules and programs as sets of traffic.

use peerwarden_engine::meaning::{Clause, Rule};
use peerwarden_engine::resource::MtlsMode;
use peerwarden_engine::{Paths, Program, Protocol, RuleId};

use super::{Class, Kind, Sample, Space, TrafficSet};
use crate::LimitExceeded;
use crate::attribute::Attribute;
use crate::diagram::{FALSE, Function, TRUE};
use crate::predicate::{self, Formula};
use crate::space::constraints::variable;

/// What a program lets pass, step by step: each set is what the step alone lets pass.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steps {
    /// The mutual TLS mode.
    pub(crate) mode: Function,
    /// CUSTOM.
    pub(crate) custom: Function,
    /// DENY.
    pub(crate) deny: Function,
    /// ALLOW.
    pub(crate) allow: Function,
}

/// How a rule treats an attribute that is not established, as in the engine: it matches for DENY, CUSTOM and AUDIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unestablished {
    Matches,
    DoesNotMatch,
}

/// How a rule is read if something is not established.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnestablishedReading {
    pub(crate) count: Unestablished,
    /// Which paths are established.
    pub(crate) paths: Paths,
}

impl UnestablishedReading {
    /// The reading of a program's rules.
    pub(crate) fn of(program: &Program, count: Unestablished) -> Self {
        Self {
            count,
            paths: program.paths(),
        }
    }
}

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
                count: Unestablished::DoesNotMatch,
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
        for step in [steps.mode, steps.custom, steps.deny, steps.allow] {
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

    pub(crate) fn steps(&mut self, program: &Program) -> Result<Steps, LimitExceeded> {
        let denied = self.any(
            program.deny_rules(),
            UnestablishedReading::of(program, Unestablished::Matches),
        )?;
        Ok(Steps {
            mode: self.admitted_by_mode(program)?,
            custom: self.admitted_by_authorizer(program)?,
            deny: self.diagrams.not(denied)?,
            allow: match program.allow_rules() {
                Some(rules) => self.any(
                    rules,
                    UnestablishedReading::of(program, Unestablished::DoesNotMatch),
                )?,
                None => TRUE,
            },
        })
    }

    fn any<'p>(
        &mut self,
        rules: impl Iterator<Item = (&'p RuleId, &'p Rule)>,
        doubts: UnestablishedReading,
    ) -> Result<Function, LimitExceeded> {
        let matched: Result<Vec<Function>, LimitExceeded> =
            rules.map(|(_, rule)| self.matched(rule, doubts)).collect();
        self.diagrams.any(&matched?)
    }

    fn admitted_by_mode(&mut self, program: &Program) -> Result<Function, LimitExceeded> {
        let index = self.by_attribute[&Attribute::Port];
        let ports: Vec<u16> = match &self.dimensions[index].kind {
            Kind::One(classes) => classes.iter().filter_map(|class| class.sample.port()).collect(),
            Kind::Several(_) => Vec::new(),
        };
        let mut of_mode = |wanted| {
            let has = |port: &u16| program.mtls_mode(*port).0 == wanted;
            let numbers = ports.iter().enumerate().filter(|(_, port)| has(port));
            let numbers: Vec<usize> = numbers.map(|(number, _)| number).collect();
            self.class_set(index, &numbers)
        };
        let (strict, disabled) = (of_mode(MtlsMode::Strict)?, of_mode(MtlsMode::Disable)?);
        let no_peer = self.no_peer()?;
        let unencrypted = match program.protocol() {
            Protocol::Http => self.plaintext()?,
            Protocol::Tcp => no_peer,
        };
        let refused_by_strict = self.diagrams.and(strict, no_peer)?;
        let refused_by_disable = self.diagrams.without(disabled, unencrypted)?;
        let refused = self.diagrams.or(refused_by_strict, refused_by_disable)?;
        self.diagrams.not(refused)
    }

    fn admitted_by_authorizer(&mut self, program: &Program) -> Result<Function, LimitExceeded> {
        let asked = self.any(
            program.custom_rules(),
            UnestablishedReading::of(program, Unestablished::Matches),
        )?;
        let mut says_yes = FALSE;
        if let Some((provider, authorizer)) = program.provider() {
            let index = self.by_attribute[&Attribute::Authorizer(provider.to_owned())];
            let answers: &[usize] = if authorizer.service().fail_open {
                &[0, 2]
            } else {
                &[0]
            };
            says_yes = self.class_set(index, answers)?;
        }
        let refused = self.diagrams.without(asked, says_yes)?;
        self.diagrams.not(refused)
    }

    pub(crate) fn plaintext(&mut self) -> Result<Function, LimitExceeded> {
        self.class_set(self.by_attribute[&Attribute::Peer], &[0])
    }

    fn no_peer(&mut self) -> Result<Function, LimitExceeded> {
        self.class_set(self.by_attribute[&Attribute::Peer], &[0, 1])
    }

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
            (Some(in_doubt), Unestablished::Matches) => self.diagrams.or(established, in_doubt),
            (Some(in_doubt), Unestablished::DoesNotMatch) => self.diagrams.without(established, in_doubt),
        }
    }

    /// Where an attribute is not established; `None` if no rule tests it, or it always is.
    fn unestablished(
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
    fn half(&mut self, meanings: &[Formula]) -> Result<Function, LimitExceeded> {
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

    /// One of these atoms of a dimension holds.
    fn atoms(&mut self, index: usize, mut numbers: Vec<usize>) -> Result<Function, LimitExceeded> {
        let dimension = &self.dimensions[index];
        match &dimension.kind {
            Kind::One(_) => {
                let classes = dimension.held_by(numbers.into_iter());
                self.class_set(index, &classes)
            }
            Kind::Several(_) => {
                let first = dimension.first;
                numbers.sort_unstable();
                numbers.dedup();
                let mut any = FALSE;
                for number in numbers.into_iter().rev() {
                    any = self.diagrams.node(variable(first, number), any, TRUE)?;
                }
                Ok(any)
            }
        }
    }

    /// The class of a dimension with one value is one of these, which ascend.
    pub(crate) fn class_set(&mut self, index: usize, classes: &[usize]) -> Result<Function, LimitExceeded> {
        let dimension = &self.dimensions[index];
        let (first, width, last) = (dimension.first, dimension.width(), dimension.size() - 1);
        self.codes(first, width, 0, last, classes)
    }

    /// The codes from `start` on, in the given number of variables from `first` on. Codes past the last class stand for the last
    /// class, so that every code is valid.
    fn codes(
        &mut self,
        first: u32,
        width: u32,
        start: usize,
        last: usize,
        classes: &[usize],
    ) -> Result<Function, LimitExceeded> {
        let end = start + (1 << width);
        let within = |bound: usize| classes.partition_point(|class| *class < bound);
        let inside = &classes[within(start)..within(end)];
        let is_last = classes.last() == Some(&last);
        if start > last {
            return Ok(if is_last { TRUE } else { FALSE });
        }
        if inside.is_empty() {
            return Ok(FALSE);
        }
        if inside.len() == end.min(last + 1) - start {
            return Ok(TRUE);
        }
        let middle = start + (1 << (width - 1));
        let low = self.codes(first + 1, width - 1, start, last, classes)?;
        let high = self.codes(first + 1, width - 1, middle, last, classes)?;
        self.diagrams.node(first, low, high)
    }
}
