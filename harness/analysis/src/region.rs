//! Splits a set of traffic into classes that a person can read: for each attribute that matters, its values, and one request of
//! each class.

use std::collections::BTreeMap;

use peerwarden_engine::Traffic;

use crate::attribute::Attribute;
use crate::describe::{self, Values};
use crate::diagram::{FALSE, Function};
use crate::space::{Dimension, Kind, Space, TrafficSet};
use crate::{LimitExceeded, space};

/// Traffic that differs in nothing that matters.
#[derive(Debug, Clone, PartialEq)]
pub struct TrafficClass {
    /// The values of the attributes; attributes that are not listed may have any value.
    pub values: Vec<(Attribute, Values)>,
    /// A request or connection of this class.
    pub witness: Traffic,
}

/// The classes of a set.
#[derive(Debug, Clone, PartialEq)]
pub struct Classes {
    /// The first of them, by peer.
    pub shown: Vec<TrafficClass>,
    /// Whether there are more.
    pub more: bool,
    /// A member of the set whose peer has a name that Istio does not issue, or whose host is not a host; the shown classes cover
    /// all others.
    pub odd: Option<Traffic>,
}

impl Classes {
    /// A request of each class, and the odd one.
    pub fn examples(&self) -> impl Iterator<Item = &Traffic> {
        self.shown.iter().map(|class| &class.witness).chain(&self.odd)
    }
}

/// The description of a class so far: for each attribute that matters, the numbers of its classes, or the atoms that hold.
type ClassDescription = Vec<(usize, ValueSet)>;

#[derive(Debug, Clone)]
enum ValueSet {
    Classes(Vec<usize>),
    Atoms(Vec<(usize, bool)>),
}

impl Space {
    /// Splits a set, which is a subset of `given`, into at most `limit` classes. They do not overlap, and unless there are more,
    /// they cover the set. What is true of all of `given` is left out of the descriptions.
    ///
    /// Certificates with names that Istio does not issue, and values that are not hosts, are left to [`Classes::odd`], unless the
    /// set contains nothing else.
    ///
    /// # Errors
    /// If the diagram becomes too large.
    pub fn classes(
        &mut self,
        traffics: TrafficSet,
        given: TrafficSet,
        limit: usize,
    ) -> Result<Classes, LimitExceeded> {
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
        traffics: TrafficSet,
        given: TrafficSet,
        limit: usize,
        odd: Option<Traffic>,
    ) -> Result<Classes, LimitExceeded> {
        // Impossible values need not be excluded explicitly.
        let set = self.diagrams.simplified(traffics.0, given.0)?;
        let mut shown = Vec::new();
        let more = self.walk(set, 0, given.0, &mut Vec::new(), limit, &mut shown)?;
        Ok(Classes { shown, more, odd })
    }

    /// The callers, except those with names that Istio does not issue, split by what the set allows them: who they are, and
    /// everything that they can send. `None` if there are more than `limit` kinds.
    ///
    /// # Errors
    /// As [`Space::classes`].
    pub fn callers(
        &mut self,
        traffics: TrafficSet,
        limit: usize,
    ) -> Result<Option<Vec<(Values, TrafficSet)>>, LimitExceeded> {
        let given = self.ordinary()?.0;
        let set = self.diagrams.simplified(traffics.0, given)?;
        // The peer is always split first.
        let parts = self.parts(set, 0, given, true);
        if parts.len() > limit {
            return Ok(None);
        }
        let mut callers = Vec::new();
        for (part, _) in parts {
            if let ValueSet::Classes(numbers) = part {
                let who = self.class_set(0, &numbers)?;
                let who = self.diagrams.and(who, given)?;
                callers.push((self.describe(0, &numbers, given)?, TrafficSet(who)));
            }
        }
        Ok(Some(callers))
    }

    /// Describes classes of a dimension in words. Peers and hosts that are not in `given` do not count.
    fn describe(
        &mut self,
        index: usize,
        numbers: &[usize],
        given: Function,
    ) -> Result<Values, LimitExceeded> {
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

    /// Returns whether the limit was reached.
    fn walk(
        &mut self,
        set: Function,
        index: usize,
        given: Function,
        said: &mut ClassDescription,
        limit: usize,
        shown: &mut Vec<TrafficClass>,
    ) -> Result<bool, LimitExceeded> {
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

    /// How a dimension splits a set, and the rest of the set in each part; if `all`, parts with an empty rest too.
    fn parts(&self, set: Function, index: usize, given: Function, all: bool) -> Vec<(ValueSet, Function)> {
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
                    .map(|(numbers, rest)| (ValueSet::Classes(numbers), rest))
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
        parts: &mut Vec<(ValueSet, Function)>,
    ) {
        let next = self.diagrams.first(set).filter(|next| *next < dimension.end());
        let Some(next) = next else {
            if set != FALSE {
                parts.push((ValueSet::Atoms(atoms.clone()), set));
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

    /// The class with this description; `None` if it is empty.
    fn class(
        &mut self,
        said: &ClassDescription,
        given: Function,
    ) -> Result<Option<TrafficClass>, LimitExceeded> {
        let mut set = given;
        for (index, part) in said {
            let one = match part {
                ValueSet::Classes(numbers) => self.class_set(*index, numbers)?,
                ValueSet::Atoms(atoms) => {
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
                ValueSet::Classes(numbers) => self.describe(*index, numbers, given)?,
                ValueSet::Atoms(atoms) => describe::atoms(&self.dimensions[*index], atoms),
            };
            values.push((self.dimensions[*index].attribute.clone(), described));
        }
        Ok(self
            .witness(TrafficSet(set))
            .map(|witness| TrafficClass { values, witness }))
    }
}
