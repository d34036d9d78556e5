//! What Envoy's `jwt_authn` filter, ahead of the module, makes of the tokens of a request, if it is set up as Istio does from
//! `RequestAuthentication` documents (`pilot/pkg/security/authn/policy_applier.go`). Measured on Envoy 1.40.
//!
//! Each rule is a provider. Istio asks for any of: one provider whose tokens are all good; or for each provider, good tokens or none.
//! Otherwise the request is answered 401, and 403 if a token has another audience only. `verification` follows the order in which Envoy
//! tries the providers, as a token that was verified is taken out of the request unless it is forwarded, and the next provider no longer
//! sees it.
//!
//! What a suite cannot say is decided like this: every token stands in a place of its own, as long as there are enough; and a token that is
//! not `invalid` is signed by its issuer and has not expired, whatever `exp` says, so that the day of a run decides nothing.

mod headers;
mod payload;
mod place;
mod placement;
mod refused;
#[cfg(test)]
mod tests;
mod verification;

use std::borrow::Cow;

use peerwarden_engine::resource::JwtRule;
use peerwarden_engine::{Config, Protocol};

use crate::answer::RuleRef;
use crate::traffic::{Jwt, Token, Traffic};
use payload::normalized;
use place::Place;
pub use refused::RefusedToken;
use verification::Verification;

/// The rules about tokens that apply to a workload.
#[derive(Debug, Clone, Default)]
pub struct TokenFilter {
    rules: Vec<TokenRule>,
}

#[derive(Debug, Clone)]
struct TokenRule {
    rule: JwtRule,
    /// It and the document that it is in.
    by: RuleRef,
    places: Vec<Place>,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum TokenResult<'t> {
    /// It goes on to the policies, which see this of it.
    Passed(Box<AdmittedRequest<'t>>),
    /// It is answered here, and no policy is asked.
    Refused(RefusedToken),
}

/// A request that goes on to the policies.
#[derive(Debug, Clone, PartialEq)]
pub struct AdmittedRequest<'t> {
    /// The request as they see it.
    pub traffic: Cow<'t, Traffic>,
    /// The rule that its token meets; `None` if it has no token, or if no document applies.
    pub by: Option<RuleRef>,
    /// Headers of the client that were removed: the filter alone writes them.
    pub removed: Vec<String>,
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

    /// What becomes of a request.
    pub fn pass<'t>(&self, traffic: &'t Traffic) -> TokenResult<'t> {
        if !self.applies() {
            return TokenResult::Passed(Box::new(AdmittedRequest {
                traffic: Cow::Borrowed(traffic),
                by: None,
                removed: Vec::new(),
            }));
        }
        let tokens: &[Token] = match &traffic.jwt {
            // The filter looks at no token of a CORS preflight (`bypass_cors_preflight`).
            Some(jwt) if !headers::is_preflight(traffic) => jwt.tokens(),
            Some(_) | None => &[],
        };
        let mut verification = Verification::new(&self.rules, tokens);
        if let Err(refused) = verification.run() {
            return TokenResult::Refused(refused);
        }
        let mut traffic = traffic.clone();
        let removed = headers::remove(&mut traffic, self.rules.iter().map(|rule| &rule.rule));
        for good in &verification.good {
            headers::write(&mut traffic, &good.rule.rule, good.payload);
        }
        // Under the one key of the metadata, the last one counts.
        let seen = verification.good.last();
        traffic.jwt = seen.map(|good| Jwt::signed(normalized(good.payload, &good.rule.rule)));
        TokenResult::Passed(Box::new(AdmittedRequest {
            traffic: Cow::Owned(traffic),
            by: seen.map(|good| good.rule.by.clone()),
            removed,
        }))
    }
}
