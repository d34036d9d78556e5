//! The order in which Envoy verifies tokens (`source/extensions/filters/http/jwt_authn/verifier.cc`,
//! `authenticator.cc`), with the requirement that Istio configures.

use serde_json::{Map, Value};

use super::TokenRule;
use super::payload::{has_audience, issuer};
use super::place::Place;
use super::placement::{of_issuer, places};
use super::refused::RefusedToken;
use crate::traffic::Token;

/// The tokens of one request while they are verified.
pub(super) struct Verification<'t> {
    rules: &'t [TokenRule],
    /// Tokens that are still in the request, each with its place.
    tokens: Vec<(&'t Token, &'t Place)>,
    /// What was verified, in this order.
    pub(super) good: Vec<AcceptedToken<'t>>,
    bad: Vec<RejectedToken<'t>>,
}

/// A token that is good for a rule.
pub(super) struct AcceptedToken<'t> {
    pub(super) rule: &'t TokenRule,
    pub(super) payload: &'t Map<String, Value>,
}

/// A token that is not good for a rule.
struct RejectedToken<'t> {
    rule: &'t TokenRule,
    token: &'t Token,
    why: Rejection,
}

/// Why a token is not valid.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rejection {
    Invalid,
    Issuer,
    Audience,
}

/// The tokens in the places of a rule.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TokenState {
    Nothing,
    Good,
    Bad,
}

impl<'t> Verification<'t> {
    pub(super) fn new(rules: &'t [TokenRule], tokens: &'t [Token]) -> Self {
        let places = places(rules, tokens);
        let tokens = tokens.iter().zip(places);
        Self {
            rules,
            tokens: tokens
                .filter_map(|(token, place)| Some((token, place?)))
                .collect(),
            good: Vec::new(),
            bad: Vec::new(),
        }
    }

    /// One rule with valid tokens, or else each rule with valid tokens or none.
    ///
    /// # Errors
    ///
    /// If the request is refused.
    pub(super) fn run(&mut self) -> Result<(), RefusedToken> {
        for rule in self.rules {
            if self.verify(rule) == TokenState::Good {
                return Ok(());
            }
        }
        for rule in self.rules {
            if self.verify(rule) == TokenState::Bad {
                return Err(self.refused(rule));
            }
        }
        Ok(())
    }

    /// Verifies all tokens in the places of a rule, the last place first, until one is not valid.
    fn verify(&mut self, rule: &'t TokenRule) -> TokenState {
        let mut seen: Vec<(usize, &'t Token, &'t Place)> = self
            .tokens
            .iter()
            .filter_map(|(token, place)| Some((rule.position(place)?, *token, *place)))
            .collect();
        seen.sort_by_key(|(position, ..)| std::cmp::Reverse(*position));
        let mut found = TokenState::Nothing;
        for (_, token, place) in seen {
            match check(self.rules, rule, token) {
                Ok(payload) => {
                    found = TokenState::Good;
                    self.good.push(AcceptedToken { rule, payload });
                    if !rule.rule.forward_original_token && place.is_cleared() {
                        self.tokens.retain(|(_, other)| !std::ptr::eq(*other, place));
                    }
                }
                Err(why) => {
                    self.bad.push(RejectedToken { rule, token, why });
                    return TokenState::Bad;
                }
            }
        }
        found
    }

    /// The answer if `last` is the rule that fails in the end.
    fn refused(&self, last: &TokenRule) -> RefusedToken {
        // Another issuer is the weakest of Envoy's reasons against a token.
        let telling = self.bad.iter().rfind(|bad| bad.why != Rejection::Issuer);
        let is_own = |bad: &&RejectedToken<'_>| match bad.token {
            Token::Signed(token) => bad.rule.rule.issuer == issuer(&token.payload),
            Token::Invalid => false,
        };
        let shown = self.bad.iter().rfind(is_own).or(telling).or(self.bad.first());
        RefusedToken {
            by: shown.map_or(last, |bad| bad.rule).by.clone(),
            why: shown.map(RejectedToken::words).unwrap_or_default(),
            status: match telling {
                Some(bad) if bad.why == Rejection::Audience => 403,
                Some(_) | None => 401,
            },
        }
    }
}

/// Whether a token is good for a rule.
fn check<'t>(
    rules: &[TokenRule],
    rule: &TokenRule,
    token: &'t Token,
) -> Result<&'t Map<String, Value>, Rejection> {
    let Token::Signed(token) = token else {
        return Err(Rejection::Invalid);
    };
    // A rule without an issuer has different keys than those that name one.
    let mut own = of_issuer(rules, issuer(&token.payload));
    if !own.any(|own| own.rule.issuer == rule.rule.issuer) {
        return Err(Rejection::Issuer);
    }
    let audiences = &rule.rule.audiences;
    if !audiences.is_empty() && !has_audience(&token.payload, audiences) {
        return Err(Rejection::Audience);
    }
    Ok(&token.payload)
}

impl RejectedToken<'_> {
    fn words(&self) -> String {
        let issuer = match self.token {
            Token::Signed(token) => issuer(&token.payload),
            Token::Invalid => "",
        };
        match self.why {
            Rejection::Invalid => "the token is invalid".to_owned(),
            Rejection::Issuer => format!("no rule is for the issuer `{issuer}`"),
            Rejection::Audience => {
                let known = self.rule.rule.audiences.join("`, `");
                format!("the token has none of the audiences `{known}`")
            }
        }
    }
}
