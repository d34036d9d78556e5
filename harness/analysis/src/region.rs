//! A set of traffic as classes that a person can read: for each attribute that counts, which values; and one request of each.

use std::collections::BTreeMap;

use peerwarden_engine::Traffic;

use crate::attribute::Attribute;
use crate::describe::{self, Values};
use crate::diagram::{FALSE, Function};
use crate::space::{Dimension, Kind, Space, Traffics};
use crate::{Beyond, space};

/// Traffic that differs in nothing that counts.
#[derive(Debug, Clone, PartialEq)]
pub struct TrafficClass {
    /// Which values the attributes have; those that are not here may have any.
    pub values: Vec<(Attribute, Values)>,
    /// One of it.
    pub witness: Traffic,
}

/// The classes of a set.
#[derive(Debug, Clone, PartialEq)]
pub struct Classes {
    /// The first of them, by who asks.
    pub shown: Vec<TrafficClass>,
    /// Whether there are more.
    pub more: bool,
    /// One of the set from a peer whose certificate has another name than Istio issues, or with a host that is not one, where those shown
    /// are about all others.
    pub odd: Option<Traffic>,
}

impl Classes {
    /// One of each class, and of the peers with other names.
    pub fn examples(&self) -> impl Iterator<Item = &Traffic> {
        self.shown.iter().map(|class| &class.witness).chain(&self.odd)
    }
}

/// What has been said so far of a class: for each attribute that counts, the numbers of its classes, or which atoms hold.
type Said = Vec<(usize, Part)>;

#[derive(Debug, Clone)]
enum Part {
    Classes(Vec<usize>),
    Atoms(Vec<(usize, bool)>),
}

impl Space {
    /// Splits a set, which is a part of `given`, into classes, `limit` of them at the most. They do not overlap, and if there are no more,
    /// they are all of it. Nothing is said that is true of all of `given`.
    ///
    /// Certificates with names that Istio does not issue, and hosts that are not hosts, are left to [`Classes::odd`], unless the set is
    /// about nothing else.
    ///
    /// # Errors
    /// That the diagram gets too large.
    pub fn classes(&mut self, traffics: Traffics, given: Traffics, limit: usize) -> Result<Classes, Beyond> {
        let ordinary = self.ordinary()?;
        let usual = self.both(traffics, ordinary)?;
        if usual.is_empty() {
            return self.all_classes(traffics, given, limit, None);
        }
        let odd = self.without(traffics, ordinary)?;
        let odd = self.witness(odd);
        let given = self.both(given, ordinary)?;
        self.all_classes(usual, given, limit, odd)
    }

    fn all_classes(
        &mut self,
        traffics: Traffics,
        given: Traffics,
        limit: usize,
        odd: Option<Traffic>,
    ) -> Result<Classes, Beyond> {
        // What cannot be need not be excluded in so many words.
        let set = self.diagrams.simplified(traffics.0, given.0)?;
        let mut shown = Vec::new();
        let more = self.walk(set, 0, given.0, &mut Vec::new(), limit, &mut shown)?;
        Ok(Classes { shown, more, odd })
    }

    /// Those who ask, but for certificates with names that Istio does not issue, split by what a set has of them: who they are, and all
    /// that they can send. `None` if there are more than `limit` kinds.
    ///
    /// # Errors
    /// As [`Space::classes`].
    pub fn callers(
        &mut self,
        traffics: Traffics,
        limit: usize,
    ) -> Result<Option<Vec<(Values, Traffics)>>, Beyond> {
        let given = self.ordinary()?.0;
        let set = self.diagrams.simplified(traffics.0, given)?;
        // The peer is told apart before all else.
        let parts = self.parts(set, 0, given, true);
        if parts.len() > limit {
            return Ok(None);
        }
        let mut callers = Vec::new();
        for (part, _) in parts {
            if let Part::Classes(numbers) = part {
                let who = self.class_set(0, &numbers)?;
                let who = self.diagrams.and(who, given)?;
                callers.push((self.describe(0, &numbers, given)?, Traffics(who)));
            }
        }
        Ok(Some(callers))
    }

