//! JSON (RFC 8259) from its first byte to its last, without memory of its own.
//!
//! It says that a text is malformed; [`why`](super::why) says it to people.

mod skip;
mod token;

use skip::skip;
use token::{is_space, next, plain, scalar, string};

/// The deepest that values may nest, as in `serde_json`.
pub(crate) const DEPTH: u32 = 127;

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// It is not JSON.
    Syntax,
    /// It nests more than [`DEPTH`] deep.
    TooDeep,
    /// The name that starts at this place is in the object already.
    Twin(usize),
    /// It has too many names.
    ManyKeys,
}

/// A text, and what is left of it.
#[derive(Debug, Clone)]
pub(crate) struct Scanner<'j> {
    json: &'j [u8],
    rest: &'j [u8],
}

/// A string, as it is written between its quotes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written<'j> {
    /// The bytes: UTF-8.
    pub(crate) bytes: &'j [u8],
    /// Whether there is a backslash among them.
    pub(crate) has_escapes: bool,
}

impl<'j> Scanner<'j> {
    pub(crate) fn new(json: &'j [u8]) -> Self {
        Self { json, rest: json }
    }

    /// The same from another place on.
    pub(crate) fn from(json: &'j [u8], at: usize) -> Self {
        let rest = json.get(at..).unwrap_or_default();
        Self { json, rest }
    }

    /// How far it is read.
    pub(crate) fn at(&self) -> usize {
        self.json.len().saturating_sub(self.rest.len())
    }

    /// What is still to be read.
    pub(crate) fn rest(&self) -> &'j [u8] {
        self.rest
    }

    /// Goes on by so many bytes.
    pub(crate) fn advance(&mut self, by: usize) {
        self.rest = self.rest.get(by..).unwrap_or_default();
    }

    /// A string without escapes, of which so many bytes are known to be plain ASCII, up to its last quote; its first one is read.
    #[inline]
    pub(crate) fn string_from(&mut self, known: usize) -> Option<&'j [u8]> {
        let rest = self.rest.get(known..)?;
        let mut after = plain(rest);
        if after.first() != Some(&b'"') {
            let (written, _) = string(rest).ok().filter(|(written, _)| !written.has_escapes)?;
            after = rest.get(written.bytes.len()..)?;
        }
        let text = self.rest.get(..self.rest.len().wrapping_sub(after.len()))?;
        self.rest = after;
        Some(text)
    }

    /// A number.
    pub(crate) fn number(&mut self) -> Option<&'j [u8]> {
        let (first, rest) = self.rest.split_first()?;
        let rest = match first {
            b'-' | b'0'..=b'9' => scalar(*first, rest).ok()?,
            _ => return None,
        };
        let text = self.rest.get(..self.rest.len().checked_sub(rest.len())?)?;
        self.rest = rest;
        Some(text)
    }

    /// What is read.
    pub(crate) fn json(&self) -> &'j [u8] {
        self.json
    }

    /// The next byte that is not white space, which is still to be read.
    #[inline]
    pub(crate) fn peek(&mut self) -> Result<u8, Malformed> {
        let (byte, after) = next(self.rest)?;
        // The byte itself is before what follows it.
        let left = after.len().wrapping_add(1);
        self.rest = self
            .rest
            .get(self.rest.len().wrapping_sub(left)..)
            .unwrap_or_default();
        Ok(byte)
    }

    /// The place of the next byte that is not white space.
    pub(crate) fn peek_at(&mut self) -> Result<usize, Malformed> {
        self.peek().map(|_| self.at())
    }

    /// The next byte that is not white space.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<u8, Malformed> {
        let (byte, rest) = next(self.rest)?;
        self.rest = rest;
        Ok(byte)
    }

    /// This byte, after white space.
    #[inline]
    pub(crate) fn expect(&mut self, expected: u8) -> Result<(), Malformed> {
        if self.next()? == expected {
            Ok(())
        } else {
            Err(Malformed::Syntax)
        }
    }

    /// Nothing but white space.
    pub(crate) fn end(&mut self) -> Result<(), Malformed> {
        match next(self.rest) {
            Err(_) if self.rest.iter().all(|byte| is_space(*byte)) => Ok(()),
            Ok(_) | Err(_) => Err(Malformed::Syntax),
        }
    }

    /// After the first byte of a list or an object, or after one of its entries: whether there is another one.
    #[inline]
    pub(crate) fn another(&mut self, is_first: bool, close: u8) -> Result<bool, Malformed> {
        let (byte, rest) = next(self.rest)?;
        if byte == close {
            self.rest = rest;
            return Ok(false);
        }
        if !is_first {
            if byte != b',' {
                return Err(Malformed::Syntax);
            }
            self.rest = rest;
        }
        Ok(true)
    }

    /// The name of an entry, with the colon after it.
    #[inline]
    pub(crate) fn name(&mut self) -> Result<Written<'j>, Malformed> {
        self.expect(b'"')?;
        let name = self.string()?;
        self.expect(b':')?;
        Ok(name)
    }

    /// The rest of a string whose first quote is read.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Written<'j>, Malformed> {
        let (written, rest) = string(self.rest)?;
        self.rest = rest;
        Ok(written)
    }

    /// A value, of which nothing is kept; `depth` is how deep it may nest.
    pub(crate) fn skip(&mut self, depth: u32) -> Result<(), Malformed> {
        let mut rest = self.rest;
        let skipped = skip(&mut rest, depth);
        self.rest = rest;
        skipped
    }

    /// The rest of a number, `true`, `false` or `null`, whose first byte is read.
    pub(crate) fn scalar(&mut self, first: u8) -> Result<(), Malformed> {
        self.rest = scalar(first, self.rest)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
