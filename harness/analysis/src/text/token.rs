//! Patterns as sequences of tokens, which an automaton reads.

use peerwarden_engine::meaning::{PathPattern, PeerPattern, Piece, Template, TextPattern};

/// A set of characters that behave alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum CharSet {
    /// Any character.
    Any,
    /// Any character except a line break and NUL: the contents of a line in a request.
    Line,
    /// As `Line`, except space and tab: the first and last characters of a header's value.
    ValueEnd,
    /// As `Line`, except a dot: the last character of a server name.
    NameEnd,
    /// Visible ASCII.
    Visible,
    /// ASCII, as in the names of a certificate.
    Ascii,
    /// Any character except a slash.
    NotSlash,
    /// Any character except `?` and `#`: a path without its query.
    NotQuery,
    /// `?` and `#`.
    Query,
    /// The characters that `{*}` matches.
    Segment,
    /// The characters that `{**}` matches.
    Segments,
    /// In a trust domain (<https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md#21-trust-domain>).
    TrustDomain,
    /// In a segment of a SPIFFE ID's path.
    Name,
    /// In a method: the token of RFC 9110.
    Token,
    /// As `Token`, except lower-case letters: in a method.
    Method,
    /// In the methods that exist.
    Upper,
    /// In a host as it is usually written, including its port.
    Host,
    /// In a host's name, in any case.
    HostName,
    /// In an IPv6 address.
    Address,
    /// In a port.
    Digit,
    /// Hexadecimal digits.
    Hex,
    /// Lower-case hexadecimal letters.
    HexSmall,
    /// Hexadecimal digits except `0`.
    HexNotZero,
    /// Hexadecimal digits except `f`.
    HexNotF,
    /// The digits 3 to 6.
    ThreeToSix,
    /// A character that ends the name of a path segment.
    SegmentEnd,
    /// Any but a hexadecimal digit.
    NotHex,
    /// Any but `%`.
    NotPercent,
    /// Any of a path without its query but `%` and hexadecimal digits.
    Plain,
    /// The first digit of the escape of an ASCII character.
    AsciiDigit,
    /// The first digit of the escape of a byte that continues a character in UTF-8.
    ContinuationDigit,
    /// Any but that.
    NotContinuationDigit,
    /// The first digit of the escape of a byte that begins a character of two bytes, three or four.
    LeadDigit,
    /// The same of three or four.
    LongLeadDigit,
    /// The same of two.
    ShortLeadDigit,
    /// The second digit of the escape of a byte, `%F5` to `%FF`, that is in no character.
    BeyondUnicode,
}

impl CharSet {
    pub(crate) fn contain(self, ch: char) -> bool {
        let lower_or_digit = ch.is_ascii_lowercase() || ch.is_ascii_digit();
        match self {
            CharSet::Any => true,
            CharSet::Line => !matches!(ch, '\r' | '\n' | '\0'),
            CharSet::ValueEnd => CharSet::Line.contain(ch) && !matches!(ch, ' ' | '\t'),
            CharSet::NameEnd => CharSet::Line.contain(ch) && ch != '.',
            CharSet::Visible => ch.is_ascii_graphic(),
            CharSet::Ascii => ch.is_ascii() && !matches!(ch, '\r' | '\n' | '\0'),
            CharSet::NotSlash => ch != '/',
            CharSet::NotQuery => !matches!(ch, '?' | '#'),
            CharSet::Query => matches!(ch, '?' | '#'),
            CharSet::Segment => u8::try_from(ch).is_ok_and(Template::is_in_segment),
            CharSet::Segments => ch == '/' || CharSet::Segment.contain(ch),
            CharSet::TrustDomain => lower_or_digit || "-._".contains(ch),
            CharSet::Name => ch.is_ascii_alphanumeric() || "-._".contains(ch),
            CharSet::Token => ch.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(ch),
            CharSet::Method => CharSet::Token.contain(ch) && !ch.is_ascii_lowercase(),
            CharSet::Upper => ch.is_ascii_uppercase(),
            CharSet::Host => lower_or_digit || "-.:".contains(ch),
            CharSet::HostName => ch.is_ascii_alphanumeric() || "-_.".contains(ch),
            CharSet::Address => ch.is_ascii_hexdigit() || ":.".contains(ch),
            CharSet::Digit => ch.is_ascii_digit(),
            CharSet::Hex => ch.is_ascii_hexdigit(),
            CharSet::HexSmall => matches!(ch, 'a'..='f'),
            CharSet::HexNotZero => ch.is_ascii_hexdigit() && ch != '0',
            CharSet::HexNotF => ch.is_ascii_hexdigit() && !matches!(ch, 'f' | 'F'),
            CharSet::ThreeToSix => matches!(ch, '3'..='6'),
            CharSet::SegmentEnd => matches!(ch, '/' | ';' | '?' | '#'),
            CharSet::NotHex => !ch.is_ascii_hexdigit(),
            CharSet::NotPercent => ch != '%',
            CharSet::Plain => !ch.is_ascii_hexdigit() && !matches!(ch, '%' | '?' | '#'),
            CharSet::AsciiDigit => matches!(ch, '0'..='7'),
            CharSet::ContinuationDigit => matches!(ch, '8' | '9' | 'A' | 'B'),
            CharSet::NotContinuationDigit => !CharSet::ContinuationDigit.contain(ch),
            CharSet::LeadDigit => matches!(ch, 'C'..='F'),
            CharSet::LongLeadDigit => matches!(ch, 'E' | 'F'),
            CharSet::ShortLeadDigit => matches!(ch, 'C' | 'D'),
            CharSet::BeyondUnicode => ch.is_ascii_hexdigit() && !matches!(ch, '0'..='4'),
        }
    }
}