    /// The classes of a dimension in words. Of peers and hosts, those that are not in `given` do not count.
    fn describe(&mut self, index: usize, numbers: &[usize], given: Function) -> Result<Values, Beyond> {
        let mut counting = vec![true; self.dimensions[index].size()];
        if let Attribute::Peer | Attribute::Host = self.dimensions[index].attribute {
            for (number, counts) in counting.iter_mut().enumerate() {
                let class = self.class_set(index, &[number])?;
                *counts = self.diagrams.and(given, class)? != FALSE;
            }
        }
        let counts = |number: usize| counting[number];
        Ok(describe::classes(&self.dimensions[index], numbers, &counts))
    }

    /// Whether the limit was met.
    fn walk(
        &mut self,
        set: Function,
        index: usize,
        given: Function,
        said: &mut Said,
        limit: usize,
        shown: &mut Vec<TrafficClass>,
    ) -> Result<bool, Beyond> {
        if set == FALSE {
            return Ok(false);
        }
        let next = self.diagrams.first(set);
        let Some(next) = next else {
            let class = self.class(said, given)?;
            if let Some(class) = class {
                if shown.len() >= limit {
                    return Ok(true);
                }
                shown.push(class);
            }
            return Ok(false);
        };
        let index = (index..self.dimensions.len())
            .find(|index| next < self.dimensions[*index].end())
            .unwrap_or(index);
        for (part, rest) in self.parts(set, index, given, false) {
            said.push((index, part));
            let more = self.walk(rest, index + 1, given, said, limit, shown)?;
            said.pop();
            if more {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How a dimension splits a set, and what is left of it in each part; also where that is nothing, if `all` are wanted.
    fn parts(&self, set: Function, index: usize, given: Function, all: bool) -> Vec<(Part, Function)> {
        let dimension = &self.dimensions[index];
        match &dimension.kind {
            Kind::One(classes) => {
                let mut parts: Vec<(Vec<usize>, Function)> = Vec::new();
                let mut places: BTreeMap<Function, usize> = BTreeMap::new();
                for number in 0..classes.len() {
                    let rest = self.in_class(set, dimension, number);
                    let counts = index > 0 || self.in_class(given, dimension, number) != FALSE;
                    if !counts || (rest == FALSE && !all) {
                        continue;
                    }
                    let place = *places.entry(rest).or_insert_with(|| {
                        parts.push((Vec::new(), rest));
                        parts.len() - 1
                    });
                    parts[place].0.push(number);
                }
                parts
                    .into_iter()
                    .map(|(numbers, rest)| (Part::Classes(numbers), rest))
                    .collect()
            }
            Kind::Several(_) => {
                let mut parts = Vec::new();
                self.cubes(set, dimension, &mut Vec::new(), &mut parts);
                parts
            }
        }
    }

    fn cubes(
        &self,
        set: Function,
        dimension: &Dimension,
        atoms: &mut Vec<(usize, bool)>,
        parts: &mut Vec<(Part, Function)>,
    ) {
        let next = self.diagrams.first(set).filter(|next| *next < dimension.end());
        let Some(next) = next else {
            if set != FALSE {
                parts.push((Part::Atoms(atoms.clone()), set));
            }
            return;
        };
        for value in [true, false] {
            let rest = self.diagrams.with(set, next, value);
            if rest != FALSE {
                atoms.push(((next - dimension.first) as usize, value));
                self.cubes(rest, dimension, atoms, parts);
                atoms.pop();
            }
        }
    }

    /// The class of which all this is said; `None` when there is nothing of the kind.
    fn class(&mut self, said: &Said, given: Function) -> Result<Option<TrafficClass>, Beyond> {
        let mut set = given;
        for (index, part) in said {
            let one = match part {
                Part::Classes(numbers) => self.class_set(*index, numbers)?,
                Part::Atoms(atoms) => {
                    let first = self.dimensions[*index].first;
                    let literals: Vec<(u32, bool)> = atoms
                        .iter()
                        .map(|(atom, value)| (space::variable(first, *atom), *value))
                        .collect();
                    self.cube(&literals)?
                }
            };
            set = self.diagrams.and(set, one)?;
        }
        let mut values = Vec::new();
        for (index, part) in said {
            let described = match part {
                Part::Classes(numbers) => self.describe(*index, numbers, given)?,
                Part::Atoms(atoms) => describe::atoms(&self.dimensions[*index], atoms),
            };
            values.push((self.dimensions[*index].attribute.clone(), described));
        }
        Ok(self
            .witness(Traffics(set))
            .map(|witness| TrafficClass { values, witness }))
    }
}
