//! The rule that came closest to the expected decision, and what kept it from deciding.

use std::fmt;

use peerwarden_documents::source::Place;
use peerwarden_engine::document::Path;
use peerwarden_engine::reference::{
    ClauseResult, ClauseTrace, PartTrace, PolicyTrace, RuleTrace, TcpReading, Trace,
};
use peerwarden_engine::resource::{Action, Rule};
use peerwarden_engine::{Kind, Reason};
use peerwarden_traffic::ExpectedRule;
use peerwarden_traffic::{Decision, RuleRef};

use super::{Clause, Expectation, Explainer};

/// A rule that did not decide, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearMiss {
    /// The action of its policy.
    pub action: Action,
    /// The rule; only the policy if none of its rules applies.
    pub rule: RuleRef,
    /// The place of what kept it from deciding: the clause, the rule, or the policy.
    pub place: Option<Place>,
    kept: Obstacle,
}

/// What kept a rule from deciding.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Obstacle {
    /// These clauses did not hold, everything else did.
    Failed(Vec<Clause>),
    /// Nothing: it matched, but something before it decided.
    CameLater,
    /// Nothing: it matched, but it is a dry run.
    DryRun,
    /// Its policy does not apply to this workload.
    NotApplied(String),
    /// An ALLOW rule with HTTP-only fields, on TCP.
    Dropped,
    /// The policy has no rules.
    NoRules,
}

impl NearMiss {
    /// The clauses that did not hold.
    pub fn failed(&self) -> &[Clause] {
        match &self.kept {
            Obstacle::Failed(clauses) => clauses,
            Obstacle::CameLater
            | Obstacle::DryRun
            | Obstacle::NotApplied(_)
            | Obstacle::Dropped
            | Obstacle::NoRules => &[],
        }
    }
}

/// A rule that could have decided as expected.
struct Candidate<'t> {
    policy: &'t PolicyTrace,
    rule: Option<&'t RuleTrace>,
    failed: Vec<&'t ClauseTrace>,
}

/// The candidate with the fewest failed clauses; the first of several.
pub(super) fn find(
    explainer: &Explainer<'_>,
    trace: &Trace,
    decided: &Decision,
    expected: Expectation<'_>,
) -> Option<NearMiss> {
    let policies = trace
        .policies
        .iter()
        .filter(|policy| wanted(policy, decided, expected));
    let candidates = policies.flat_map(|policy| candidates(policy, expected.by));
    let candidate = candidates
        .filter(|candidate| !candidate.is(decided.by.as_ref()))
        .min_by_key(Candidate::distance)?;
    Some(candidate.told(explainer))
}

/// Whether a policy could have decided as expected: the policy that is named, or else any with the right action.
fn wanted(policy: &PolicyTrace, decided: &Decision, expected: Expectation<'_>) -> bool {
    match expected.by {
        Some(ExpectedRule::None) => return false,
        Some(ExpectedRule::Document {
            kind,
            namespace,
            name,
            ..
        }) => {
            let kind = kind
                .as_deref()
                .is_none_or(|kind| kind == Kind::AuthorizationPolicy.as_str());
            let namespace = namespace
                .as_ref()
                .is_none_or(|namespace| *namespace == policy.namespace);
            return kind && namespace && *name == policy.name;
        }
        None => {}
    }
    // The only failure that an ALLOW rule can fix is that none matched.
    match policy.action {
        Action::Allow => expected.allow && decided.reason == Reason::NoAllowRuleMatched,
        Action::Deny => !expected.allow && decided.allowed,
        Action::Audit | Action::Custom => false,
    }
}

fn candidates<'t>(policy: &'t PolicyTrace, by: Option<&ExpectedRule>) -> Vec<Candidate<'t>> {
    let index = match by {
        Some(ExpectedRule::Document { rule, .. }) => *rule,
        Some(ExpectedRule::None) | None => None,
    };
    let rules = policy
        .rules
        .iter()
        .filter(|rule| index.is_none_or(|index| rule.index == index));
    let mut candidates: Vec<Candidate<'t>> = rules
        .map(|rule| Candidate {
            policy,
            rule: Some(rule),
            failed: failed(rule, policy.action),
        })
        .collect();
    if candidates.is_empty() {
        candidates.push(Candidate {
            policy,
            rule: None,
            failed: Vec::new(),
        });
    }
    candidates
}

