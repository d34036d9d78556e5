//! What Envoy's `jwt_authn` filter, ahead of the module, makes of the tokens of a request, if it is set up as Istio does from
//! `RequestAuthentication` documents (`pilot/pkg/security/authn/policy_applier.go`). Measured on Envoy 1.40.
//!
//! Each rule is a provider. A request passes if any provider finds tokens in its places and all of them are good, and the first such
//! provider's payload is what policies read; or if no provider finds any. Otherwise it is answered 401, and 403 if a token has another
//! audience only. What a suite cannot say is decided like this: every token stands in a place of its own, as long as there are enough; and a
//! token that is not `invalid` is signed by its issuer and has not expired, whatever `exp` says, so that the day of a run decides nothing.

mod headers;
mod place;

use std::borrow::Cow;
use std::fmt;

use peerwarden_engine::reference::Outcome;
use peerwarden_engine::resource::JwtRule;
use peerwarden_engine::{Config, Kind, Protocol, Reason, RuleId, Verdict};
use serde_json::{Map, Value};

use crate::answer::{Answer, Decision, RuleRef};
use crate::traffic::{Jwt, Token, Traffic};
use place::Place;

/// The rules about tokens that apply to a workload.
#[derive(Debug, Clone, Default)]
pub struct TokenFilter {
    rules: Vec<TokenRule>,
}

#[derive(Debug, Clone)]
struct TokenRule {
    rule: JwtRule,
    /// The document that it is in.
    by: RuleRef,
    places: Vec<Place>,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum TokenResult<'t> {
    /// It goes on to the policies, which see this of it.
    Passed(Passed<'t>),
    /// It is answered here, and no policy is asked.
    Refused(RefusedToken),
}

/// A request that goes on to the policies.
#[derive(Debug, Clone, PartialEq)]
pub struct Passed<'t> {
    /// The request as they see it.
    pub traffic: Cow<'t, Traffic>,
    /// The document whose rule its token meets; `None` if it has no token, or if no document applies.
    pub by: Option<RuleRef>,
    /// Headers of the client that were removed: the filter alone writes them.
    pub removed: Vec<String>,
}

/// A request with a token that meets no rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedToken {
    /// The document that refuses it.
    pub by: RuleRef,
    /// Why, in words.
    pub why: String,
    /// The HTTP status of the answer.
    pub status: u16,
}

/// What a rule finds in its places.
enum Finding<'t> {
    /// No token.
    Nothing,
    /// Tokens that are all good; the first of them.
    Good(&'t Map<String, Value>),
    /// One that is not good, why, and whether it is the audience alone.
    Bad { why: String, is_audience: bool },
}

impl TokenFilter {
    /// Of the documents that apply to the workload.
    pub fn of(config: &Config) -> Self {
        let rules = match config.protocol {
            Protocol::Http => config.token_rules(),
            Protocol::Tcp => Vec::new(),
        };
        let rules = rules.into_iter().map(|rule| TokenRule {
            by: RuleRef {
                kind: "RequestAuthentication".to_owned(),
                namespace: rule.document.metadata.namespace.clone(),
                name: rule.document.metadata.name.clone(),
                rule: Some(rule.index),
            },
            places: Place::of(rule.rule),
            rule: rule.rule.clone(),
        });
        Self {
            rules: rules.collect(),
        }
    }

    /// Whether any rule applies.
    pub fn applies(&self) -> bool {
        !self.rules.is_empty()
    }

    /// The issuers whose tokens can pass; `None` if any issuer's can.
    pub fn issuers(&self) -> Option<Vec<&str>> {
        let issuers: Vec<&str> = self.rules.iter().map(|rule| rule.rule.issuer.as_str()).collect();
        (self.applies() && !issuers.contains(&"")).then_some(issuers)
    }

