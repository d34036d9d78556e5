//! Simulates Envoy's `jwt_authn` filter, ahead of the module, as Istio configures it from `RequestAuthentication`
//! documents (`pilot/pkg/security/authn/policy_applier.go`). Measured on Envoy 1.40.
//!
//! Each rule is a provider. Istio requires one of these: one provider whose tokens are all valid; or for each provider,
//! valid tokens or none. Otherwise the answer is 401, or 403 if a token only has another audience. `verification`
//! follows the order in which Envoy tries the providers: a verified token is removed from the request unless it is
//! forwarded, and the next provider no longer sees it.
//!
//! Where a suite is not specific, every token has its own place, as long as there are enough; and a token that is not
//! `invalid` is signed by its issuer and has not expired, whatever `exp` says, so that results do not depend on the
//! date.

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
    /// The rule and its document.
    by: RuleRef,
    places: Vec<Place>,
}

/// The result of the filter for a request.
#[derive(Debug, Clone, PartialEq)]
pub enum TokenResult<'t> {
    /// It goes on to the policies, in this form.
    Passed(Box<AdmittedRequest<'t>>),
    /// It is answered here, and no policy is evaluated.
    Refused(RefusedToken),
}

/// A request that goes on to the policies.
#[derive(Debug, Clone, PartialEq)]
pub struct AdmittedRequest<'t> {
    /// The request as policies see it.
    pub traffic: Cow<'t, Traffic>,
    /// The rule that its token meets; `None` if it has no token, or if no document applies.
    pub by: Option<RuleRef>,
    /// Headers of the client that were removed: the filter alone writes them.
    pub removed: Vec<String>,
}

impl TokenFilter {
    /// Reads the documents that apply to the workload.
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

    /// The result for a request.
    pub fn pass<'t>(&self, traffic: &'t Traffic) -> TokenResult<'t> {
        if !self.applies() {
            return TokenResult::Passed(Box::new(AdmittedRequest {
                traffic: Cow::Borrowed(traffic),
                by: None,
                removed: Vec::new(),
            }));
        }
        let tokens: &[Token] = match &traffic.jwt {
            // The filter ignores tokens of a CORS preflight (`bypass_cors_preflight`).
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
        // The metadata has one key, so the last one counts.
        let seen = verification.good.last();
        traffic.jwt = seen.map(|good| Jwt::signed(normalized(good.payload, &good.rule.rule)));
        TokenResult::Passed(Box::new(AdmittedRequest {
            traffic: Cow::Owned(traffic),
            by: seen.map(|good| good.rule.by.clone()),
            removed,
        }))
    }
}
