//! Documents that are like one before them: the same bytes, but for some values.
//!
//! The documents of a mesh are written by few hands and fewer templates. What a document has in common with one that was read need not be
//! read again: it is compared, eight bytes at a time. A value may differ where nothing but its text can change what the document comes to.

mod holes;

use crate::document::Scanner;

pub(crate) use holes::Part;
use holes::holes;

/// The largest number of documents that others are compared with, and of times that none was like the next one before no more are kept.
const MOST: usize = 8;
const MISSES: u32 = 64;

/// Larger documents are read.
const BYTES: usize = 16 * 1024;

/// A document, and where others may differ from it.
#[derive(Debug)]
pub(crate) struct Model<'j, T> {
    text: &'j [u8],
    holes: Vec<Hole>,
    /// What it came to.
    pub(crate) outcome: T,
}

/// Bytes of a document that may differ: a text between its quotes, or a number.
#[derive(Debug, Clone, Copy)]
struct Hole {
    start: usize,
    end: usize,
    part: Part,
}

/// A value that differs: what part of the document it is, its number among all that may, what it is instead, and how many of its first bytes
/// are the same.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change<'j> {
    pub(crate) part: Part,
    pub(crate) number: usize,
    pub(crate) text: &'j [u8],
    pub(crate) same: usize,
}

/// Documents that others are compared with.
#[derive(Debug)]
pub(crate) struct Models<'j, T> {
    known: Vec<Model<'j, T>>,
    misses: u32,
    changes: Vec<Change<'j>>,
}

impl<T> Default for Models<'_, T> {
    fn default() -> Self {
        Self {
            known: Vec::new(),
            misses: 0,
            changes: Vec::new(),
        }
    }
}

impl<'j, T> Models<'j, T> {
    /// Skips the next document if it is like a known one and `take` accepts it, and returns what `take` returned.
    pub(crate) fn find<R>(
        &mut self,
        scanner: &mut Scanner<'j>,
        mut take: impl FnMut(&T, &[Change<'j>]) -> Option<R>,
    ) -> Option<R> {
        for index in 0..self.known.len() {
            let Some(model) = self.known.get(index) else { break };
            self.changes.clear();
            if let Some(after) = model.fit(scanner, &mut self.changes)
                && let Some(taken) = take(&model.outcome, &self.changes)
            {
                *scanner = after;
                self.misses = self.misses.saturating_sub(1);
                // The next one is likely to be of the same kind.
                if index > 0 {
                    self.known.swap(0, index);
                }
                return Some(taken);
            }
        }
        None
    }

    /// Keeps a document that was read from one place to another, and in which nothing depends on the parts in `free`. `outcome` is what it
    /// came to; it gets the number, among the values that may differ, of one that it was read with.
    pub(crate) fn keep(
        &mut self,
        json: &'j [u8],
        from: usize,
        to: usize,
        free: &[Part],
        outcome: impl FnOnce(&dyn Fn(&[u8]) -> Option<usize>) -> T,
    ) {
        let text = json.get(from..to).unwrap_or_default();
        if self.misses >= MISSES || text.len() > BYTES {
            return;
        }
        self.misses = self.misses.saturating_add(1);
        let Some(mut holes) = holes(text) else { return };
        for hole in &mut holes {
            if free.contains(&hole.part) {
                hole.part = Part::Free;
            }
        }
        let number = |value: &[u8]| {
            let place = value.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
            holes.iter().position(|hole| hole.start == place)
        };
        let outcome = outcome(&number);
        let model = Model { text, holes, outcome };
        if self.known.len() >= MOST {
            self.known.pop();
        }
        self.known.insert(0, model);
    }
}

impl<'j, T> Model<'j, T> {
    /// Compares the next document with this one; what comes after it if they are alike. What nothing depends on is no change.
    fn fit(&self, scanner: &Scanner<'j>, changes: &mut Vec<Change<'j>>) -> Option<Scanner<'j>> {
        let mut scanner = scanner.clone();
        scanner.peek().ok()?;
        let mut holes = self.holes.iter();
        let mut at = 0;
        loop {
            let left = self.text.get(at..)?;
            let same = common(left, scanner.rest());
            if same == left.len() {
                scanner.advance(same);
                return Some(scanner);
            }
            at = at.saturating_add(same);
            let hole = holes.find(|hole| hole.end >= at)?;
            let before = at.checked_sub(hole.start)?;
            // Back to where it begins, which is the same as here.
            scanner.advance(same.checked_sub(before)?);
            let text = if hole.part == Part::Number {
                scanner.number()?
            } else {
                scanner.string_from(before)?
            };
            if !matches!(hole.part, Part::Free | Part::Number) {
                let (part, number) = (
                    hole.part,
                    self.holes.len().wrapping_sub(holes.len()).wrapping_sub(1),
                );
                changes.push(Change {
                    part,
                    number,
                    text,
                    same: before,
                });
            }
            at = hole.end;
        }
    }
}

/// How many bytes are the same from the start.
#[inline(never)]
fn common(one: &[u8], other: &[u8]) -> usize {
    let mut same = 0_usize;
    for (one, other) in one.as_chunks().0.iter().zip(other.as_chunks().0) {
        let more = common_of(one, other);
        same = same.wrapping_add(more);
        if more < 16 {
            return same;
        }
    }
    // The last sixteen once more, if there are so many.
    if let Some(last) = one.last_chunk()
        && let Some(other) = other.get(..one.len()).and_then(<[u8]>::last_chunk)
    {
        return one.len().wrapping_sub(16).wrapping_add(common_of(last, other));
    }
    let ends = one.get(same..).unwrap_or_default().iter();
    let ends = ends.zip(other.get(same..).unwrap_or_default());
    same.wrapping_add(ends.take_while(|(one, other)| one == other).count())
}

#[inline(always)]
fn common_of(one: &[u8; 16], other: &[u8; 16]) -> usize {
    let differs = u128::from_le_bytes(*one) ^ u128::from_le_bytes(*other);
    if differs == 0 {
        return 16;
    }
    usize::try_from(differs.trailing_zeros().wrapping_shr(3)).unwrap_or(0)
}

#[cfg(test)]
mod tests;