    /// What becomes of a request.
    pub fn pass<'t>(&self, traffic: &'t Traffic) -> TokenResult<'t> {
        if !self.applies() {
            return TokenResult::Passed(Passed {
                traffic: Cow::Borrowed(traffic),
                by: None,
                removed: Vec::new(),
            });
        }
        let tokens: &[Token] = match &traffic.jwt {
            // The filter looks at no token of a CORS preflight (`bypass_cors_preflight`).
            Some(jwt) if !headers::is_preflight(traffic) => jwt.tokens(),
            Some(_) | None => &[],
        };
        let places = self.places(tokens);
        let findings: Vec<Finding<'_>> = self
            .rules
            .iter()
            .map(|rule| self.finding(rule, tokens, &places))
            .collect();
        let good = findings
            .iter()
            .zip(&self.rules)
            .find_map(|(finding, rule)| match finding {
                Finding::Good(payload) => Some((*payload, rule)),
                Finding::Nothing | Finding::Bad { .. } => None,
            });
        match good {
            Some((payload, rule)) => TokenResult::Passed(self.passed(traffic, Some((payload, rule)))),
            None => match self.refused(&findings, tokens) {
                Some(refused) => TokenResult::Refused(refused),
                None => TokenResult::Passed(self.passed(traffic, None)),
            },
        }
    }

    fn passed<'t>(&self, traffic: &Traffic, good: Option<(&Map<String, Value>, &TokenRule)>) -> Passed<'t> {
        let mut traffic = traffic.clone();
        let removed = headers::remove(&mut traffic, self.rules.iter().map(|rule| &rule.rule));
        traffic.jwt = good.map(|(payload, rule)| {
            headers::write(&mut traffic, &rule.rule, payload);
            Jwt::signed(normalized(payload, &rule.rule))
        });
        Passed {
            traffic: Cow::Owned(traffic),
            by: good.map(|(_, rule)| rule.by.clone()),
            removed,
        }
    }

    /// Where each token stands: in the first place of its issuer's rule that no other rule looks at, or else in the first that is free.
    /// Tokens that no rule is for come last.
    fn places(&self, tokens: &[Token]) -> Vec<Option<&Place>> {
        let mut places: Vec<Option<&Place>> = vec![None; tokens.len()];
        let own = |token: &Token| -> Vec<&TokenRule> {
            match token {
                Token::Signed(token) => self.of_issuer(issuer(&token.payload)).collect(),
                Token::Invalid => Vec::new(),
            }
        };
        for is_known in [true, false] {
            for (index, token) in tokens.iter().enumerate() {
                let own = own(token);
                if own.is_empty() == is_known {
                    continue;
                }
                let rules: Vec<&TokenRule> = if is_known {
                    own
                } else {
                    self.rules.iter().collect()
                };
                let candidates: Vec<&Place> = rules.iter().flat_map(|rule| &rule.places).collect();
                let is_free = |place: &&&Place| !places.iter().flatten().any(|taken| taken.is_same(place));
                let is_alone = |place: &&&Place| {
                    let looks = |rule: &&TokenRule| rule.places.iter().any(|other| other.is_same(place));
                    self.rules.iter().filter(looks).count() == 1
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

    /// The rules for an issuer: those that name it, or else those that name none.
    fn of_issuer(&self, issuer: &str) -> impl Iterator<Item = &TokenRule> {
        let names = |issuer: &str| self.rules.iter().any(|rule| rule.rule.issuer == issuer);
        let name = if names(issuer) {
            issuer.to_owned()
        } else {
            String::new()
        };
        self.rules.iter().filter(move |rule| rule.rule.issuer == name)
    }

    fn finding<'t>(&self, rule: &TokenRule, tokens: &'t [Token], places: &[Option<&Place>]) -> Finding<'t> {
        let looks = |place: &Option<&Place>| {
            place.is_some_and(|place| rule.places.iter().any(|own| own.is_same(place)))
        };
        let mut found = Finding::Nothing;
        for (token, _) in tokens.iter().zip(places).filter(|(_, place)| looks(place)) {
            match (self.check(rule, token), &found) {
                (Ok(payload), Finding::Nothing) => found = Finding::Good(payload),
                (Ok(_), Finding::Good(_) | Finding::Bad { .. }) => {}
                (Err((why, is_audience)), _) => return Finding::Bad { why, is_audience },
            }
        }
        found
    }

    /// Why a token is not good for a rule, and whether it is its audience alone.
    fn check<'t>(
        &self,
        rule: &TokenRule,
        token: &'t Token,
    ) -> Result<&'t Map<String, Value>, (String, bool)> {
        let Token::Signed(token) = token else {
            return Err(("the token is invalid".to_owned(), false));
        };
        let issuer = issuer(&token.payload);
        if !self
            .of_issuer(issuer)
            .any(|of| of.rule.issuer == rule.rule.issuer)
        {
            return Err((format!("no rule is for the issuer `{issuer}`"), false));
        }
        let audiences = &rule.rule.audiences;
        if !audiences.is_empty() && !has_audience(&token.payload, audiences) {
            let known = audiences.join("`, `");
            return Err((format!("the token has none of the audiences `{known}`"), true));
        }
        Ok(&token.payload)
    }

    /// Why no rule lets the tokens pass; `None` if there are none.
    fn refused(&self, findings: &[Finding<'_>], tokens: &[Token]) -> Option<RefusedToken> {
        let bad = || {
            findings
                .iter()
                .zip(&self.rules)
                .filter_map(|(finding, rule)| match finding {
                    Finding::Bad { why, is_audience } => Some((rule, why, *is_audience)),
                    Finding::Nothing | Finding::Good(_) => None,
                })
        };
        let is_own = |rule: &TokenRule| {
            tokens.iter().any(|token| match token {
                Token::Signed(token) => rule.rule.issuer == issuer(&token.payload),
                Token::Invalid => false,
            })
        };
        // What the rule of the token's own issuer says tells most.
        let (rule, why, _) = bad().find(|(rule, ..)| is_own(rule)).or_else(|| bad().next())?;
        let is_audience = bad().any(|(_, _, is_audience)| is_audience);
        Some(RefusedToken {
            by: rule.by.clone(),
            why: why.clone(),
            status: if is_audience { 403 } else { 401 },
        })
    }
}

