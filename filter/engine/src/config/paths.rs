//! Paths that an application may read as another path are not established.

use memchr::{memchr, memchr2};

/// `paths` of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Paths {
    /// A path is what Envoy's normalisation leaves.
    #[default]
    Lenient,
    /// A path is not established if it has
    /// - an escape of a visible ASCII character, which Envoy leaves as it is and an application decodes (RFC 3986, section 2.2: of these,
    ///   reserved characters may mean something else decoded);
    /// - an escape in lower case, which is the same as the one in upper case and another text (section 6.2.2.1);
    /// - a `%` that begins no escape (section 2.1), or escapes that are not UTF-8 (section 2.5): some applications read `%u0061` or
    ///   `%C1%A1` as `a`, and some leave out what they cannot read;
    /// - a segment that is `.` or `..` once its `;parameters` are cut off, which servlet containers resolve.
    Strict,
}

impl Paths {
    pub(super) const WORDS: [(&str, Self); 2] = [("lenient", Self::Lenient), ("strict", Self::Strict)];

    /// Whether a path, with its query or without, is established.
    pub fn establish(self, path: &[u8]) -> bool {
        match self {
            Self::Lenient => true,
            Self::Strict => {
                let end = memchr2(b'?', b'#', path).unwrap_or(path.len());
                let path = path.get(..end).unwrap_or(path);
                has_plain_escapes(path) && !path.split(|byte| *byte == b'/').any(is_dot_segment)
            }
        }
    }
}

/// Whether each `%` begins the escapes of one character, in capital letters, that is not a visible ASCII character.
fn has_plain_escapes(path: &[u8]) -> bool {
    let mut rest = path;
    while let Some(at) = memchr(b'%', rest) {
        match rest.get(at..).and_then(after_character) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    true
}

/// What follows the escapes of one character in UTF-8 (RFC 3629), if that is what the text begins with.
fn after_character(text: &[u8]) -> Option<&[u8]> {
    let (first, mut rest) = escape(text)?;
    let mut bytes = [first, 0, 0, 0];
    let width = match first {
        0x00..=0x7F => 1,
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xFF => 4,
        0x80..=0xBF => return None,
    };
    for byte in bytes.iter_mut().take(width).skip(1) {
        (*byte, rest) = escape(rest)?;
    }
    let is_character = std::str::from_utf8(bytes.get(..width)?).is_ok();
    (is_character && !first.is_ascii_graphic()).then_some(rest)
}

/// The byte that an escape in capital letters stands for, and what follows it.
fn escape(text: &[u8]) -> Option<(u8, &[u8])> {
    let [b'%', high, low, rest @ ..] = text else {
        return None;
    };
    let digit = |byte: u8| {
        let value = (!byte.is_ascii_lowercase()).then(|| char::from(byte).to_digit(16));
        value.flatten().and_then(|value| u8::try_from(value).ok())
    };
    Some((digit(*high)? << 4 | digit(*low)?, rest))
}

/// Whether a segment is `.` or `..`, with parameters behind it or without.
pub fn is_dot_segment(segment: &[u8]) -> bool {
    matches!(
        segment,
        [b'.'] | [b'.', b';', ..] | [b'.', b'.'] | [b'.', b'.', b';', ..]
    )
}

#[cfg(test)]
mod tests {
    use super::Paths;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_is_read_in_two_ways_is_not_established() {
        for path in [
            "/wiki/Who%3F",
            "/a%3fb",
            "/%23x",
            "/%252e%252e/admin",
            "/100%25",
            "/%25ff?x",
            "/v1/items%3adelete",
            "/v1/items%3Adelete",
            "/a%2Bb",
            "/a%2fb",
            "/a%5cb",
            "/%61dmin",
            "/%21",
            "/%7e",
            "/%7E",
            "/%7f",
            "/%1f",
            "/b%c3%bccher",
            "/b%C3%bCcher",
            "/%%41",
            "/%2%41",
            "/%",
            "/%?x",
            "/%2",
            "/%3g",
            "/%g3",
            "/%u0061dmin",
            "/%C0%AE",
            "/%C1%A1dmin",
            "/%E0%81%A1dmin",
            "/%F0%80%81%A1dmin",
            "/%ED%A0%80",
            "/%F4%90%80%80",
            "/%F8%88%80%81%A1",
            "/%80",
            "/x%FF",
            "/%C3",
            "/%C3?%BC",
            "/%C3/%BC",
            "/%C3%20%BC",
            "/%C3%C3%BC",
            "/%C3%BC%BC",
            "/%E2%82",
            "/%E2%82x",
            "/%F0%9F%98",
            "/x/..;/admin",
            "/..;a=b/admin",
            "/.;a/b",
            "/x/..;",
            "/x/.",
            "/x/..?y",
            "/x/../y",
        ] {
            assert!(!Paths::Strict.establish(path.as_bytes()), "{path}");
            assert!(Paths::Lenient.establish(path.as_bytes()), "{path}");
        }
        for path in [
            "/",
            "/a?x=%3f&y=/..;/",
            "/a#%23/..",
            "/a%20b",
            "/%09",
            "/%1F",
            "/%7F",
            "/b%C3%BCcher",
            "/%E2%82%AC%F0%9F%98%80%C3%BC",
            "/%F4%8F%BF%BF%00",
            "/v1/items:delete",
            "/a;x=y/b",
            "/...;x",
            "/a..;x",
            "/.hidden",
            "/..a/.b;c",
            "/;..",
            "*",
            "",
        ] {
            assert!(Paths::Strict.establish(path.as_bytes()), "{path}");
        }
    }

    /// Each byte, in each spelling of its escape.
    #[test]
    fn escapes_of_other_characters_are_established_in_capital_letters() {
        for byte in 0..=u8::MAX {
            for digits in [format!("{byte:02x}"), format!("{byte:02X}")] {
                let escape = format!("/x%{digits}y");
                let is_small = digits.bytes().any(|digit| digit.is_ascii_lowercase());
                assert_eq!(
                    Paths::Strict.establish(escape.as_bytes()),
                    byte.is_ascii() && !byte.is_ascii_graphic() && !is_small,
                    "{escape}"
                );
            }
        }
    }

    /// Each character, of one byte to four.
    #[test]
    fn escapes_of_whole_characters_are_established() {
        for character in ('\u{80}'..=char::MAX).step_by(61) {
            let mut bytes = [0; 4];
            let escapes = |bytes: &[u8]| {
                bytes
                    .iter()
                    .map(|byte| format!("%{byte:02X}"))
                    .collect::<String>()
            };
            let whole = character.encode_utf8(&mut bytes).as_bytes();
            let path = escapes(whole);
            assert!(Paths::Strict.establish(path.as_bytes()), "{path}");
            let part = escapes(&whole[1..]);
            assert!(!Paths::Strict.establish(part.as_bytes()), "{part}");
        }
    }
}