/// One step of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Token {
    /// This character.
    Char(char),
    /// This character, given in lower case, in either case.
    AnyCase(char),
    /// One character of the set.
    One(CharSet),
    /// Any number of characters of the set.
    Many(CharSet),
}

/// A pattern: a text matches if one of these sequences matches all of it.
pub(crate) type Tokens = Vec<Vec<Token>>;

/// The characters of a literal.
pub(crate) fn literal(text: &str) -> impl Iterator<Item = Token> {
    text.chars().map(Token::Char)
}

/// The sequences of `parts`, joined.
pub(super) fn sequence(parts: impl IntoIterator<Item = Vec<Token>>) -> Vec<Token> {
    parts.into_iter().flatten().collect()
}

fn chars(text: &str) -> Vec<Token> {
    literal(text).collect()
}

/// A text match over `any`, the characters that the text may have.
pub(crate) fn text(pattern: &TextPattern, any: CharSet) -> Vec<Token> {
    match pattern {
        TextPattern::Exact(exact) => chars(exact),
        TextPattern::Prefix(prefix) => sequence([chars(prefix), vec![Token::Many(any)]]),
        TextPattern::Suffix(suffix) => sequence([vec![Token::Many(any)], chars(suffix)]),
        TextPattern::NonEmpty => vec![Token::One(any), Token::Many(any)],
        TextPattern::Exists => vec![Token::Many(any)],
    }
}

/// The same for a host, which is case-insensitive.
pub(crate) fn host(pattern: &TextPattern) -> Vec<Token> {
    let folded = |token| match token {
        Token::Char(ch) if ch.is_ascii_alphabetic() => Token::AnyCase(ch.to_ascii_lowercase()),
        Token::Char(_) | Token::AnyCase(_) | Token::One(_) | Token::Many(_) => token,
    };
    text(pattern, CharSet::Any).into_iter().map(folded).collect()
}

/// A value of `paths` against a path with its query: it matches up to the first `?` or `#`.
pub(crate) fn path(pattern: &PathPattern) -> Tokens {
    let tokens = match pattern {
        PathPattern::Text(pattern) => text(pattern, CharSet::NotQuery),
        PathPattern::Template(template) => self::template(template),
    };
    // A pattern with `?` or `#` itself refers to the part that is cut off.
    if tokens.iter().any(|token| matches!(token, Token::Char('?' | '#'))) {
        return Vec::new();
    }
    let query = vec![Token::One(CharSet::Query), Token::Many(CharSet::Any)];
    vec![tokens.clone(), sequence([tokens, query])]
}

fn template(template: &Template) -> Vec<Token> {
    let mut tokens = Vec::new();
    for piece in template.head() {
        match piece {
            Piece::Literal(text) => tokens.extend(literal(text)),
            Piece::Segment => tokens.extend([Token::One(CharSet::Segment), Token::Many(CharSet::Segment)]),
        }
    }
    if let Some(tail) = template.tail() {
        tokens.push(Token::Many(CharSet::Segments));
        tokens.extend(literal(tail));
    }
    tokens
}

const SCHEME: &str = "spiffe://";

/// The pattern of an identity field for a name.
pub(crate) fn peer(pattern: &PeerPattern) -> Tokens {
    let any = || vec![Token::Many(CharSet::Any)];
    let some = || vec![Token::One(CharSet::Any), Token::Many(CharSet::Any)];
    match pattern {
        PeerPattern::Exact(uri) => vec![chars(uri)],
        PeerPattern::Prefix(start) => vec![sequence([chars(start), any()])],
        PeerPattern::Suffix(end) => vec![sequence([chars(SCHEME), any(), chars(end)])],
        PeerPattern::NonEmpty => vec![some()],
        PeerPattern::Namespace(part) => vec![sequence([any(), chars(part), any()])],
        PeerPattern::NamespaceGlob(parts) => {
            let parts = parts.iter().flat_map(|part| [chars(part), any()]);
            vec![sequence(std::iter::once(any()).chain(parts))]
        }
        PeerPattern::ServiceAccount { namespace, name } => {
            let start = sequence([chars(SCHEME), some(), chars(namespace)]);
            let between = [Vec::new(), sequence([some(), chars("/")])];
            let after = [Vec::new(), sequence([chars("/"), some()])];
            let ways = between.iter().flat_map(|between| {
                let start = &start;
                after
                    .iter()
                    .map(move |after| sequence([start.clone(), between.clone(), chars(name), after.clone()]))
            });
            ways.collect()
        }
        PeerPattern::AnyTrustDomain => vec![sequence([chars(SCHEME), any()])],
        PeerPattern::TrustDomain(domain) => {
            vec![sequence([
                chars(SCHEME),
                text(domain, CharSet::NotSlash),
                chars("/"),
                any(),
            ])]
        }
    }
}