impl RefusedToken {
    /// The answer that reports show.
    pub fn answer(&self) -> Answer {
        Answer {
            decision: Decision {
                allowed: false,
                by: Some(self.by.clone()),
                reason: Reason::InvalidToken,
            },
            shadow: None,
            audited: None,
        }
    }

    /// The same as the reference evaluator writes an outcome.
    pub fn outcome(&self) -> Outcome {
        Outcome {
            verdict: Verdict::Deny,
            by: Some(RuleId {
                kind: Kind::RequestAuthentication,
                namespace: self.by.namespace.as_str().into(),
                name: self.by.name.as_str().into(),
                rule: self.by.rule,
            }),
            reason: Reason::InvalidToken,
        }
    }
}

/// `` the token has none of the audiences `orders` (RequestAuthentication shop/jwt[0]): answered 403, and no policy is asked ``.
impl fmt::Display for RefusedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { by, why, status } = self;
        write!(f, "{why} ({by}): answered {status}, and no policy is asked")
    }
}

fn issuer(payload: &Map<String, Value>) -> &str {
    payload.get("iss").and_then(Value::as_str).unwrap_or_default()
}

/// `aud` is a text or a list of texts; Envoy compares both sides without scheme and without a slash at the end.
fn has_audience(payload: &Map<String, Value>, audiences: &[String]) -> bool {
    fn bare(audience: &str) -> &str {
        let rest = audience
            .strip_prefix("https://")
            .or_else(|| audience.strip_prefix("http://"))
            .unwrap_or(audience);
        rest.strip_suffix('/').unwrap_or(rest)
    }
    let own: Vec<&str> = match payload.get("aud") {
        Some(Value::String(audience)) => vec![audience],
        Some(Value::Array(audiences)) => audiences.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    own.iter()
        .any(|own| audiences.iter().any(|audience| bare(audience) == bare(own)))
}

/// The payload as the filter writes it: claims that are lists written with spaces become lists.
fn normalized(payload: &Map<String, Value>, rule: &JwtRule) -> Map<String, Value> {
    let mut payload = payload.clone();
    for name in &rule.space_delimited_claims {
        if let Some(Value::String(text)) = payload.get(name) {
            let words: Value = text
                .split(' ')
                .filter(|word| !word.is_empty())
                .map(Value::from)
                .collect();
            payload.insert(name.clone(), words);
        }
    }
    payload
}
