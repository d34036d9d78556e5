//! Passes over a value, and keeps nothing of it.

use super::Malformed;
use super::token::{next, scalar, string};

/// A value, after which `rest` begins; if it is malformed, what it must not begin with.
#[inline(always)]
pub(super) fn skip(rest: &mut &[u8], depth: u32) -> Result<(), Malformed> {
    let mut nesting = Nesting::default();
    loop {
        let (first, after) = next(rest)?;
        let is_open = match first {
            b'"' => {
                (_, *rest) = string(after)?;
                false
            }
            b'{' | b'[' => {
                nesting.open(first == b'{', depth)?;
                *rest = after;
                true
            }
            _ => {
                *rest = scalar(first, after)?;
                false
            }
        };
        if !nesting.next(rest, is_open)? {
            return Ok(());
        }
    }
}

/// The lists and objects that a value is in, the innermost the lowest bit: whether it is an object.
#[derive(Default)]
struct Nesting {
    objects: [u64; 2],
    depth: u32,
}

impl Nesting {
    #[inline(always)]
    fn open(&mut self, is_object: bool, most: u32) -> Result<(), Malformed> {
        if self.depth >= most {
            return Err(Malformed::TooDeep);
        }
        let [low, high] = self.objects;
        self.objects = [
            low.wrapping_shl(1) | u64::from(is_object),
            high.wrapping_shl(1) | low.wrapping_shr(63),
        ];
        self.depth = self.depth.wrapping_add(1);
        Ok(())
    }

    #[inline(always)]
    fn close(&mut self) {
        let [low, high] = self.objects;
        self.objects = [low.wrapping_shr(1) | high.wrapping_shl(63), high.wrapping_shr(1)];
        self.depth = self.depth.wrapping_sub(1);
    }

    /// Goes to the next value, after one, or after the first byte of a list or an object; whether there is one.
    #[inline(always)]
    fn next(&mut self, rest: &mut &[u8], mut is_open: bool) -> Result<bool, Malformed> {
        while self.depth > 0 {
            let is_object = self.objects[0] & 1 != 0;
            let (byte, after) = next(rest)?;
            if byte == if is_object { b'}' } else { b']' } {
                *rest = after;
                self.close();
                is_open = false;
                continue;
            }
            // The first one follows the bracket.
            let (byte, after) = match (is_open, byte) {
                (true, _) => (byte, after),
                (false, b',') => {
                    *rest = after;
                    if !is_object {
                        return Ok(true);
                    }
                    next(after)?
                }
                (false, _) => return Err(Malformed::Syntax),
            };
            if !is_object {
                return Ok(true);
            }
            if byte != b'"' {
                return Err(Malformed::Syntax);
            }
            let (_, after) = string(after)?;
            let (b':', after) = next(after)? else {
                return Err(Malformed::Syntax);
            };
            *rest = after;
            return Ok(true);
        }
        Ok(false)
    }
}
