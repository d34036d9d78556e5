//! The place of each token of a suite in the request.

use super::TokenRule;
use super::payload::issuer;
use super::place::Place;
use crate::traffic::Token;

/// The rules for an issuer: those that name it, or else those that name none.
pub(super) fn of_issuer<'r>(rules: &'r [TokenRule], issuer: &str) -> impl Iterator<Item = &'r TokenRule> {
    let is_named = rules.iter().any(|rule| rule.rule.issuer == issuer);
    let name = if is_named {
        issuer.to_owned()
    } else {
        String::new()
    };
    rules.iter().filter(move |rule| rule.rule.issuer == name)
}

/// Places a token in the first place of its issuer's rule that no other rule reads, or else in the first that is free.
/// Tokens without a rule are placed last, wherever any rule reads.
pub(super) fn places<'r>(rules: &'r [TokenRule], tokens: &[Token]) -> Vec<Option<&'r Place>> {
    let mut places: Vec<Option<&Place>> = vec![None; tokens.len()];
    let own = |token: &Token| -> Vec<&'r TokenRule> {
        match token {
            Token::Signed(token) => of_issuer(rules, issuer(&token.payload)).collect(),
            Token::Invalid => Vec::new(),
        }
    };
    for is_known in [true, false] {
        for (index, token) in tokens.iter().enumerate() {
            let own = own(token);
            if own.is_empty() == is_known {
                continue;
            }
            let looking: Vec<&TokenRule> = if is_known { own } else { rules.iter().collect() };
            let candidates: Vec<&Place> = looking.iter().flat_map(|rule| &rule.places).collect();
            let is_free = |place: &&&Place| !places.iter().flatten().any(|taken| taken.is_same(place));
            let is_alone = |place: &&&Place| {
                let looks = |rule: &&TokenRule| rule.looks_at(place);
                rules.iter().filter(looks).count() == 1
            };
            let found = candidates
                .iter()
                .filter(is_free)
                .find(is_alone)
                .or_else(|| candidates.iter().find(is_free))
                .or_else(|| candidates.first());
            places[index] = found.copied();
        }
    }
    places
}

impl TokenRule {
    /// Whether the rule reads this place.
    pub(super) fn looks_at(&self, place: &Place) -> bool {
        self.position(place).is_some()
    }

    /// The index of the place among those that the rule reads.
    pub(super) fn position(&self, place: &Place) -> Option<usize> {
        self.places.iter().position(|own| own.is_same(place))
    }
}
