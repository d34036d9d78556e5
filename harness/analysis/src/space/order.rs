//! The order of attributes with several values: headers, claims and metadata, each of which has a variable for each pattern.
//!
//! A diagram of `(a ∧ b) ∨ (c ∧ d) ∨ …` is small if what a rule tests together has variables next to each other, and doubles with each rule
//! if not (R. E. Bryant, "Graph-Based Algorithms for Boolean Function Manipulation", section 3.3).

use std::collections::BTreeMap;

use peerwarden_engine::meaning::Rule;

use super::RequiredAtoms;
use super::dimension::Atoms;
use crate::attribute::Attribute;

/// Up to this number, any order will do.
const FEW: usize = 8;

/// Puts attributes that the smallest rules test together next to each other; all others stay where they are.
pub(super) fn arrange<'r>(wanted: &mut Vec<(Attribute, Atoms)>, rules: impl Iterator<Item = &'r Rule>) {
    let places: Vec<usize> = (0..wanted.len())
        .filter(|place| wanted[*place].0.has_several())
        .collect();
    if places.len() <= FEW {
        return;
    }
    let mut tested: Vec<Vec<Attribute>> = rules
        .map(|rule| {
            let mut atoms = RequiredAtoms::default();
            atoms.rule(rule);
            atoms.0.into_keys().filter(Attribute::has_several).collect()
        })
        .collect();
    tested.sort_by_key(Vec::len);
    let mut order: BTreeMap<Attribute, usize> = BTreeMap::new();
    for attribute in tested.into_iter().flatten() {
        let next = order.len();
        order.entry(attribute).or_insert(next);
    }
    let (mut several, others): (Vec<_>, Vec<_>) = wanted
        .drain(..)
        .partition(|(attribute, _)| attribute.has_several());
    several.sort_by_key(|(attribute, _)| order.get(attribute).copied());
    let (mut several, mut others) = (several.into_iter(), others.into_iter());
    let all = places.len() + others.len();
    wanted.extend((0..all).filter_map(|place| match places.binary_search(&place) {
        Ok(_) => several.next(),
        Err(_) => others.next(),
    }));
}
