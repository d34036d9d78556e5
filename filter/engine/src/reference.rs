//! The reference evaluator: the specification, word for word, slow and complete.
//!
//! It works on the documents as they were written and shares no matching code with the compiled form, so that the two
//! can be compared. It evaluates every policy, rule and clause even when the outcome is settled, and records for each
//! whether it matched and which values it saw: `peerwarden explain` prints the result of [`explain`].

mod attribute_value;
mod clause;
mod custom;
mod established;
mod glob;
mod identity;
mod ip_block;
mod look_up;
mod path;
mod rule;
mod scope;
mod trace;
mod value;
mod view;

pub use custom::CustomTrace;
pub use trace::{
    ClauseResult, ClauseTrace, ModeTrace, Outcome, PartTrace, PolicyTrace, RuleTrace, TcpReading, Trace,
};

use std::sync::Arc;

use crate::attribute::{AttributeSource, Lookup};
use crate::config::{Config, Protocol};
use crate::decision::{Kind, Reason, RuleId, Verdict};
use crate::provider::ExternalAuthorizers;
use crate::resource::{Action, AuthorizationPolicy, MtlsMode, Resource};
use crate::select::{MtlsModes, PortMode};
use crate::workload::Workload;
use view::View;

/// Evaluates `config` for its workload, and returns the full trace; `external` answers for the external authorizers. A configuration
/// without a workload is denied.
pub fn explain(config: &Config, source: &dyn AttributeSource, external: &dyn ExternalAuthorizers) -> Trace {
    evaluate(&View::new(config, source, true), external)
}

/// As [`explain`], for counting over many cases: the texts for people (places, fields, values, what was found) are empty, and policies
/// that do not apply have no rules.
pub fn outline(config: &Config, source: &dyn AttributeSource, external: &dyn ExternalAuthorizers) -> Trace {
    evaluate(&View::new(config, source, false), external)
}

fn evaluate(view: &View<'_>, external: &dyn ExternalAuthorizers) -> Trace {
    let View { config, source, .. } = *view;
    let nobody = Workload::default();
    let workload = config.workload.as_ref().unwrap_or(&nobody);
    let mode = mode(config, workload, source);
    let policies: Vec<PolicyTrace> = config
        .resources
        .iter()
        .filter_map(|resource| match resource {
            Resource::AuthorizationPolicy(document) => Some(policy(document, workload, view)),
            Resource::PeerAuthentication(_) | Resource::RequestAuthentication(_) => None,
        })
        .collect();
    let enforced = |policy: &&PolicyTrace| policy.not_applied.is_none() && !policy.dry_run;
    let applied = |policy: &&PolicyTrace| policy.not_applied.is_none();
    let any_dry_run = policies.iter().filter(applied).any(|policy| policy.dry_run);
    let shadowed: Vec<&PolicyTrace> = policies.iter().filter(applied).collect();
    let enforced: Vec<&PolicyTrace> = policies.iter().filter(enforced).collect();
    let custom = match mode.refused {
        Some(_) => Vec::new(),
        None => custom::trace(config, &enforced, external),
    };
    let refused = refusal(&mode, &custom);
    let shadow = any_dry_run.then(|| refused.clone().unwrap_or_else(|| outcome(&shadowed)));
    let audited = first_match(&enforced, Action::Audit).filter(|_| refused.is_none());
    let outcome = refused.unwrap_or_else(|| outcome(&enforced));
    Trace {
        outcome,
        shadow,
        audited,
        mode,
        custom,
        policies,
    }
}

/// The first rule by id, of the policies of one action, that matched.
fn first_match(policies: &[&PolicyTrace], action: Action) -> Option<RuleId> {
    let of_action = policies.iter().filter(|policy| policy.action == action);
    let ids = of_action.flat_map(|policy| {
        policy
            .rules
            .iter()
            .filter(|rule| rule.matched)
            .map(|rule| RuleId {
                kind: Kind::AuthorizationPolicy,
                namespace: policy.namespace.as_str().into(),
                name: policy.name.as_str().into(),
                rule: Some(rule.index),
            })
    });
    ids.min_by_key(RuleId::to_string)
}

