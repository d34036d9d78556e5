//! A pattern as a sequence of tokens: what an automaton reads.

use peerwarden_engine::meaning::{PathPattern, PeerPattern, Piece, Template, TextPattern};

/// Characters that behave alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Chars {
    /// Any at all.
    Any,
    /// Any but a line break and NUL: what a line of a request can have.
    Line,
    /// The same, but neither a space nor a tab: what a header's value can begin and end with.
    ValueEnd,
    /// The same as in a line, but no dot: what a server name ends with.
    NameEnd,
    /// Visible ASCII.
    Visible,
    /// ASCII, as in the names of a certificate.
    Ascii,
    /// Any but a slash.
    NotSlash,
    /// Any but `?` and `#`: a path without its query.
    NotQuery,
    /// `?` and `#`.
    Query,
    /// What `{*}` stands for.
    Segment,
    /// What `{**}` stands for.
    Segments,
    /// Of a trust domain (<https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md#21-trust-domain>).
    TrustDomain,
    /// Of a segment of a SPIFFE ID's path.
    Name,
    /// Of a method: a token of RFC 9110.
    Token,
    /// The same but for small letters: of a method.
    Method,
    /// Of the methods that there are.
    Upper,
    /// Of a host, as it is usually written, its port included.
    Host,
    /// Of a host's name, in any case.
    HostName,
    /// Of an IPv6 address.
    Address,
    /// Of a port.
    Digit,
    /// Hexadecimal digits.
    Hex,
    /// Those of them that are small letters.
    HexSmall,
    /// Hexadecimal digits but for `0`.
    HexNotZero,
    /// The same but for `f`.
    HexNotF,
    /// The digits 3 to 6.
    ThreeToSix,
    /// What ends the name of a path's segment.
    SegmentEnd,
}

impl Chars {
    pub(crate) fn contain(self, ch: char) -> bool {
        let lower_or_digit = ch.is_ascii_lowercase() || ch.is_ascii_digit();
        match self {
            Chars::Any => true,
            Chars::Line => !matches!(ch, '\r' | '\n' | '\0'),
            Chars::ValueEnd => Chars::Line.contain(ch) && !matches!(ch, ' ' | '\t'),
            Chars::NameEnd => Chars::Line.contain(ch) && ch != '.',
            Chars::Visible => ch.is_ascii_graphic(),
            Chars::Ascii => ch.is_ascii() && !matches!(ch, '\r' | '\n' | '\0'),
            Chars::NotSlash => ch != '/',
            Chars::NotQuery => !matches!(ch, '?' | '#'),
            Chars::Query => matches!(ch, '?' | '#'),
            Chars::Segment => u8::try_from(ch).is_ok_and(Template::is_in_segment),
            Chars::Segments => ch == '/' || Chars::Segment.contain(ch),
            Chars::TrustDomain => lower_or_digit || "-._".contains(ch),
            Chars::Name => ch.is_ascii_alphanumeric() || "-._".contains(ch),
            Chars::Token => ch.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(ch),
            Chars::Method => Chars::Token.contain(ch) && !ch.is_ascii_lowercase(),
            Chars::Upper => ch.is_ascii_uppercase(),
            Chars::Host => lower_or_digit || "-.:".contains(ch),
            Chars::HostName => ch.is_ascii_alphanumeric() || "-_.".contains(ch),
            Chars::Address => ch.is_ascii_hexdigit() || ":.".contains(ch),
            Chars::Digit => ch.is_ascii_digit(),
            Chars::Hex => ch.is_ascii_hexdigit(),
            Chars::HexSmall => matches!(ch, 'a'..='f'),
            Chars::HexNotZero => ch.is_ascii_hexdigit() && ch != '0',
            Chars::HexNotF => ch.is_ascii_hexdigit() && !matches!(ch, 'f' | 'F'),
            Chars::ThreeToSix => matches!(ch, '3'..='6'),
            Chars::SegmentEnd => matches!(ch, '/' | ';' | '?' | '#'),
        }
    }
}

/// One step of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Token {
    /// This character.
    Char(char),
    /// This one, given in lower case, in either case.
    AnyCase(char),
    /// One of these.
    One(Chars),
    /// None of these, one, or several.
    Many(Chars),
}

/// A pattern: a text matches if the tokens of one of these sequences use it up.
pub(crate) type Tokens = Vec<Vec<Token>>;

