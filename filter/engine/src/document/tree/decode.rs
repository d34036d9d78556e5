//! Strings with escapes.

use crate::document::scanner::Malformed;

/// Writes what a string of JSON stands for, whose escapes are known to be escapes.
pub(crate) fn decode(written: &[u8], into: &mut String) -> Result<(), Malformed> {
    let mut rest = std::str::from_utf8(written).map_err(|_| Malformed::Syntax)?;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        into.push_str(plain);
        let mut characters = escaped.chars();
        let decoded = match characters.next().ok_or(Malformed::Syntax)? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let (first, after) = unit(characters.as_str())?;
                characters = after.chars();
                match char::from_u32(first) {
                    Some(character) => character,
                    // Half of a pair.
                    None => {
                        let (second, after) = unit(after.strip_prefix("\\u").ok_or(Malformed::Syntax)?)?;
                        characters = after.chars();
                        pair(first, second)?
                    }
                }
            }
            itself => itself,
        };
        into.push(decoded);
        rest = characters.as_str();
    }
    into.push_str(rest);
    Ok(())
}

/// Four hexadecimal digits, and what follows them.
fn unit(text: &str) -> Result<(u32, &str), Malformed> {
    let (digits, rest) = text.split_at_checked(4).ok_or(Malformed::Syntax)?;
    let number = u32::from_str_radix(digits, 16).map_err(|_| Malformed::Syntax)?;
    Ok((number, rest))
}

/// A character beyond the first 65,536, of its two halves (<https://www.unicode.org/versions/latest/core-spec/chapter-3/#G2630>).
fn pair(first: u32, second: u32) -> Result<char, Malformed> {
    let (high, low) = (first.wrapping_sub(0xd800), second.wrapping_sub(0xdc00));
    if high >= 0x400 || low >= 0x400 {
        return Err(Malformed::Syntax);
    }
    let number = 0x1_0000_u32.wrapping_add(high.wrapping_shl(10)).wrapping_add(low);
    char::from_u32(number).ok_or(Malformed::Syntax)
}

#[cfg(test)]
mod tests {
    use super::decode;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn decoded(written: &str) -> Option<String> {
        let mut text = String::new();
        decode(written.as_bytes(), &mut text).ok().map(|()| text)
    }

    #[test]
    fn says_what_an_escape_stands_for() {
        for (written, text) in [
            ("plain", "plain"),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r"a\u00e9b\u20ac", "a\u{e9}b\u{20ac}"),
            (r"\ud83d\ude00!", "\u{1f600}!"),
            (r"\uFFFF", "\u{ffff}"),
        ] {
            assert_eq!(decoded(written).as_deref(), Some(text), "{written}");
        }
    }

    #[test]
    fn refuses_half_a_character() {
        for written in [
            r"\ud83d",
            r"\ud83dx",
            r"\ud83d\n",
            r"\ude00",
            r"\ud83d\ud83d",
            r"\ud83d\u0041",
        ] {
            assert_eq!(decoded(written), None, "{written}");
        }
    }
}
