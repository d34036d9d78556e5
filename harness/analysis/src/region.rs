//! A set of traffic as classes that a person can read: for each attribute that counts, which values; and one request of each.

use std::collections::BTreeMap;

use peerwarden_engine::Traffic;

use crate::attribute::Attribute;
use crate::describe::{self, Values};
use crate::diagram::{FALSE, Function, TRUE};
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
}

/// What has been said so far of a class: for each attribute that counts, the numbers of its classes, or which atoms hold.
type Said = Vec<(usize, Part)>;

#[derive(Debug, Clone)]
enum Part {
    Classes(Vec<usize>),
    Atoms(Vec<(usize, bool)>),
}

impl Space {
    /// Splits a set into classes, `limit` of them at the most. They do not overlap, and if there are no more, they are all of it.
    ///
    /// # Errors
    /// That the diagram gets too large.
    pub fn classes(&mut self, traffics: Traffics, limit: usize) -> Result<Classes, Beyond> {
        let possible = self.possible;
        // What cannot be need not be excluded in so many words.
        let set = self.diagrams.simplified(traffics.0, possible)?;
        let mut shown = Vec::new();
        let more = self.walk(set, 0, &mut Vec::new(), limit, &mut shown)?;
        Ok(Classes { shown, more })
    }

    /// Whether the limit was met.
    fn walk(
        &mut self,
        set: Function,
        index: usize,
        said: &mut Said,
        limit: usize,
        shown: &mut Vec<TrafficClass>,
    ) -> Result<bool, Beyond> {
        if set == FALSE {
            return Ok(false);
        }
        let next = self.diagrams.first(set);
        let Some(next) = next else {
            let class = self.class(said)?;
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
        for (part, rest) in self.parts(set, index) {
            said.push((index, part));
            let more = self.walk(rest, index + 1, said, limit, shown)?;
            said.pop();
            if more {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How a dimension splits a set, and what is left of it in each part.
    fn parts(&self, set: Function, index: usize) -> Vec<(Part, Function)> {
        let dimension = &self.dimensions[index];
        match &dimension.kind {
            Kind::One(classes) => {
                let mut parts: Vec<(Vec<usize>, Function)> = Vec::new();
                let mut places: BTreeMap<Function, usize> = BTreeMap::new();
                for number in 0..classes.len() {
                    let rest = self.in_class(set, dimension, number);
                    if rest == FALSE {
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
    fn class(&mut self, said: &Said) -> Result<Option<TrafficClass>, Beyond> {
        let mut set = self.possible;
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
        let values = said.iter().map(|(index, part)| {
            let dimension = &self.dimensions[*index];
            let values = match part {
                Part::Classes(numbers) => describe::classes(dimension, numbers),
                Part::Atoms(atoms) => describe::atoms(dimension, atoms),
            };
            (dimension.attribute.clone(), values)
        });
        let values = values.collect();
        Ok(self
            .witness(Traffics(set))
            .map(|witness| TrafficClass { values, witness }))
    }

    /// Those of whom some traffic is in the set, with all that is not about them left open: of `keep` alone something is said.
    ///
    /// # Errors
    /// That the diagram gets too large.
    pub fn projected(
        &mut self,
        traffics: Traffics,
        keep: &dyn Fn(&Attribute) -> bool,
    ) -> Result<Traffics, Beyond> {
        let kept: Vec<(u32, u32)> = self
            .dimensions
            .iter()
            .filter(|dimension| keep(&dimension.attribute))
            .map(|dimension| (dimension.first, dimension.end()))
            .collect();
        let is_free = |variable| !kept.iter().any(|(first, end)| (*first..*end).contains(&variable));
        self.diagrams.exists(traffics.0, &is_free).map(Traffics)
    }

    /// Whether the set is all that can be.
    ///
    /// # Errors
    /// That the diagram gets too large.
    pub fn is_everything(&mut self, traffics: Traffics) -> Result<bool, Beyond> {
        let possible = self.possible;
        Ok(self.diagrams.simplified(traffics.0, possible)? == TRUE)
    }
}
