//! Reduced ordered binary decision diagrams: Boolean functions of many variables, in which equal functions are the same node.
//!
//! R. E. Bryant, "Graph-Based Algorithms for Boolean Function Manipulation", IEEE Transactions on Computers C-35 (8), 1986. This
//! has only what the analysis needs: one table of nodes, `if-then-else` with a cache, and simplification by a care set.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::LimitExceeded;

/// A function: a node of its diagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Function(u32);

/// The constant false.
pub(crate) const FALSE: Function = Function(0);
/// The constant true.
pub(crate) const TRUE: Function = Function(1);

/// The largest number of nodes in one diagram: a hundred MiB and a few seconds. Real policies need some thousand.
pub(crate) const NODES: usize = 1_000_000;

/// A variable; diagrams test those with lower numbers first.
pub(crate) type Variable = u32;

/// Stands for a variable below the last one.
const END: Variable = Variable::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Node {
    variable: Variable,
    low: Function,
    high: Function,
}

/// Hashes consecutive numbers, which need no defence against collisions; hashing is most of the work.
#[derive(Debug, Default, Clone, Copy)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0.rotate_left(5) ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

type Table<K, V> = HashMap<K, V, BuildHasherDefault<Mixer>>;

/// All diagrams of one analysis.
#[derive(Debug)]
pub(crate) struct Diagrams {
    nodes: Vec<Node>,
    known: Table<Node, Function>,
    chosen: Table<(Function, Function, Function), Function>,
    limit: usize,
}

impl Diagrams {
    pub(crate) fn new(limit: usize) -> Self {
        let end = |function| Node {
            variable: END,
            low: function,
            high: function,
        };
        Self {
            nodes: vec![end(FALSE), end(TRUE)],
            known: Table::default(),
            chosen: Table::default(),
            limit,
        }
    }

    fn of(&self, function: Function) -> Node {
        self.nodes[function.0 as usize]
    }

    /// The variable that is tested first; `None` for a constant.
    pub(crate) fn first(&self, function: Function) -> Option<Variable> {
        Some(self.of(function).variable).filter(|variable| *variable != END)
    }

    /// The cofactor in which `variable`, which is not after the function's first one, has this value.
    pub(crate) fn with(&self, function: Function, variable: Variable, value: bool) -> Function {
        let node = self.of(function);
        match (node.variable == variable, value) {
            (false, _) => function,
            (true, false) => node.low,
            (true, true) => node.high,
        }
    }

    /// `high` if the variable is true, else `low`; the variable comes before all of theirs.
    pub(crate) fn node(
        &mut self,
        variable: Variable,
        low: Function,
        high: Function,
    ) -> Result<Function, LimitExceeded> {
        if low == high {
            return Ok(low);
        }
        let node = Node { variable, low, high };
        if let Some(known) = self.known.get(&node) {
            return Ok(*known);
        }
        if self.nodes.len() >= self.limit {
            return Err(LimitExceeded::Diagram { limit: self.limit });
        }
        let function = Function(
            u32::try_from(self.nodes.len()).map_err(|_| LimitExceeded::Diagram { limit: self.limit })?,
        );
        self.nodes.push(node);
        self.known.insert(node, function);
        Ok(function)
    }

    /// `then` where `condition` holds, `otherwise` where it does not.
    pub(crate) fn choose(
        &mut self,
        condition: Function,
        then: Function,
        otherwise: Function,
    ) -> Result<Function, LimitExceeded> {
        match (condition, then, otherwise) {
            (TRUE, _, _) => return Ok(then),
            (FALSE, _, _) => return Ok(otherwise),
            (_, TRUE, FALSE) => return Ok(condition),
            _ if then == otherwise => return Ok(then),
            _ => {}
        }
        // The same question in its canonical form for the cache.
        let (condition, then, otherwise) = match (then, otherwise) {
            (_, FALSE) if then < condition => (then, condition, FALSE),
            (TRUE, _) if otherwise < condition => (otherwise, TRUE, condition),
            _ => (condition, then, otherwise),
        };
        let question = (condition, then, otherwise);
        if let Some(known) = self.chosen.get(&question) {
            return Ok(*known);
        }
        let [a, b, c] = [condition, then, otherwise].map(|function| self.of(function).variable);
        let variable = a.min(b).min(c);
        let side = |diagrams: &mut Self, value| {
            let [a, b, c] =
                [condition, then, otherwise].map(|function| diagrams.with(function, variable, value));
            diagrams.choose(a, b, c)
        };
        let low = side(self, false)?;
        let high = side(self, true)?;
        let answer = self.node(variable, low, high)?;
        self.chosen.insert(question, answer);
        Ok(answer)
    }

