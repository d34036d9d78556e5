//! The space of all traffic, as far as some programs can tell it apart: for each attribute finitely many classes, and what of their
//! combinations can be.
//!
//! An attribute with one value (the path, an address) is a number of a class, in as many variables as the number has bits. One with
//! several values at once (the lines of a header, the texts of a claim) is a variable for each pattern: whether some line matches it.

mod address;
mod class;
mod constraints;
mod dimension;
mod domains;
mod encode;
mod witness;

use std::collections::BTreeMap;

use peerwarden_engine::meaning::Rule;
use peerwarden_engine::{Paths, Program, Protocol};

pub(crate) use class::{Atom, Class, Sample};
pub(crate) use constraints::variable;
pub(crate) use dimension::{Dimension, Kind};
pub(crate) use encode::{Doubts, Unestablished};

use crate::Beyond;
use crate::asked::{self, Asked, Meaning};
use crate::attribute::Attribute;
use crate::diagram::{Diagrams, FALSE, Function, NODES, Variable};

/// A set of traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Traffics(pub(crate) Function);

impl Traffics {
    /// Whether there is none in it.
    pub fn is_empty(self) -> bool {
        self.0 == FALSE
    }
}

/// Of which peers an answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peers {
    /// Of plaintext, of TLS without a certificate, and of certificates with one name, whatever it is.
    AnyName,
    /// The same, but of names only `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`, which is what Istio issues: with so many
    /// patterns the other names would be too many to tell apart.
    IstioNames,
}

/// All traffic of one protocol, told apart as finely as some programs do.
#[derive(Debug)]
pub struct Space {
    pub(crate) protocol: Protocol,
    pub(crate) dimensions: Vec<Dimension>,
    by_attribute: BTreeMap<Attribute, usize>,
    pub(crate) diagrams: Diagrams,
    /// What can be.
    pub(crate) possible: Function,
    peers: Peers,
}

impl Space {
    /// The space in which these programs, all of `protocol`, and these rules, as questions about them, can be compared.
    ///
    /// # Errors
    /// That it is too large.
    pub fn new(protocol: Protocol, programs: &[&Program], questions: &[&Rule]) -> Result<Self, Beyond> {
        let mut wanted = Wanted::default();
        // Who asks is always told apart, by whether it can be known at all.
        wanted.attribute(Attribute::Peer);
        wanted.attribute(Attribute::Port);
        for program in programs {
            for (_, rule) in rules(program) {
                wanted.rule(rule);
            }
            for port in program.mtls_ports() {
                wanted.meaning(asked::of_port(port));
            }
            if program.paths() == Paths::Strict {
                let (asked, label) = asked::read_otherwise();
                wanted.attribute(Attribute::Path).add(asked, label);
            }
            if let Some((provider, _)) = program.provider() {
                wanted.attribute(Attribute::Authorizer(provider.to_owned()));
            }
        }
        for question in questions {
            wanted.rule(question);
        }
        let mut next: Variable = 0;
        let mut peers = Peers::AnyName;
        let mut dimensions = Vec::new();
        for (attribute, atoms) in wanted.0 {
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

    /// Of which peers its answers hold.
    pub fn peers(&self) -> Peers {
        self.peers
    }

    /// The external authorizers on whose answers something hangs: each is taken to answer as it likes, and the same to all.
    pub fn authorizers(&self) -> impl Iterator<Item = &str> {
        self.dimensions.iter().filter_map(|dimension| {
            if let Attribute::Authorizer(name) = &dimension.attribute {
                Some(name.as_str())
            } else {
                None
            }
        })
    }

    /// How many classes each attribute has: patterns, of one with several values at once.
    pub fn sizes(&self) -> impl Iterator<Item = (&Attribute, usize)> {
        self.dimensions
            .iter()
            .map(|dimension| (&dimension.attribute, dimension.size()))
    }
}

/// All the rules on which a verdict hangs.
fn rules(program: &Program) -> impl Iterator<Item = (&peerwarden_engine::By, &Rule)> {
    program
        .custom_rules()
        .chain(program.deny_rules())
        .chain(program.allow_rules().into_iter().flatten())
        .chain(program.audit_rules())
}

/// What is asked of each attribute, each once.
#[derive(Debug, Default)]
struct Wanted(BTreeMap<Attribute, dimension::Atoms>);

impl Wanted {
    fn attribute(&mut self, attribute: Attribute) -> &mut dimension::Atoms {
        self.0.entry(attribute).or_default()
    }

    fn rule(&mut self, rule: &Rule) {
        let parts = rule.sources.iter().chain(&rule.operations).flatten();
        for clause in parts.chain(&rule.conditions) {
            let asked::Halves { any_of, none_of } = asked::of(clause);
            for meaning in any_of.into_iter().chain(none_of) {
                self.meaning(meaning);
            }
        }
    }

    fn meaning(&mut self, meaning: Meaning) {
        match meaning {
            Meaning::Is(attribute, asked, label) => self.attribute(attribute).add(asked, label),
            Meaning::Both(left, right) => {
                self.meaning(*left);
                self.meaning(*right);
            }
            Meaning::Secured(..) | Meaning::Never => {}
        }
    }
}

/// What is asked for, as it is looked up.
pub(crate) type Key = Asked;
