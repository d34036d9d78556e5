//! The space of all traffic, as finely as some programs distinguish it: finitely many classes for each attribute, and the
//! combinations of them that are possible.
//!
//! An attribute with one value (the path, an address) is encoded as the number of its class, in as many variables as the number has
//! bits. An attribute with several values at once (the lines of a header, the texts of a claim) has a variable for each pattern:
//! whether some value matches it.

mod address;
mod class;
mod constraints;
mod dimension;
mod domains;
mod encode;
mod order;
mod parts;
mod witness;

use std::collections::BTreeMap;

use peerwarden_engine::meaning::Rule;
use peerwarden_engine::{CustomRules, Paths, Program, Protocol};

pub(crate) use class::{Atom, Class, Sample};
pub(crate) use constraints::variable;
pub(crate) use dimension::{Dimension, Kind};
pub(crate) use encode::{MatchAssumption, UnestablishedReading};

use crate::LimitExceeded;
use crate::attribute::Attribute;
use crate::diagram::{Diagrams, FALSE, Function, NODES, Variable};
use crate::predicate::{self, Formula};

/// A set of traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrafficSet(pub(crate) Function);

impl TrafficSet {
    /// Whether it is empty.
    pub fn is_empty(self) -> bool {
        self.0 == FALSE
    }
}

/// The peers for which an answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peers {
    /// Plaintext, TLS without a certificate, and certificates with one name of any form.
    AnyName,
    /// The same, but only names of the form `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`, which Istio issues: with so
    /// many patterns there would be too many other names to distinguish.
    IstioNames,
}

/// All traffic of one protocol, as finely as some programs distinguish it.
#[derive(Debug)]
pub struct Space {
    pub(crate) protocol: Protocol,
    pub(crate) dimensions: Vec<Dimension>,
    by_attribute: BTreeMap<Attribute, usize>,
    pub(crate) diagrams: Diagrams,
    /// The combinations that are possible.
    pub(crate) possible: Function,
    peers: Peers,
}

impl Space {
    /// The space in which these programs, all of `protocol`, and these rules, which ask questions about them, can be compared.
    ///
    /// # Errors
    /// If it is too large.
    pub fn new(
        protocol: Protocol,
        programs: &[&Program],
        questions: &[&Rule],
    ) -> Result<Self, LimitExceeded> {
        let mut wanted = RequiredAtoms::default();
        // The peer is always distinguished, by whether it can be known at all.
        wanted.attribute(Attribute::Peer);
        wanted.attribute(Attribute::Port);
        for program in programs {
            for (_, rule) in rules(program) {
                wanted.rule(rule);
            }
            for port in program.mtls_ports() {
                wanted.meaning(predicate::of_port(port));
            }
            if program.paths() == Paths::Strict {
                let (predicate, label) = predicate::read_otherwise();
                wanted.attribute(Attribute::Path).add(predicate, label);
            }
            for token in program.accepted_tokens().unwrap_or(&[]) {
                wanted.meaning(predicate::of_any_issuer());
                if !token.issuer.is_empty() {
                    wanted.meaning(predicate::of_issuer(&token.issuer));
                }
                for audience in predicate::of_audiences(&token.audiences) {
                    wanted.meaning(audience);
                }
            }
            for (provider, _) in program.custom().iter().filter_map(CustomRules::provider) {
                wanted.attribute(Attribute::Authorizer(provider.to_owned()));
            }
        }
        for question in questions {
            wanted.rule(question);
        }
        let mut next: Variable = 0;
        let mut peers = Peers::AnyName;
        let mut dimensions = Vec::new();
        let mut wanted: Vec<_> = wanted.0.into_iter().collect();
        let of_programs = programs.iter().flat_map(|program| rules(program));
        let all = of_programs.map(|(_, rule)| rule).chain(questions.iter().copied());
        order::arrange(&mut wanted, all);
        for (attribute, atoms) in wanted {
            let dimension = Dimension::new(attribute, atoms, next, &mut peers)?;
            next = dimension.end();
            dimensions.push(dimension);
        }
        let by_attribute = dimensions
            .iter()
            .enumerate()
            .map(|(index, dimension)| (dimension.attribute.clone(), index))
            .collect();
        let mut space = Self {
            protocol,
            dimensions,
            by_attribute,
            diagrams: Diagrams::new(NODES),
            possible: FALSE,
            peers,
        };
        space.possible = space.constraints()?;
        Ok(space)
    }

    /// The peers for which its answers hold.
    pub fn peers(&self) -> Peers {
        self.peers
    }

    /// The external authorizers whose answers matter: each may answer anything, but gives all programs the same answer.
    pub fn authorizers(&self) -> impl Iterator<Item = &str> {
        self.dimensions.iter().filter_map(|dimension| {
            if let Attribute::Authorizer(name) = &dimension.attribute {
                Some(name.as_str())
            } else {
                None
            }
        })
    }

    /// The number of classes of each attribute; of patterns, for an attribute with several values.
    pub fn sizes(&self) -> impl Iterator<Item = (&Attribute, usize)> {
        self.dimensions
            .iter()
            .map(|dimension| (&dimension.attribute, dimension.size()))
    }
}

/// All rules that a verdict depends on.
fn rules(program: &Program) -> impl Iterator<Item = (&peerwarden_engine::RuleId, &Rule)> {
    program
        .custom_rules()
        .chain(program.deny_rules())
        .chain(program.allow_rules().into_iter().flatten())
        .chain(program.audit_rules())
}

/// The predicates of each attribute, each once.
#[derive(Debug, Default)]
struct RequiredAtoms(BTreeMap<Attribute, dimension::Atoms>);

impl RequiredAtoms {
    fn attribute(&mut self, attribute: Attribute) -> &mut dimension::Atoms {
        self.0.entry(attribute).or_default()
    }

    fn rule(&mut self, rule: &Rule) {
        let parts = rule.sources.iter().chain(&rule.operations).flatten();
        for clause in parts.chain(&rule.conditions) {
            let predicate::ClauseFormula { any_of, none_of } = predicate::of(clause);
            for meaning in any_of.into_iter().chain(none_of) {
                self.meaning(meaning);
            }
        }
    }

    fn meaning(&mut self, meaning: Formula) {
        match meaning {
            Formula::Is(attribute, predicate, label) => self.attribute(attribute).add(predicate, label),
            Formula::Both(left, right) => {
                self.meaning(*left);
                self.meaning(*right);
            }
            Formula::Secured(..) | Formula::Never => {}
        }
    }
}
