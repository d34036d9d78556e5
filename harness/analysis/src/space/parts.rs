//! A lower bound on the classes of names, counted before the names are explored: patterns on different parts of a name combine freely.

use crate::text::{self, CharSet, Domain, SizeLimitExceeded, Token, Tokens};

/// What begins a SPIFFE ID.
const SCHEME: &str = "spiffe://";

/// What a name in Istio's form has before its namespace, and after it.
const BEFORE_NAMESPACE: &str = "/ns/";
const AFTER_NAMESPACE: &str = "/sa";

/// The parts of `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    TrustDomain,
    Namespace,
    ServiceAccount,
}

/// How many classes of names in Istio's form there are at least: for each part, the patterns that depend on it alone make some, and a
/// name may have any of them in each part.
///
/// # Errors
/// If those of one part are already too many.
pub(super) fn fewest_classes(
    patterns: &[Tokens],
    states: usize,
    limit: usize,
) -> Result<usize, SizeLimitExceeded> {
    let mut product: usize = 1;
    for part in [Part::TrustDomain, Part::Namespace, Part::ServiceAccount] {
        let of_part = patterns.iter().filter(|pattern| part_of(pattern) == Some(part));
        let of_part: Vec<Tokens> = of_part.cloned().collect();
        let domain = Domain {
            all: vec![part.names()],
            plain: Vec::new(),
            examples: Vec::new(),
        };
        let classes = text::classes(&of_part, &domain, states, limit)?;
        product = product.saturating_mul(classes.len());
    }
    Ok(product)
}

impl Part {
    /// The names that differ only in this part.
    fn names(self) -> Vec<Token> {
        let one = |part, chars| match part == self {
            true => vec![Token::One(chars), Token::Many(chars)],
            // Any name but `ns`, where another namespace would seem to begin.
            false => vec![Token::Char('x')],
        };
        let literal = |text| text::literal(text).collect::<Vec<Token>>();
        [
            literal(SCHEME),
            one(Self::TrustDomain, CharSet::TrustDomain),
            literal(BEFORE_NAMESPACE),
            one(Self::Namespace, CharSet::Name),
            literal(AFTER_NAMESPACE),
            literal("/"),
            one(Self::ServiceAccount, CharSet::Name),
        ]
        .concat()
    }
}

/// The only part of names in Istio's form that decides whether they match; `None` if there is no such part.
fn part_of(pattern: &Tokens) -> Option<Part> {
    let [tokens] = pattern.as_slice() else {
        return None;
    };
    // Texts between which there may be anything.
    let mut texts = vec![String::new()];
    for token in tokens {
        match token {
            Token::Char(ch) => texts.last_mut()?.push(*ch),
            Token::Many(CharSet::Any) => texts.push(String::new()),
            Token::AnyCase(_) | Token::One(_) | Token::Many(_) => return None,
        }
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let in_one = |text: &str| !text.contains('/');
    match texts.as_slice() {
        [start, ""] => start
            .strip_prefix(SCHEME)
            .filter(|rest| in_one(rest))
            .map(|_| Part::TrustDomain),
        [SCHEME, end] if in_one(end) => Some(Part::ServiceAccount),
        ["", namespace, ""] => {
            let inner = namespace.strip_prefix(BEFORE_NAMESPACE)?.strip_suffix('/')?;
            in_one(inner).then_some(Part::Namespace)
        }
        ["", start, end, ""] => {
            let start = start.strip_prefix(BEFORE_NAMESPACE)?;
            let end = end.strip_suffix('/')?;
            // The end must not be found behind the namespace.
            let is_inside =
                in_one(start) && in_one(end) && !end.is_empty() && !AFTER_NAMESPACE.ends_with(end);
            (is_inside || in_one(start) && end.is_empty()).then_some(Part::Namespace)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use peerwarden_engine::meaning::{PeerPattern, TextPattern};
    use proptest::prelude::*;

    use super::super::domains::istio;
    use super::*;

    const STATES: usize = 1_000_000;

    fn trust_domain(start: &str) -> Tokens {
        text::peer(&PeerPattern::Prefix(format!("spiffe://{start}").into()))
    }

    fn account(end: &str) -> Tokens {
        text::peer(&PeerPattern::Suffix(end.into()))
    }

    /// As the engine reads `namespaces`.
    fn namespace(value: &str) -> Tokens {
        let whole = format!("/ns/{value}/");
        text::peer(&if value.contains('*') {
            PeerPattern::NamespaceGlob(whole.split('*').map(Box::from).collect())
        } else {
            PeerPattern::Namespace(whole.into())
        })
    }

    fn fewest(patterns: &[Tokens]) -> usize {
        fewest_classes(patterns, STATES, usize::MAX).unwrap()
    }

    fn all(patterns: &[Tokens]) -> usize {
        let domain = Domain {
            all: vec![istio()],
            plain: Vec::new(),
            examples: Vec::new(),
        };
        text::classes(patterns, &domain, STATES, usize::MAX)
            .unwrap()
            .len()
    }

    #[test]
    fn parts_are_counted_apart() {
        let patterns = [
            trust_domain("aab"),
            trust_domain("aa"),
            trust_domain("b"),
            account("x"),
            account("yx"),
            account("z"),
            namespace("p*"),
            namespace("*q"),
            namespace("*a"),
        ];
        assert_eq!(fewest(&patterns), 4 * 4 * 4);
        assert_eq!(all(&patterns), 4 * 4 * 4);
    }

    proptest! {
        /// Whatever patterns there are, never more are counted than there are.
        #[test]
        fn no_class_is_counted_that_does_not_exist(
            [domain, other] in ["[ns]{1,3}", "[ab/]{1,3}"],
            [end, path] in ["[sa]{1,3}", "[sa/n]{1,3}"],
            [before, after, any] in ["[sa]{1,3}", "[sa]{0,3}", "[as/]{1,3}"],
        ) {
            let patterns = [
                trust_domain(&domain),
                trust_domain(&other),
                account(&end),
                account(&path),
                namespace(&format!("{before}*")),
                namespace(&format!("*{after}")),
                namespace(&format!("*{any}")),
                namespace(&before),
                text::peer(&PeerPattern::TrustDomain(TextPattern::Prefix(domain.into()))),
                text::peer(&PeerPattern::NonEmpty),
            ];
            prop_assert!(fewest(&patterns) <= all(&patterns), "{patterns:?}");
        }
    }
}
