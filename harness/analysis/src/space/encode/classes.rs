//! Classes of a dimension, as the diagram's variables encode them.

use crate::LimitExceeded;
use crate::diagram::{FALSE, Function, TRUE};
use crate::space::constraints::variable;
use crate::space::{Kind, Space};

impl Space {
    /// One of these atoms of a dimension holds.
    pub(super) fn atoms(&mut self, index: usize, mut numbers: Vec<usize>) -> Result<Function, LimitExceeded> {
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
