//! The tokens of JSON, each read from the start of what is left.

use super::{Malformed, Written};

/// The next byte that is not white space, and what follows it.
#[inline(always)]
pub(super) fn next(mut rest: &[u8]) -> Result<(u8, &[u8]), Malformed> {
    while let [byte, after @ ..] = rest {
        if *byte > b' ' {
            return Ok((*byte, after));
        }
        if !is_space(*byte) {
            break;
        }
        rest = after;
    }
    Err(Malformed::Syntax)
}

/// Whether it is white space between values.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t' | b'\r')
}

/// The rest of a string whose first quote is read, and what follows it.
#[inline(always)]
pub(super) fn string(start: &[u8]) -> Result<(Written<'_>, &[u8]), Malformed> {
    let after = plain(start);
    if let [b'"', tail @ ..] = after {
        let length = start.len().wrapping_sub(after.len());
        let bytes = start.get(..length).unwrap_or_default();
        let has_escapes = false;
        return Ok((Written { bytes, has_escapes }, tail));
    }
    unusual(start)
}

/// The same of one with escapes, spaces, or what is not ASCII, and at the end of the text.
#[inline(never)]
fn unusual(start: &[u8]) -> Result<(Written<'_>, &[u8]), Malformed> {
    let mut after = start;
    let (mut has_escapes, mut is_ascii) = (false, true);
    let rest = loop {
        after = plain(after);
        match after {
            [b'"', tail @ ..] => break tail,
            [b'\\', tail @ ..] => {
                has_escapes = true;
                after = escape(tail)?;
            }
            [..=0x1f, ..] | [] => return Err(Malformed::Syntax),
            [byte, tail @ ..] => {
                is_ascii &= byte.is_ascii();
                after = tail;
            }
        }
    };
    let length = start.len().wrapping_sub(after.len());
    let bytes = start.get(..length).unwrap_or_default();
    if !is_ascii && std::str::from_utf8(bytes).is_err() {
        return Err(Malformed::Syntax);
    }
    Ok((Written { bytes, has_escapes }, rest))
}

/// Eight times this byte.
const fn eight(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// From the next byte on that may end a string or is not plain text in it, eight bytes at a time; at the end of the text, from any place.
#[inline(always)]
pub(super) fn plain(mut rest: &[u8]) -> &[u8] {
    while let Some((word, after)) = rest.split_first_chunk() {
        let word = u64::from_le_bytes(*word);
        // What is below `#` (control characters, the space, `!` and the quote), a backslash, and what is not ASCII. A byte borrows from
        // those after it only if it is one of these itself.
        let low = word.wrapping_sub(eight(b'#'));
        let backslash = (word ^ eight(b'\\')).wrapping_sub(eight(1));
        let found = (low | backslash | word) & eight(0x80);
        if found != 0 {
            let before = usize::try_from(found.trailing_zeros().wrapping_shr(3)).unwrap_or(0);
            return rest.get(before..).unwrap_or_default();
        }
        rest = after;
    }
    rest
}

/// What follows an escape whose backslash is read.
#[cold]
fn escape(rest: &[u8]) -> Result<&[u8], Malformed> {
    match rest {
        [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', rest @ ..] => Ok(rest),
        [b'u', one, two, three, four, rest @ ..]
            if [one, two, three, four]
                .iter()
                .all(|digit| digit.is_ascii_hexdigit()) =>
        {
            Ok(rest)
        }
        _ => Err(Malformed::Syntax),
    }
}

/// What follows a number, `true`, `false` or `null`, whose first byte is read.
pub(super) fn scalar(first: u8, rest: &[u8]) -> Result<&[u8], Malformed> {
    let word: &[u8] = match first {
        b't' => b"rue",
        b'f' => b"alse",
        b'n' => b"ull",
        b'-' | b'0'..=b'9' => return number(first, rest),
        _ => return Err(Malformed::Syntax),
    };
    rest.strip_prefix(word).ok_or(Malformed::Syntax)
}

fn number(first: u8, mut rest: &[u8]) -> Result<&[u8], Malformed> {
    let first = if first == b'-' { digit(&mut rest)? } else { first };
    if first != b'0' {
        rest = digits(rest);
    }
    if let [b'.', after @ ..] = rest {
        rest = after;
        digit(&mut rest)?;
        rest = digits(rest);
    }
    if let [b'e' | b'E', after @ ..] = rest {
        rest = match after {
            [b'+' | b'-', after @ ..] => after,
            _ => after,
        };
        digit(&mut rest)?;
        rest = digits(rest);
    }
    Ok(rest)
}

fn digit(rest: &mut &[u8]) -> Result<u8, Malformed> {
    match *rest {
        [digit @ b'0'..=b'9', after @ ..] => {
            *rest = after;
            Ok(*digit)
        }
        _ => Err(Malformed::Syntax),
    }
}

fn digits(mut rest: &[u8]) -> &[u8] {
    while let [b'0'..=b'9', after @ ..] = rest {
        rest = after;
    }
    rest
}
