//! One attribute: the predicates that test it, and the classes that they make.

use std::collections::HashMap;

use peerwarden_engine::ExternalAnswer;

use super::class::{Atom, Class, Sample};
use super::{Peers, address, domains};
use crate::LimitExceeded;
use crate::attribute::Attribute;
use crate::diagram::Variable;
use crate::label::Label;
use crate::predicate::{Predicate, TextForm};
use crate::text::{TextClass, Tokens};

/// The largest number of classes of one attribute: beyond that, comparing them takes minutes rather than seconds.
const CLASSES: usize = 20_000;

/// The predicates of one attribute, numbered.
#[derive(Debug, Default)]
pub(crate) struct Atoms {
    atoms: Vec<Atom>,
    numbers: HashMap<Predicate, usize>,
}

impl Atoms {
    pub(super) fn add(&mut self, predicate: Predicate, label: Label) {
        if !self.numbers.contains_key(&predicate) {
            self.numbers.insert(predicate.clone(), self.atoms.len());
            self.atoms.push(Atom { predicate, label });
        }
    }
}

/// One attribute of the space.
#[derive(Debug)]
pub(crate) struct Dimension {
    pub(crate) attribute: Attribute,
    pub(crate) atoms: Vec<Atom>,
    numbers: HashMap<Predicate, usize>,
    pub(crate) first: Variable,
    pub(crate) kind: Kind,
    /// With one value: the classes for which each atom holds, ascending.
    pub(crate) holders: Vec<Vec<usize>>,
    /// With one value: the classes, best examples first.
    pub(crate) preference: Vec<usize>,
}

/// How its values are encoded.
#[derive(Debug)]
pub(crate) enum Kind {
    /// It has one value, in one of these classes.
    One(Vec<Class>),
    /// It has any number of values: a variable for each atom.
    Several(Vec<TextClass>),
}

impl From<TextClass> for Class {
    fn from(class: TextClass) -> Self {
        Self {
            atoms: class.patterns,
            plain: class.plain,
            sample: Sample::Text(class.witness),
        }
    }
}

impl Dimension {
    pub(super) fn new(
        attribute: Attribute,
        Atoms { atoms, numbers }: Atoms,
        first: Variable,
        peers: &mut Peers,
    ) -> Result<Self, LimitExceeded> {
        let kind = kind(&attribute, &atoms, peers)?;
        if let Kind::One(classes) = &kind
            && classes.len() > CLASSES
        {
            return Err(LimitExceeded::Classes {
                attribute,
                limit: CLASSES,
            });
        }
        let mut holders = vec![Vec::new(); atoms.len()];
        let mut preference = Vec::new();
        if let Kind::One(classes) = &kind {
            for (number, class) in classes.iter().enumerate() {
                for atom in &class.atoms {
                    holders[*atom].push(number);
                }
            }
            preference.extend(0..classes.len());
            preference.sort_by_key(|number| classes[*number].rank(&attribute));
        }
        Ok(Self {
            attribute,
            atoms,
            numbers,
            first,
            kind,
            holders,
            preference,
        })
    }

    /// The number of a predicate.
    pub(crate) fn number(&self, predicate: &Predicate) -> Option<usize> {
        self.numbers.get(predicate).copied()
    }

    /// The number of its variables.
    pub(crate) fn width(&self) -> u32 {
        match &self.kind {
            Kind::One(classes) => classes.len().next_power_of_two().trailing_zeros(),
            Kind::Several(_) => u32::try_from(self.atoms.len()).unwrap_or(u32::MAX),
        }
    }

    /// The variable after its last.
    pub(crate) fn end(&self) -> Variable {
        self.first + self.width()
    }

    /// The number of its classes.
    pub(crate) fn size(&self) -> usize {
        match &self.kind {
            Kind::One(classes) => classes.len(),
            Kind::Several(_) => self.atoms.len(),
        }
    }
}