/// Mutual TLS first, then CUSTOM: what they refuse, no other policy can allow.
fn refusal(mode: &ModeTrace, custom: &[CustomTrace]) -> Option<Outcome> {
    let by_mode = mode.refused.map(|reason| (mode.set_by.clone(), reason));
    let refused = |custom: &CustomTrace| Some((Some(custom.by.clone()), custom.refused?));
    let by_custom = custom.iter().find_map(refused);
    by_mode.or(by_custom).map(|(by, reason)| Outcome {
        verdict: Verdict::Deny,
        by,
        reason,
    })
}

/// DENY, then ALLOW.
fn outcome(policies: &[&PolicyTrace]) -> Outcome {
    if let Some(by) = first_match(policies, Action::Deny) {
        return Outcome {
            verdict: Verdict::Deny,
            by: Some(by),
            reason: Reason::DenyRule,
        };
    }
    if !policies.iter().any(|policy| policy.action == Action::Allow) {
        return Outcome {
            verdict: Verdict::Allow,
            by: None,
            reason: Reason::NoAllowPolicy,
        };
    }
    match first_match(policies, Action::Allow) {
        Some(by) => Outcome {
            verdict: Verdict::Allow,
            by: Some(by),
            reason: Reason::AllowRule,
        },
        None => Outcome {
            verdict: Verdict::Deny,
            by: None,
            reason: Reason::NoAllowRuleMatched,
        },
    }
}

fn mode(config: &Config, workload: &Workload, source: &dyn AttributeSource) -> ModeTrace {
    let modes = MtlsModes::of(&config.resources, &config.mesh, workload);
    let every = || std::iter::once(&modes.workload).chain(modes.ports.iter().map(|(_, mode)| mode));
    let demanding = |wanted| every().find(|mode| mode.mode == wanted);
    let port = match source.destination_port() {
        Lookup::Found(port) => Some(port),
        Lookup::Missing | Lookup::Unavailable => None,
    };
    let PortMode { mode, set_by } = match port {
        Some(port) => modes.of_port(port),
        None if modes.ports.is_empty() => &modes.workload,
        None => demanding(MtlsMode::Strict)
            .or_else(|| demanding(MtlsMode::Disable))
            .unwrap_or(&modes.workload),
    };
    let peer = source.peer();
    let refused = match (mode, config.protocol) {
        (MtlsMode::Strict, _) => (!matches!(peer, Lookup::Found(_))).then_some(Reason::MtlsRequired),
        (MtlsMode::Disable, Protocol::Http) => {
            (source.tls() != Lookup::Found(false)).then_some(Reason::MtlsDisabled)
        }
        (MtlsMode::Disable, Protocol::Tcp) => {
            (!matches!(peer, Lookup::Missing)).then_some(Reason::MtlsDisabled)
        }
        (MtlsMode::Permissive | MtlsMode::Unset, _) => None,
    };
    let set_by = set_by.as_ref().map(|(namespace, name)| RuleId {
        kind: Kind::PeerAuthentication,
        namespace: Arc::clone(namespace),
        name: Arc::clone(name),
        rule: None,
    });
    let peer = match peer {
        Lookup::Found(peer) => peer.to_string(),
        Lookup::Missing => "no verified peer".to_owned(),
        Lookup::Unavailable => "a peer whose identity is unknown".to_owned(),
    };
    ModeTrace {
        mode: *mode,
        set_by,
        port,
        peer,
        refused,
    }
}

fn policy<'v>(document: &'v AuthorizationPolicy, workload: &Workload, view: &View<'v>) -> PolicyTrace {
    let not_applied = scope::not_applied(document, view.config, workload);
    let rules = document.rules.as_deref().unwrap_or(&[]);
    let seen = view.in_full || not_applied.is_none();
    let rules = rules.iter().enumerate().filter(|_| seen);
    let rules = rules.map(|(index, rule)| rule::trace(index, rule, document, view));
    PolicyTrace {
        place: view.told(|| document.metadata.place.clone()),
        namespace: document.metadata.namespace.clone(),
        name: document.metadata.name.clone(),
        action: document.action,
        dry_run: is_dry_run(document),
        provider: document.provider.clone(),
        not_applied,
        rules: rules.collect(),
    }
}

/// Whether the annotation makes a policy a dry run; a policy whose annotation cannot be read is refused before anything is evaluated.
fn is_dry_run(document: &AuthorizationPolicy) -> bool {
    let value = document.metadata.annotation("istio.io/dry-run");
    matches!(value, Some("1" | "t" | "T" | "TRUE" | "true" | "True"))
}
