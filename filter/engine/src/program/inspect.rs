//! The content of a program, for tools that do not evaluate it: its modes, rules and provider.

use std::collections::BTreeSet;

use super::custom::CustomRules;
use super::rules::Rules;
use super::{AcceptedToken, Program};
use crate::config::{Paths, Protocol};
use crate::decision::RuleId;
use crate::document::Value;
use crate::policy::{Clause, Rule};
use crate::resource::MtlsMode;

impl Program {
    /// The protocol of the traffic that it decides.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// How paths are treated that an application may read differently.
    pub fn paths(&self) -> Paths {
        self.paths
    }

    /// The mutual TLS mode of a port of the workload, and the `PeerAuthentication` that set it; `UNSET`, which means PERMISSIVE,
    /// where none did (<https://istio.io/latest/docs/reference/config/security/peer_authentication/>).
    pub fn mtls_mode(&self, port: u16) -> (MtlsMode, Option<&RuleId>) {
        self.modes.of(port)
    }

    /// The ports that have a mode of their own.
    pub fn mtls_ports(&self) -> impl Iterator<Item = u16> {
        self.modes.ports()
    }

    /// The rules of the DENY policies that are enforced, as they are read on this protocol, in the order in which they are reported.
    pub fn deny_rules(&self) -> impl Iterator<Item = (&RuleId, &Rule)> {
        self.enforced.deny.iter()
    }

    /// The same of the ALLOW policies; `None` when there is no such policy, so that all is allowed that nothing denies.
    pub fn allow_rules(&self) -> Option<impl Iterator<Item = (&RuleId, &Rule)>> {
        self.enforced.allow.as_ref().map(Rules::iter)
    }

    /// The rules of the CUSTOM policies.
    pub fn custom_rules(&self) -> impl Iterator<Item = (&RuleId, &Rule)> {
        self.custom.iter().flat_map(CustomRules::rules)
    }

    /// The rules of the AUDIT policies.
    pub fn audit_rules(&self) -> impl Iterator<Item = (&RuleId, &Rule)> {
        self.audit.iter()
    }

    /// The tokens that the filter ahead lets pass, if the workload's `RequestAuthentication`s say so; `None` for any. Only
    /// [`Program::compile`] knows them.
    pub fn accepted_tokens(&self) -> Option<&[AcceptedToken]> {
        self.accepted_tokens.as_deref()
    }

    /// Whether the filter ahead lets a token with this payload pass, whose issuer signed it.
    pub fn accepts_token(&self, payload: &Value) -> bool {
        let Some(accepted) = self.accepted_tokens() else {
            return true;
        };
        let issuer = payload.get("iss").and_then(Value::as_str).unwrap_or_default();
        let is_named = accepted.iter().any(|token| token.issuer == issuer);
        let is_for = |token: &&AcceptedToken| token.issuer == if is_named { issuer } else { "" };
        accepted
            .iter()
            .filter(is_for)
            .any(|token| token.audiences.is_empty() || has_audience(payload, &token.audiences))
    }

    /// The CUSTOM rules, grouped by provider, in the order in which the providers are asked.
    pub fn custom(&self) -> &[CustomRules] {
        &self.custom
    }

    /// How many headers of a request the rules may ask for, pseudo-headers among them. Where there are several, a source does well to
    /// get all at once.
    pub fn headers_asked_for(&self) -> usize {
        let mut names = BTreeSet::new();
        let actions = [Some(&self.enforced), self.shadow.as_ref()].into_iter().flatten();
        let rules = actions.flat_map(|actions| [Some(&actions.deny), actions.allow.as_ref()]);
        let custom = self.custom.iter().map(|custom| Some(&custom.rules));
        for rules in rules.chain(custom).chain([Some(&self.audit)]).flatten() {
            names.extend(
                rules
                    .iter()
                    .flat_map(|(_, rule)| rule.clauses())
                    .filter_map(Clause::header),
            );
        }
        names.len()
    }
}

/// `aud` is a text or a list of texts; Envoy compares both sides without scheme and without a slash at the end.
fn has_audience(payload: &Value, audiences: &[String]) -> bool {
    fn bare(audience: &str) -> &str {
        let rest = audience
            .strip_prefix("https://")
            .or_else(|| audience.strip_prefix("http://"))
            .unwrap_or(audience);
        rest.strip_suffix('/').unwrap_or(rest)
    }
    let is_one = |value: &Value| {
        let own = value.as_str().map(bare);
        own.is_some_and(|own| audiences.iter().any(|audience| bare(audience) == own))
    };
    match payload.get("aud") {
        Some(Value::List(own)) => own.iter().any(is_one),
        Some(own) => is_one(own),
        None => false,
    }
}