    pub(crate) fn and(&mut self, left: Function, right: Function) -> Result<Function, LimitExceeded> {
        self.choose(left, right, FALSE)
    }

    pub(crate) fn or(&mut self, left: Function, right: Function) -> Result<Function, LimitExceeded> {
        self.choose(left, TRUE, right)
    }

    pub(crate) fn not(&mut self, function: Function) -> Result<Function, LimitExceeded> {
        self.choose(function, FALSE, TRUE)
    }

    /// `left` and not `right`.
    pub(crate) fn without(&mut self, left: Function, right: Function) -> Result<Function, LimitExceeded> {
        self.choose(right, FALSE, left)
    }

    /// The disjunction. It joins halves, not one function after another, so that small diagrams meet small ones.
    pub(crate) fn any(&mut self, functions: &[Function]) -> Result<Function, LimitExceeded> {
        match functions {
            [] => Ok(FALSE),
            [function] => Ok(*function),
            _ => {
                let (left, right) = functions.split_at(functions.len() / 2);
                let (left, right) = (self.any(left)?, self.any(right)?);
                self.or(left, right)
            }
        }
    }

    /// A function that equals this one wherever `care` holds, and may differ elsewhere to be smaller (O. Coudert, J. C. Madre, "A
    /// Unified Framework for the Formal Verification of Sequential Circuits", ICCAD 1990, `restrict`).
    pub(crate) fn simplified(
        &mut self,
        function: Function,
        care: Function,
    ) -> Result<Function, LimitExceeded> {
        self.simplified_below(function, care, &mut Table::default())
    }

    fn simplified_below(
        &mut self,
        function: Function,
        care: Function,
        known: &mut Table<(Function, Function), Function>,
    ) -> Result<Function, LimitExceeded> {
        let Some(variable) = self.first(function) else {
            return Ok(function);
        };
        match care {
            FALSE => return Ok(FALSE),
            TRUE => return Ok(function),
            _ => {}
        }
        if let Some(answer) = known.get(&(function, care)) {
            return Ok(*answer);
        }
        let first = self.of(care).variable;
        let answer = if first < variable {
            let [low, high] = [false, true].map(|value| self.with(care, first, value));
            let either = self.or(low, high)?;
            self.simplified_below(function, either, known)?
        } else {
            let [low, high] = [false, true].map(|value| self.with(function, variable, value));
            let [care_low, care_high] = [false, true].map(|value| self.with(care, variable, value));
            if care_low == FALSE {
                self.simplified_below(high, care_high, known)?
            } else if care_high == FALSE {
                self.simplified_below(low, care_low, known)?
            } else {
                let low = self.simplified_below(low, care_low, known)?;
                let high = self.simplified_below(high, care_high, known)?;
                self.node(variable, low, high)?
            }
        };
        known.insert((function, care), answer);
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::{Diagrams, FALSE, Function, TRUE};

    fn variables<const N: usize>(diagrams: &mut Diagrams) -> [Function; N] {
        std::array::from_fn(|number| {
            diagrams
                .node(u32::try_from(number).unwrap(), FALSE, TRUE)
                .unwrap()
        })
    }

    #[test]
    fn the_same_function_is_the_same_node() {
        let mut diagrams = Diagrams::new(1000);
        let [a, b] = variables(&mut diagrams);
        let both = diagrams.and(a, b).unwrap();
        let (not_a, not_b) = (diagrams.not(a).unwrap(), diagrams.not(b).unwrap());
        let neither_nor = diagrams.or(not_b, not_a).unwrap();
        assert_eq!(diagrams.not(neither_nor), Ok(both));
        assert_eq!(diagrams.without(a, a), Ok(FALSE));
        assert_eq!(diagrams.or(a, not_a), Ok(TRUE));
    }

    #[test]
    fn what_cannot_be_need_not_be_said() {
        let mut diagrams = Diagrams::new(1000);
        let [a, b] = variables(&mut diagrams);
        let both = diagrams.and(a, b).unwrap();
        // Where `a` always comes with `b`, both is `a`.
        let not_a = diagrams.not(a).unwrap();
        let care = diagrams.or(not_a, b).unwrap();
        assert_eq!(diagrams.simplified(both, care), Ok(a));
    }

    #[test]
    fn too_many_nodes_are_said() {
        let mut diagrams = Diagrams::new(4);
        let [_, _] = variables(&mut diagrams);
        assert!(diagrams.node(2, FALSE, TRUE).is_err());
    }
}
