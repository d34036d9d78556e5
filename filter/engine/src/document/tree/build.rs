//! From JSON, or from a tree of another kind, to a [`Tree`].

use std::collections::BTreeSet;

use super::decode::decode;
use super::{Entry, START_BITS, Tree, kind};
use crate::document::scanner::{DEPTH, Malformed, Scanner, Written};
use crate::document::value::Value;

/// The largest number of names that are compared one by one; more are sorted.
const FEW: usize = 16;

impl<'j> Tree<'j> {
    /// Replaces what was here by the next value; `depth` is how deep it may nest.
    pub(crate) fn read(&mut self, scanner: &mut Scanner<'j>, depth: u32) -> Result<(), Malformed> {
        self.clear();
        self.json = scanner.json();
        self.value(scanner, depth)
    }

    /// Reads a document, which stands in a list in an object.
    pub(crate) fn read_document(&mut self, scanner: &mut Scanner<'j>) -> Result<(), Malformed> {
        self.read(scanner, DEPTH.wrapping_sub(2))
    }

    /// The same of a tree of another kind.
    pub(crate) fn copy<S: AsRef<str>>(&mut self, value: &Value<S>) -> Result<(), Malformed> {
        self.clear();
        self.add(value)
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.decoded.clear();
    }

    fn push(&mut self, kind: u32, start: usize, length: usize) -> Result<(), Malformed> {
        let start = u32::try_from(start).map_err(|_| Malformed::Syntax)?;
        if start.wrapping_shr(START_BITS) != 0 {
            return Err(Malformed::Syntax);
        }
        self.entries.push(Entry {
            what: kind.wrapping_shl(START_BITS) | start,
            length: u32::try_from(length).map_err(|_| Malformed::Syntax)?,
        });
        Ok(())
    }

    fn text(&mut self, written: Written<'j>, start: usize) -> Result<(), Malformed> {
        if !written.has_escapes {
            return self.push(kind::TEXT, start, written.bytes.len());
        }
        let start = self.decoded.len();
        decode(written.bytes, &mut self.decoded)?;
        self.push(kind::DECODED, start, self.decoded.len().saturating_sub(start))
    }

    /// What follows now is not in the list or object at this place any more.
    fn close(&mut self, at: usize) -> Result<(), Malformed> {
        let inner = self.entries.len().saturating_sub(at).saturating_sub(1);
        self.entries.get_mut(at).ok_or(Malformed::Syntax)?.length =
            u32::try_from(inner).map_err(|_| Malformed::Syntax)?;
        Ok(())
    }

    fn value(&mut self, scanner: &mut Scanner<'j>, depth: u32) -> Result<(), Malformed> {
        match scanner.next()? {
            b'"' => {
                let start = scanner.at();
                let written = scanner.string()?;
                self.text(written, start)
            }
            b'{' => self.object(scanner, depth.checked_sub(1).ok_or(Malformed::TooDeep)?),
            b'[' => {
                let depth = depth.checked_sub(1).ok_or(Malformed::TooDeep)?;
                let at = self.entries.len();
                self.push(kind::LIST, 0, 0)?;
                let mut is_first = true;
                while scanner.another(is_first, b']')? {
                    self.value(scanner, depth)?;
                    is_first = false;
                }
                self.close(at)
            }
            first => {
                let start = scanner.at().wrapping_sub(1);
                scanner.scalar(first)?;
                match first {
                    b'n' => self.push(kind::NULL, 0, 0),
                    b't' => self.push(kind::BOOL, 0, 1),
                    b'f' => self.push(kind::BOOL, 0, 0),
                    _ => self.push(kind::NUMBER, start, scanner.at().wrapping_sub(start)),
                }
            }
        }
    }