/// Each character of a literal.
pub(crate) fn literal(text: &str) -> impl Iterator<Item = Token> {
    text.chars().map(Token::Char)
}

/// `parts` one after another, once with each.
fn sequence(parts: impl IntoIterator<Item = Vec<Token>>) -> Vec<Token> {
    parts.into_iter().flatten().collect()
}

fn chars(text: &str) -> Vec<Token> {
    literal(text).collect()
}

/// A text match over `any`, the characters that the text may have.
pub(crate) fn text(pattern: &TextPattern, any: Chars) -> Vec<Token> {
    match pattern {
        TextPattern::Exact(exact) => chars(exact),
        TextPattern::Prefix(prefix) => sequence([chars(prefix), vec![Token::Many(any)]]),
        TextPattern::Suffix(suffix) => sequence([vec![Token::Many(any)], chars(suffix)]),
        TextPattern::NonEmpty => vec![Token::One(any), Token::Many(any)],
        TextPattern::Exists => vec![Token::Many(any)],
    }
}

/// The same for a host, whose case does not count.
pub(crate) fn host(pattern: &TextPattern) -> Vec<Token> {
    let folded = |token| match token {
        Token::Char(ch) if ch.is_ascii_alphabetic() => Token::AnyCase(ch.to_ascii_lowercase()),
        Token::Char(_) | Token::AnyCase(_) | Token::One(_) | Token::Many(_) => token,
    };
    text(pattern, Chars::Any).into_iter().map(folded).collect()
}

/// A value of `paths` over a path with its query: it counts up to the first `?` or `#`.
pub(crate) fn path(pattern: &PathPattern) -> Tokens {
    let tokens = match pattern {
        PathPattern::Text(pattern) => text(pattern, Chars::NotQuery),
        PathPattern::Template(template) => self::template(template),
    };
    // What asks for `?` or `#` themselves asks for what is cut off.
    if tokens.iter().any(|token| matches!(token, Token::Char('?' | '#'))) {
        return Vec::new();
    }
    let query = vec![Token::One(Chars::Query), Token::Many(Chars::Any)];
    vec![tokens.clone(), sequence([tokens, query])]
}

/// A path, with its query or without, that `paths: strict` does not establish: with the escape of a visible ASCII character,
/// with an escape in small letters, or with a segment that is `.` or `..` before its parameters.
pub(crate) fn read_otherwise() -> Tokens {
    let around = |start: char, middle: &[Token], end: &[Token]| {
        sequence([
            vec![Token::Many(Chars::NotQuery), Token::Char(start)],
            middle.to_vec(),
            end.to_vec(),
        ])
    };
    let rest = [Token::Many(Chars::Any)];
    let escapes = [
        [Token::Char('2'), Token::One(Chars::HexNotZero)],
        [Token::One(Chars::ThreeToSix), Token::One(Chars::Hex)],
        [Token::Char('7'), Token::One(Chars::HexNotF)],
        [Token::One(Chars::HexSmall), Token::One(Chars::Hex)],
        [Token::One(Chars::Hex), Token::One(Chars::HexSmall)],
    ];
    let dots = [vec![Token::Char('.')], vec![Token::Char('.'), Token::Char('.')]];
    let after = [Token::One(Chars::SegmentEnd), Token::Many(Chars::Any)];
    let escapes = escapes.iter().map(|digits| around('%', digits, &rest));
    let dots = dots
        .iter()
        .flat_map(|dots| [around('/', dots, &[]), around('/', dots, &after)]);
    escapes.chain(dots).collect()
}

fn template(template: &Template) -> Vec<Token> {
    let mut tokens = Vec::new();
    for piece in template.head() {
        match piece {
            Piece::Literal(text) => tokens.extend(literal(text)),
            Piece::Segment => tokens.extend([Token::One(Chars::Segment), Token::Many(Chars::Segment)]),
        }
    }
    if let Some(tail) = template.tail() {
        tokens.push(Token::Many(Chars::Segments));
        tokens.extend(literal(tail));
    }
    tokens
}

const SCHEME: &str = "spiffe://";

/// What identity fields ask of a name.
pub(crate) fn peer(pattern: &PeerPattern) -> Tokens {
    let any = || vec![Token::Many(Chars::Any)];
    let some = || vec![Token::One(Chars::Any), Token::Many(Chars::Any)];
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
                text(domain, Chars::NotSlash),
                chars("/"),
                any(),
            ])]
        }
    }
}
