//! Whether a path that an application may read as another one is established.

use memchr::{memchr, memchr2};

/// `paths` of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Paths {
    /// A path is what Envoy's normalisation leaves.
    #[default]
    Lenient,
    /// A path is not established if it has an escape of a visible ASCII character, which Envoy leaves as it is and an application
    /// decodes (RFC 3986, section 2.2: of these, reserved characters may mean something else decoded), an escape with small letters,
    /// which is the same as the one with capital letters and another text (section 6.2.2.1), or a segment that is `.` or `..` once its
    /// `;parameters` are cut off, which servlet containers resolve.
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
                !has_other_escape(path) && !path.split(|byte| *byte == b'/').any(is_dots)
            }
        }
    }
}

/// Whether an escape stands for one of the characters `!` (`%21`) to `~` (`%7E`), or has small letters.
fn has_other_escape(path: &[u8]) -> bool {
    let mut rest = path;
    while let Some(after) = memchr(b'%', rest).and_then(|at| rest.get(at..)?.get(1..)) {
        let other = match after {
            [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let is_visible = !matches!([*high, *low], [b'2', b'0'] | [b'7', b'F']);
                high.is_ascii_lowercase()
                    || low.is_ascii_lowercase()
                    || is_visible && (b'2'..=b'7').contains(high)
            }
            _ => false,
        };
        if other {
            return true;
        }
        rest = after;
    }
    false
}

/// Whether a segment is `.` or `..`, with parameters behind it or without.
fn is_dots(segment: &[u8]) -> bool {
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
            "/%80",
            "/b%C3%BCcher",
            "/%2",
            "/%",
            "/%3g",
            "/%g3",
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
                    !byte.is_ascii_graphic() && !is_small,
                    "{escape}"
                );
            }
        }
    }
}