    /// The rest of an object whose brace is read.
    fn object(&mut self, scanner: &mut Scanner<'j>, depth: u32) -> Result<(), Malformed> {
        let at = self.entries.len();
        self.push(kind::OBJECT, 0, 0)?;
        let mut names = Names::default();
        let mut is_first = true;
        while scanner.another(is_first, b'}')? {
            is_first = false;
            let place = self.entries.len();
            let start = scanner.peek_at()?.wrapping_add(1);
            let written = scanner.name()?;
            self.text(written, start)?;
            if names.may_be_known(written) {
                self.refuse_twin(at, place, start)?;
            }
            self.value(scanner, depth)?;
        }
        self.close(at)?;
        if names.count > FEW {
            self.refuse_twins(at, scanner.at())?;
        }
        Ok(())
    }

    /// Compares the last name with those before it, unless there are many.
    fn refuse_twin(&self, object: usize, place: usize, start: usize) -> Result<(), Malformed> {
        let last = self.entries.get(place).and_then(|entry| self.bytes(*entry));
        let before = self
            .entries
            .get(object.saturating_add(1)..place)
            .unwrap_or_default();
        if self.names(before).take(FEW).any(|(name, _)| Some(name) == last) {
            return Err(Malformed::Twin(start));
        }
        Ok(())
    }

    /// Compares all names of an object.
    #[cold]
    fn refuse_twins(&self, object: usize, after: usize) -> Result<(), Malformed> {
        let entries = self.entries.get(object.saturating_add(1)..).unwrap_or_default();
        // Not by a hash: whoever knows it could write names that collide.
        let mut known = BTreeSet::new();
        for (name, entry) in self.names(entries) {
            if !known.insert(name) {
                let is_written = entry.kind() == kind::TEXT;
                return Err(Malformed::Twin(if is_written { entry.start() } else { after }));
            }
        }
        Ok(())
    }

    /// The names of an object that has these entries.
    fn names<'t>(&'t self, mut entries: &'t [Entry]) -> impl Iterator<Item = (&'t [u8], Entry)> {
        std::iter::from_fn(move || {
            let [name, value, rest @ ..] = entries else {
                return None;
            };
            entries = rest.get(value.inner()..).unwrap_or_default();
            Some((self.bytes(*name)?, *name))
        })
    }

    fn add<S: AsRef<str>>(&mut self, value: &Value<S>) -> Result<(), Malformed> {
        match value {
            Value::Null => self.push(kind::NULL, 0, 0),
            Value::Bool(truth) => self.push(kind::BOOL, 0, usize::from(*truth)),
            Value::Number(_) => self.push(kind::NUMBER, 0, 0),
            Value::String(text) => self.add_text(text.as_ref()),
            Value::List(items) => {
                let at = self.entries.len();
                self.push(kind::LIST, 0, 0)?;
                items.iter().try_for_each(|item| self.add(item))?;
                self.close(at)
            }
            Value::Object(fields) => {
                let at = self.entries.len();
                self.push(kind::OBJECT, 0, 0)?;
                for (name, value) in fields {
                    self.add_text(name.as_ref())?;
                    self.add(value)?;
                }
                self.close(at)?;
                self.refuse_twins(at, 0)
            }
        }
    }

    fn add_text(&mut self, text: &str) -> Result<(), Malformed> {
        let start = self.decoded.len();
        self.decoded.push_str(text);
        self.push(kind::DECODED, start, text.len())
    }
}

/// The names of one object, by length and first byte.
#[derive(Default)]
struct Names {
    seen: u64,
    count: usize,
}

impl Names {
    /// Whether one before it may be the same.
    fn may_be_known(&mut self, name: Written<'_>) -> bool {
        self.count = self.count.saturating_add(1);
        // What has escapes is of another length than what it stands for.
        if name.has_escapes || self.seen == u64::MAX {
            self.seen = u64::MAX;
            return true;
        }
        let first = name.bytes.first().copied().map_or(0, u32::from);
        let length = u32::try_from(name.bytes.len()).unwrap_or(0);
        let bit = 1_u64.wrapping_shl(first.wrapping_mul(7).wrapping_add(length));
        let known = self.seen & bit != 0;
        self.seen |= bit;
        known
    }
}
