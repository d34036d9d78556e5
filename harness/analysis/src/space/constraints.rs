//! Which combinations of classes are possible.

use super::{Dimension, Kind, Space};
use crate::LimitExceeded;
use crate::attribute::Attribute;
use crate::diagram::{FALSE, Function, TRUE};
use crate::predicate::TextForm;
use crate::text::TextClass;

/// Where Envoy's `jwt_authn` filter stores a token: an object that contains the claims.
const TOKEN: (&str, &str) = ("envoy.filters.http.jwt_authn", "payload");

impl Space {
    pub(super) fn constraints(&mut self) -> Result<Function, LimitExceeded> {
        let mut all = TRUE;
        for index in 0..self.dimensions.len() {
            let one = self.of_dimension(index)?;
            all = self.diagrams.and(all, one)?;
        }
        let claims: Vec<(Vec<String>, Function)> = self.claims()?;
        for (outer, in_outer) in &claims {
            for (inner, in_inner) in &claims {
                // A text is not an object, so nothing is inside.
                if inner.len() > outer.len() && inner.starts_with(outer) {
                    let both = self.diagrams.and(*in_outer, *in_inner)?;
                    all = self.diagrams.without(all, both)?;
                }
            }
        }
        let token = Attribute::Metadata {
            filter: TOKEN.0.to_owned(),
            key: TOKEN.1.to_owned(),
        };
        if let Some(index) = self.by_attribute.get(&token).copied() {
            let text = self.anything(index)?;
            for (_, claim) in &claims {
                let both = self.diagrams.and(text, *claim)?;
                all = self.diagrams.without(all, both)?;
            }
        }
        Ok(all)
    }

    pub(super) fn claims(&mut self) -> Result<Vec<(Vec<String>, Function)>, LimitExceeded> {
        let mut claims = Vec::new();
        for index in 0..self.dimensions.len() {
            if let Attribute::Claim(path) = &self.dimensions[index].attribute {
                let path = path.clone();
                claims.push((path, self.anything(index)?));
            }
        }
        Ok(claims)
    }

    /// Some atom of an attribute with several values holds.
    fn anything(&mut self, index: usize) -> Result<Function, LimitExceeded> {
        let dimension = &self.dimensions[index];
        let variables: Vec<u32> = (dimension.first..dimension.end()).collect();
        let mut any = FALSE;
        for variable in variables.into_iter().rev() {
            any = self.diagrams.node(variable, any, TRUE)?;
        }
        Ok(any)
    }

    fn of_dimension(&mut self, index: usize) -> Result<Function, LimitExceeded> {
        let dimension = &self.dimensions[index];
        let classes = match &dimension.kind {
            Kind::Several(classes) => classes.clone(),
            Kind::One(_) if dimension.attribute == Attribute::Sni => {
                // Without TLS there is no server name.
                let named: Vec<usize> = (1..dimension.size()).collect();
                let named = self.class_set(index, &named)?;
                let plaintext = self.plaintext()?;
                let both = self.diagrams.and(plaintext, named)?;
                return self.diagrams.not(both);
            }
            Kind::One(_) => return Ok(TRUE),
        };
        let counts: Vec<TextForm> = dimension.atoms.iter().map(super::Atom::counts).collect();
        let first = dimension.first;
        let of_list = self.list(first, &counts, &classes)?;
        if !counts.contains(&TextForm::Alone) {
            return Ok(of_list);
        }
        let mut alone = vec![of_list];
        for class in &classes {
            let holds = |atom: usize| class.patterns.contains(&atom) && counts[atom] != TextForm::InList;
            let literals: Vec<(u32, bool)> = (0..counts.len())
                .map(|atom| (variable(first, atom), holds(atom)))
                .collect();
            alone.push(self.cube(&literals)?);
        }
        self.diagrams.any(&alone)
    }

    /// Any number of texts: if one of them matches a pattern, the pattern is matched, and each matched pattern has a text that
    /// matches it.
    fn list(
        &mut self,
        first: u32,
        counts: &[TextForm],
        classes: &[TextClass],
    ) -> Result<Function, LimitExceeded> {
        let mut all = TRUE;
        for atom in (0..counts.len()).rev() {
            let mut ways = vec![self.cube(&[(variable(first, atom), false)])?];
            if counts[atom] != TextForm::Alone {
                for class in classes.iter().filter(|class| class.patterns.contains(&atom)) {
                    let in_list = class
                        .patterns
                        .iter()
                        .filter(|atom| counts[**atom] != TextForm::Alone);
                    let literals: Vec<(u32, bool)> =
                        in_list.map(|atom| (variable(first, *atom), true)).collect();
                    ways.push(self.cube(&literals)?);
                }
            }
            let one = self.diagrams.any(&ways)?;
            all = self.diagrams.and(one, all)?;
        }
        Ok(all)
    }

    /// The conjunction of these literals; the variables ascend.
    pub(crate) fn cube(&mut self, literals: &[(u32, bool)]) -> Result<Function, LimitExceeded> {
        let mut all = TRUE;
        for (variable, value) in literals.iter().rev() {
            all = if *value {
                self.diagrams.node(*variable, FALSE, all)?
            } else {
                self.diagrams.node(*variable, all, FALSE)?
            };
        }
        Ok(all)
    }
}

/// The variable of an atom.
pub(crate) fn variable(first: u32, atom: usize) -> u32 {
    first + u32::try_from(atom).unwrap_or(u32::MAX - first)
}

impl Dimension {
    /// The classes for which one of these atoms holds, ascending.
    pub(crate) fn held_by(&self, atoms: impl Iterator<Item = usize>) -> Vec<usize> {
        let mut classes: Vec<usize> = atoms
            .flat_map(|atom| self.holders[atom].iter().copied())
            .collect();
        classes.sort_unstable();
        classes.dedup();
        classes
    }
}
