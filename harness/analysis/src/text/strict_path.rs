//! Paths that `paths: strict` does not establish, as sequences of tokens.

use super::token::{CharSet, Token, Tokens, sequence};

/// A path, with its query or without, that `paths: strict` does not establish: with the escape of a visible ASCII character, with an
/// escape in lower case, with a `%` that begins no escape, with escapes that are not UTF-8, or with a segment that is `.` or `..`
/// before its parameters.
pub(crate) fn read_otherwise() -> Tokens {
    [visible(), unfinished(), not_utf8(), dots()].concat()
}

const REST: Token = Token::Many(CharSet::Any);

/// `tokens` somewhere in a path.
fn within(tokens: impl IntoIterator<Item = Token>) -> Vec<Token> {
    sequence([vec![Token::Many(CharSet::NotQuery)], tokens.into_iter().collect()])
}

/// The tokens of an escape.
fn escape(high: Token, low: Token) -> [Token; 3] {
    [Token::Char('%'), high, low]
}

/// Escapes of visible ASCII characters, and those in lower case.
fn visible() -> Tokens {
    let digits = [
        (Token::Char('2'), Token::One(CharSet::HexNotZero)),
        (Token::One(CharSet::ThreeToSix), Token::One(CharSet::Hex)),
        (Token::Char('7'), Token::One(CharSet::HexNotF)),
        (Token::One(CharSet::HexSmall), Token::One(CharSet::Hex)),
        (Token::One(CharSet::Hex), Token::One(CharSet::HexSmall)),
    ];
    let escapes = digits.map(|(high, low)| escape(high, low));
    escapes
        .iter()
        .map(|escape| within(escape.iter().copied().chain([REST])))
        .collect()
}

/// A `%` without two digits after it.
fn unfinished() -> Tokens {
    let [percent, hex, other] = [
        Token::Char('%'),
        Token::One(CharSet::Hex),
        Token::One(CharSet::NotHex),
    ];
    vec![
        within([percent]),
        within([percent, other, REST]),
        within([percent, hex]),
        within([percent, hex, other, REST]),
    ]
}

/// Escapes that are not a character in UTF-8 (RFC 3629, section 4). A `%` that begins no escape is among [`unfinished`].
fn not_utf8() -> Tokens {
    let any = Token::One(CharSet::Hex);
    let continuation = escape(Token::One(CharSet::ContinuationDigit), any);
    let [lead, long, short] = [
        CharSet::LeadDigit,
        CharSet::LongLeadDigit,
        CharSet::ShortLeadDigit,
    ]
    .map(|high| escape(Token::One(high), any));
    let longest = escape(Token::Char('F'), any);
    let mut all = Vec::new();

    // Bytes that occur in no character, overlong characters, halves of UTF-16 pairs, and code points beyond the last
    // one.
    for (first, second) in [
        ([Token::Char('C'), Token::Char('0')], &[][..]),
        ([Token::Char('C'), Token::Char('1')], &[]),
        ([Token::Char('F'), Token::One(CharSet::BeyondUnicode)], &[]),
        ([Token::Char('E'), Token::Char('0')], &['8', '9']),
        ([Token::Char('E'), Token::Char('D')], &['A', 'B']),
        ([Token::Char('F'), Token::Char('0')], &['8']),
        ([Token::Char('F'), Token::Char('4')], &['9', 'A', 'B']),
    ] {
        let first = escape(first[0], first[1]);
        if second.is_empty() {
            all.push(within(first.into_iter().chain([REST])));
        }
        for high in second {
            let second = escape(Token::Char(*high), any);
            all.push(within(first.into_iter().chain(second).chain([REST])));
        }
    }

    // A character that ends too early.
    for begun in [
        lead.to_vec(),
        [long, continuation].concat(),
        [longest, continuation, continuation].concat(),
    ] {
        let other_escape = [Token::Char('%'), Token::One(CharSet::NotContinuationDigit), REST];
        let other = [Token::One(CharSet::NotPercent), REST];
        all.push(within(begun.clone()));
        all.push(within(begun.iter().copied().chain(other)));
        all.push(within(begun.iter().copied().chain(other_escape)));
    }

    // A continuation byte without a beginning: after an unescaped character, after an ASCII character, and after a
    // complete one. A digit before it does not end an escape if it is the third, or if the character before the digits
    // is not `%`.
    let [digit, plain] = [CharSet::Hex, CharSet::Plain].map(Token::One);
    let ascii = escape(Token::One(CharSet::AsciiDigit), any);
    for before in [
        vec![plain],
        vec![plain, digit],
        vec![plain, digit, digit],
        vec![digit, digit, digit],
        ascii.to_vec(),
        [short, continuation].concat(),
        [escape(Token::Char('E'), any), continuation, continuation].concat(),
        [longest, continuation, continuation, continuation].concat(),
    ] {
        all.push(within(before.into_iter().chain(continuation).chain([REST])));
    }
    all
}

/// Segments that are `.` or `..`, with or without parameters.
fn dots() -> Tokens {
    let dot = Token::Char('.');
    let ends = [vec![], vec![Token::One(CharSet::SegmentEnd), REST]];
    let mut all = Vec::new();
    for dots in [vec![dot], vec![dot, dot]] {
        let segment = [vec![Token::Char('/')], dots].concat();
        all.extend(
            ends.iter()
                .map(|end| within([segment.clone(), end.clone()].concat())),
        );
    }
    all
}

#[cfg(test)]
mod tests {
    use peerwarden_engine::Paths;

    use super::super::automaton::Automaton;
    use super::read_otherwise;

    fn expect_alike(automaton: &Automaton, path: &str) {
        let is_read_otherwise = !automaton.accepts(path).is_empty();
        assert_eq!(
            is_read_otherwise,
            !Paths::Strict.establish(path.as_bytes()),
            "{path}"
        );
    }

    /// Paths made of the pieces that matter, by a generator of whole numbers (Knuth's), so that each run has the same.
    #[test]
    fn the_tokens_are_what_the_engine_does_not_establish() {
        const PIECES: [&str; 30] = [
            "%C3", "%BC", "%E2", "%82", "%AC", "%F0", "%9F", "%98", "%80", "%E0", "%A0", "%ED", "%F4", "%8F",
            "%90", "%C1", "%F5", "%20", "%41", "%c3", "%", "%u", "2", "x", "/", "/..", ".", ";", "?",
            "\u{fc}",
        ];
        let automaton = Automaton::new(&[read_otherwise()]);
        let mut state = 7_u64;
        for _ in 0..20_000 {
            let mut path = String::from("/");
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let mut choice = state >> 8;
            for _ in 0..choice % 7 {
                choice /= 7;
                path.push_str(PIECES[usize::try_from(choice % 30).unwrap()]);
                choice /= 30;
            }
            expect_alike(&automaton, &path);
        }
    }

    /// Each character, and what is left of it without its first byte or its last.
    #[test]
    fn whole_characters_are_established_and_parts_are_not() {
        let automaton = Automaton::new(&[read_otherwise()]);
        for character in ('\u{80}'..=char::MAX).step_by(997) {
            let mut bytes = [0; 4];
            let whole = character.encode_utf8(&mut bytes).as_bytes();
            for bytes in [whole, &whole[1..], &whole[..whole.len() - 1]] {
                let path: String = bytes.iter().map(|byte| format!("%{byte:02X}")).collect();
                expect_alike(&automaton, &format!("/{path}"));
            }
        }
    }
}