/// The fewest clauses whose results would have to change for the rule to match.
fn failed(rule: &RuleTrace, action: Action) -> Vec<&ClauseTrace> {
    let fails = |clause: &&ClauseTrace| match clause.result {
        ClauseResult::Held | ClauseResult::HttpOnly => false,
        ClauseResult::Failed => true,
        ClauseResult::Unavailable => action == Action::Allow,
    };
    let of_part = |part: &'_ PartTrace| part.clauses.iter().filter(fails).count();
    let nearest = |parts: &'_ [PartTrace]| {
        let parts = parts.iter().enumerate();
        parts
            .min_by_key(|(_, part)| of_part(part))
            .map(|(index, _)| index)
    };
    let source = nearest(&rule.sources).and_then(|index| rule.sources.get(index));
    let operation = nearest(&rule.operations).and_then(|index| rule.operations.get(index));
    let parts = source.into_iter().chain(operation).chain(&rule.conditions);
    parts.flat_map(|part| part.clauses.iter().filter(fails)).collect()
}

impl Candidate<'_> {
    /// Policies that apply come before those that do not, then fewer failed clauses.
    fn distance(&self) -> (bool, bool, usize) {
        let dropped = self.rule.is_none_or(|rule| rule.tcp == TcpReading::Dropped);
        (
            self.policy.not_applied.is_some() || self.policy.dry_run,
            dropped,
            self.failed.len(),
        )
    }

    fn is(&self, by: Option<&RuleRef>) -> bool {
        by == Some(&self.id())
    }

    fn id(&self) -> RuleRef {
        RuleRef {
            kind: Kind::AuthorizationPolicy.as_str().to_owned(),
            namespace: self.policy.namespace.clone(),
            name: self.policy.name.clone(),
            rule: self.rule.map(|rule| rule.index),
        }
    }

    fn told(&self, explainer: &Explainer<'_>) -> NearMiss {
        let policy = self.policy;
        let kept = match (&policy.not_applied, self.rule) {
            (Some(why), _) => Obstacle::NotApplied(why.clone()),
            (None, None) => Obstacle::NoRules,
            (None, Some(rule)) if rule.tcp == TcpReading::Dropped => Obstacle::Dropped,
            (None, Some(rule)) if rule.matched && policy.dry_run => Obstacle::DryRun,
            (None, Some(rule)) if rule.matched => Obstacle::CameLater,
            (None, Some(_)) => {
                Obstacle::Failed(self.failed.iter().map(|clause| Clause::of(clause)).collect())
            }
        };
        let path = match (&kept, self.failed.first(), self.rule) {
            (Obstacle::Failed(_), Some(clause), _) => telling(clause),
            (Obstacle::NotApplied(_) | Obstacle::NoRules, _, _) | (_, _, None) => {
                Path::keys(["metadata", "name"])
            }
            (_, _, Some(rule)) => Rule::path(rule.index),
        };
        NearMiss {
            action: policy.action,
            rule: self.id(),
            place: explainer.place(&policy.place, &path),
            kept,
        }
    }
}

/// The value that made a clause fail, if one did.
fn telling(clause: &ClauseTrace) -> Path {
    match clause.matched.iter().position(|matched| *matched) {
        Some(index) => clause.path.clone().index(index),
        None => clause.path.clone(),
    }
}

/// One line, such as `` ALLOW shop/orders[0] failed only on `paths: /orders*`, found "/admin" ``.
impl fmt::Display for NearMiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.action.as_str(), self.rule)?;
        match &self.kept {
            Obstacle::Failed(clauses) => match clauses.as_slice() {
                [] => f.write_str("did not match"),
                [only] => write!(f, "failed only on {only}, {}", only.saw()),
                [one, other] => write!(
                    f,
                    "failed on {one}, {}, and on {other}, {}",
                    one.saw(),
                    other.saw()
                ),
                many => {
                    let fields: Vec<String> =
                        many.iter().map(|clause| format!("`{}`", clause.field)).collect();
                    write!(f, "failed on {} clauses: {}", many.len(), fields.join(", "))
                }
            },
            Obstacle::CameLater => f.write_str("matched too, but another decision takes precedence"),
            Obstacle::DryRun => f.write_str("matched, but its policy is a dry run"),
            Obstacle::NotApplied(why) => write!(f, "does not apply: {why}"),
            Obstacle::Dropped => f.write_str("has HTTP-only fields, so it never matches on TCP"),
            Obstacle::NoRules => f.write_str("has no such rule"),
        }
    }
}
