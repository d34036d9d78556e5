//! Path templates: `{*}` for one segment, `{**}` for any number of them.
//!
//! The semantics of Envoy's `uri_template` matcher, with `*` accepted as a path character as since CVE-2025-46821:
//! <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/path/match/uri_template/v3/uri_template_match.proto>.

use std::fmt;

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The part before `{**}`, or the whole template: literals and `{*}` in turns.
    head: Vec<Piece>,
    /// The literal after `{**}`, when there is one of those.
    tail: Option<Box<str>>,
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// This text.
    Literal(Box<str>),
    /// `{*}`: one character of a segment or more.
    Segment,
}

impl Piece {
    fn literal(&self) -> Option<&str> {
        match self {
            Self::Literal(literal) => Some(literal),
            Self::Segment => None,
        }
    }
}

/// Why a text is not a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TemplateError {
    NoLeadingSlash,
    Brace,
    NotAWholeSegment,
    AfterDoubleStar,
    EmptySegment,
    Character(char),
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLeadingSlash => f.write_str("a template must start with `/`"),
            Self::Brace => f.write_str("the only operators are `{*}` and `{**}`"),
            Self::NotAWholeSegment => {
                f.write_str("`{*}` and `{**}` must fill a whole segment between slashes")
            }
            Self::AfterDoubleStar => f.write_str("no operator may follow `{**}`"),
            Self::EmptySegment => f.write_str("a template must not contain `//`"),
            Self::Character(ch) => write!(f, "a template must not contain `{}`", ch.escape_default()),
        }
    }
}

impl Template {
    /// Whether Istio reads the value as a template rather than as a string match.
    pub(crate) fn is_one(value: &str) -> bool {
        value.contains('{') && (value.contains("{*}") || value.contains("{**}"))
    }

    /// Parses a value that [is one](Template::is_one).
    pub(crate) fn parse(value: &str) -> Result<Self, TemplateError> {
        let rest = value.strip_prefix('/').ok_or(TemplateError::NoLeadingSlash)?;
        let mut head = Vec::new();
        let mut literal = String::new();
        let mut any_depth = false;
        if rest.trim_matches('/').contains("//") {
            return Err(TemplateError::EmptySegment);
        }
        for segment in rest.split('/') {
            literal.push('/');
            match segment {
                "{*}" | "{**}" if any_depth => return Err(TemplateError::AfterDoubleStar),
                "{*}" => {
                    head.push(Piece::Literal(std::mem::take(&mut literal).into()));
                    head.push(Piece::Segment);
                }
                "{**}" => {
                    head.push(Piece::Literal(std::mem::take(&mut literal).into()));
                    any_depth = true;
                }
                plain if Self::is_one(plain) => return Err(TemplateError::NotAWholeSegment),
                plain if plain.contains(['{', '}']) => return Err(TemplateError::Brace),
                plain => {
                    if let Some(ch) = plain.chars().find(|ch| !is_literal(*ch)) {
                        return Err(TemplateError::Character(ch));
                    }
                    literal.push_str(plain);
                }
            }
        }
        let tail = if any_depth {
            Some(literal.into())
        } else {
            head.push(Piece::Literal(literal.into()));
            None
        };
        Ok(Self { head, tail })
    }

    /// The part before `{**}`, or the whole template.
    pub fn head(&self) -> &[Piece] {
        &self.head
    }

    /// The literal after `{**}`; `None` without one.
    pub fn tail(&self) -> Option<&str> {
        self.tail.as_deref()
    }

    /// Whether `{*}` matches a character; `{**}` matches `/` too.
    pub fn is_in_segment(byte: u8) -> bool {
        is_in_segment(byte)
    }

    /// The text that every matching path starts with, and the one that it ends with, if the template has one.
    pub(crate) fn ends(&self) -> (&str, Option<&str>) {
        let start = self.head.first().and_then(Piece::literal).unwrap_or_default();
        let end = match &self.tail {
            Some(tail) => Some(&**tail),
            None => self.head.last().and_then(Piece::literal),
        };
        (start, end)
    }

    /// Whether the whole `path` matches.
    pub(crate) fn matches(&self, path: &[u8]) -> bool {
        let mut rest = path;
        for piece in &self.head {
            let after = match piece {
                Piece::Literal(literal) => rest.strip_prefix(literal.as_bytes()),
                Piece::Segment => {
                    let end = rest
                        .iter()
                        .position(|byte| !is_in_segment(*byte))
                        .unwrap_or(rest.len());
                    rest.get(end..).filter(|_| end > 0)
                }
            };
            match after {
                Some(after) => rest = after,
                None => return false,
            }
        }
        match &self.tail {
            None => rest.is_empty(),
            Some(tail) => {
                let between = rest.strip_suffix(tail.as_bytes());
                between.is_some_and(|text| text.iter().all(|byte| *byte == b'/' || is_in_segment(*byte)))
            }
        }
    }
}

fn is_literal(ch: char) -> bool {
    ch.is_ascii() && ch != '*' && u8::try_from(ch).is_ok_and(is_in_segment)
}

/// The characters of a segment: letters, digits and `-._~%!$&'()+,;:@=*`.
fn is_in_segment(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()+,;:@=*".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::{Template, TemplateError};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn matches(template: &str, path: &str) -> bool {
        Template::parse(template).unwrap().matches(path.as_bytes())
    }

    #[test]
    fn one_star_is_one_segment() {
        assert!(matches("/a/{*}/c", "/a/b/c") && matches("/a/{*}", "/a/%20*"));
        for path in ["/a//c", "/a/b/b/c", "/a/c", "/a/b/c/", "/a/b/cc", "xa/b/c"] {
            assert!(!matches("/a/{*}/c", path), "{path}");
        }
        assert!(matches("/{*}/{*}", "/x/y") && !matches("/{*}/{*}", "/x/"));
    }

    #[test]
    fn two_stars_are_any_number() {
        assert!(matches("/a/{**}", "/a/") && matches("/a/{**}", "/a/b/c") && !matches("/a/{**}", "/a"));
        assert!(
            matches("/s/{**}/c", "/s//c")
                && matches("/s/{**}/c", "/s/x/y/c")
                && !matches("/s/{**}/c", "/s/c")
        );
        assert!(!matches("/a/{**}", "/a/b?c") && !matches("/a/{**}", "/a/\u{e9}"));
    }

    #[test]
    fn refuses_what_is_no_template() {
        let cases = [
            ("a/{*}", TemplateError::NoLeadingSlash),
            ("/a{*}", TemplateError::NotAWholeSegment),
            ("/{*}.html", TemplateError::NotAWholeSegment),
            ("/{**}/{*}", TemplateError::AfterDoubleStar),
            ("/{**}/{**}", TemplateError::AfterDoubleStar),
            ("/{*}/{x}", TemplateError::Brace),
            ("/a//{*}", TemplateError::EmptySegment),
            ("/{*}/*", TemplateError::Character('*')),
            ("/{*}/a b", TemplateError::Character(' ')),
        ];
        for (text, error) in cases {
            assert_eq!(Template::parse(text), Err(error), "{text}");
        }
    }
}
