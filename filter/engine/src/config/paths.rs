//! Whether a path that an application may decode once more is established.

use memchr::{memchr, memchr2};

/// `paths` of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Paths {
    /// A path is what Envoy's normalisation leaves.
    #[default]
    Lenient,
    /// A path with `%3f`, `%23` or `%25` and two hexadecimal digits is not established: to an application that decodes it before it
    /// splits it, or twice, it is another one.
    Strict,
}

impl Paths {
    pub(super) const WORDS: [(&str, Self); 2] = [("lenient", Self::Lenient), ("strict", Self::Strict)];

    /// Whether a path, with its query or without, is established.
    pub(crate) fn establish(self, path: &[u8]) -> bool {
        match self {
            Self::Lenient => true,
            Self::Strict => !hides_more(path),
        }
    }
}

fn hides_more(path: &[u8]) -> bool {
    let end = memchr2(b'?', b'#', path).unwrap_or(path.len());
    let mut rest = path.get(..end).unwrap_or(path);
    while let Some(after) = memchr(b'%', rest).and_then(|at| rest.get(at..)?.get(1..)) {
        let hides = match after {
            [b'3', b'f' | b'F', ..] | [b'2', b'3', ..] => true,
            [b'2', b'5', one, other, ..] => one.is_ascii_hexdigit() && other.is_ascii_hexdigit(),
            _ => false,
        };
        if hides {
            return true;
        }
        rest = after;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::Paths;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_is_decoded_again_is_not_established() {
        for path in [
            "/wiki/Who%3F",
            "/a%3fb",
            "/%23x",
            "/%252e%252e/admin",
            "/a%25zz%2541",
            "/%25ff?x",
        ] {
            assert!(!Paths::Strict.establish(path.as_bytes()), "{path}");
            assert!(Paths::Lenient.establish(path.as_bytes()), "{path}");
        }
        for path in [
            "/",
            "/a?x=%3f",
            "/a#%23",
            "/100%25",
            "/100%25%20off",
            "/a%2fb",
            "/%2",
            "/%",
            "/%25f",
            "*",
            "",
        ] {
            assert!(Paths::Strict.establish(path.as_bytes()), "{path}");
        }
    }
}