fn texts(atoms: &[Atom]) -> Vec<Tokens> {
    atoms
        .iter()
        .map(|atom| match &atom.predicate {
            Predicate::Text(tokens, _) => tokens.clone(),
            Predicate::Range(..) | Predicate::Port(_) => Vec::new(),
        })
        .collect()
}

fn kind(attribute: &Attribute, atoms: &[Atom], peers: &mut Peers) -> Result<Kind, LimitExceeded> {
    let beyond = |_| LimitExceeded::Classes {
        attribute: attribute.clone(),
        limit: CLASSES,
    };
    let absent = || Class::bare(Sample::Absent);
    let text = || domains::classes(attribute, &texts(atoms), CLASSES).map_err(beyond);
    let one = |before: Vec<Class>, classes: Vec<TextClass>| {
        Kind::One(
            before
                .into_iter()
                .chain(classes.into_iter().map(Class::from))
                .collect(),
        )
    };
    Ok(match attribute {
        Attribute::Peer => {
            let (names, of) = domains::names(&texts(atoms), CLASSES).map_err(beyond)?;
            *peers = of;
            let [plaintext, no_certificate] = [Sample::Plaintext, Sample::NoCertificate].map(Class::bare);
            one(vec![plaintext, no_certificate, Class::unestablished()], names)
        }
        Attribute::Port => Kind::One(ports(atoms)),
        Attribute::Method => one(vec![Class::unestablished()], text()?),
        Attribute::Path => one(Vec::new(), text()?),
        Attribute::Host | Attribute::Sni => one(vec![absent(), Class::unestablished()], text()?),
        Attribute::SourceIp | Attribute::RemoteIp | Attribute::DestinationIp => {
            Kind::One(address::classes(attribute, atoms))
        }
        Attribute::Header(_) | Attribute::Claim(_) | Attribute::Metadata { .. } => {
            Kind::Several(merged(text()?))
        }
        Attribute::Authorizer(_) => {
            let answers = [
                ExternalAnswer::Allow,
                ExternalAnswer::Deny,
                ExternalAnswer::Failed,
            ];
            Kind::One(answers.map(|answer| Class::bare(Sample::Answer(answer))).to_vec())
        }
    })
}

/// A class for each port that a rule names, and one for all others.
fn ports(atoms: &[Atom]) -> Vec<Class> {
    let mut classes: Vec<Class> = Vec::new();
    for (number, atom) in atoms.iter().enumerate() {
        if let Predicate::Port(port) = atom.predicate {
            classes.push(Class {
                atoms: vec![number],
                plain: true,
                sample: Sample::Port(port),
            });
        }
    }
    let said = |port: &u16| classes.iter().any(|class| class.sample == Sample::Port(*port));
    let other = [8080, 80, 8443, 9090]
        .into_iter()
        .chain(1..=u16::MAX)
        .find(|port| !said(port));
    classes.extend(other.map(|port| Class::bare(Sample::Port(port))));
    classes.sort_by_key(|class| class.sample.port());
    classes
}

/// For texts among several it does not matter whether they look ordinary: of two classes the ordinary one is kept.
fn merged(classes: Vec<TextClass>) -> Vec<TextClass> {
    let mut kept: Vec<TextClass> = Vec::new();
    let mut places: HashMap<Vec<usize>, usize> = HashMap::new();
    for class in classes {
        match places.get(&class.patterns) {
            Some(place) => {
                if class.plain && !kept[*place].plain {
                    kept[*place] = class;
                }
            }
            None => {
                places.insert(class.patterns.clone(), kept.len());
                kept.push(class);
            }
        }
    }
    kept
}

impl Atom {
    /// Which form of a text counts.
    pub(crate) fn counts(&self) -> TextForm {
        match &self.predicate {
            Predicate::Text(_, counts) => *counts,
            Predicate::Range(..) | Predicate::Port(_) => TextForm::Anyhow,
        }
    }
}
