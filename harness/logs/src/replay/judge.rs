//! Evaluates one line.

use std::collections::BTreeSet;

use peerwarden_documents::setup::{Protocol, Setup};
use peerwarden_engine::{Attribute, Bounds, Decision, OpenDecision, Problems, Program, Reason, Verdict};
use peerwarden_traffic::RuleRef;

use crate::access_log::{Entry, Fact, View};

/// The largest number of ways to read the dashes of a line.
const READINGS: usize = 64;

/// A set of policies, for either kind of traffic.
pub struct Policies {
    http: Program,
    tcp: Program,
}

/// The result of a set of policies for a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineJudgement {
    /// Whether it is allowed; `None` if the line does not contain enough.
    pub verdict: Option<bool>,
    /// The rule that decides, for people; if the verdict is unknown, one that would.
    pub rule: String,
    /// The missing values that the verdict depends on, with the names of suites.
    pub lacks: BTreeSet<Attribute>,
}

impl Policies {
    /// Compiles the documents.
    ///
    /// # Errors
    ///
    /// If they are invalid.
    pub fn new(setup: &Setup) -> Result<Self, Problems> {
        Ok(Self {
            http: setup.program(Protocol::Http)?,
            tcp: setup.program(Protocol::Tcp)?,
        })
    }

    /// The verdict on a request that no rule matches; the same for HTTP and TCP.
    pub fn without_rules(&self) -> Verdict {
        self.http.without_rules()
    }

    /// Whether any rule may match the line.
    pub fn may_match(&self, entry: &Entry) -> bool {
        let undecided = |program: &&Program| match certain(program, entry).0 {
            Bounds::Certain(decision) => decision.by.is_some(),
            Bounds::Open(_) => true,
        };
        self.programs(entry).iter().any(undecided)
    }

    /// Decides, as far as the line contains the values that matter.
    pub fn judge(&self, entry: &Entry) -> LineJudgement {
        LineJudgement::of(&self.certain(entry).0)
    }

    /// The certain result, and the view of the line that leads to it.
    pub fn certain<'a>(&'a self, entry: &'a Entry) -> (Bounds<'a>, View<'a>) {
        let mut each = self
            .programs(entry)
            .into_iter()
            .map(|program| certain(program, entry));
        match (each.next(), each.next()) {
            (Some((one, view)), Some((other, _))) => (either(one, other), view),
            (Some(only), None) => only,
            (None, _) => unreachable!("there is a program for either protocol"),
        }
    }

    /// The programs that may apply to the line.
    fn programs(&self, entry: &Entry) -> Vec<&Program> {
        match entry.protocol {
            Some(peerwarden_traffic::Protocol::Http) => vec![&self.http],
            Some(peerwarden_traffic::Protocol::Tcp) => vec![&self.tcp],
            None => vec![&self.http, &self.tcp],
        }
    }
}

fn certain<'a>(program: &'a Program, entry: &'a Entry) -> (Bounds<'a>, View<'a>) {
    let view = View::new(entry);
    // The filter that verifies tokens accepted what the line does not show of a token; what it shows may be refused
    // now.
    if let Fact::Is(payload) = &entry.jwt
        && !program.accepts_token(payload)
    {
        let refused = Decision {
            verdict: Verdict::Deny,
            by: None,
            reason: Reason::InvalidToken,
        };
        return (Bounds::Certain(refused), view);
    }
    let bounds = program.bounds(&view);
    match &bounds {
        Bounds::Open(open) => read_dashes(program, entry, open).unwrap_or((bounds, view)),
        Bounds::Certain(_) => (bounds, view),
    }
}

/// The certain result if one of two programs applies.
fn either<'a>(one: Bounds<'a>, other: Bounds<'a>) -> Bounds<'a> {
    let (denied, allowed) = (
        may_come_to(&one, &other, Verdict::Deny),
        may_come_to(&one, &other, Verdict::Allow),
    );
    let (Some(denied), Some(allowed)) = (denied, allowed) else {
        return one;
    };
    let lacks = |bounds: Bounds<'a>| match bounds {
        Bounds::Certain(_) => BTreeSet::new(),
        Bounds::Open(open) => open.lacks,
    };
    let mut lacks: BTreeSet<Attribute> = [one, other].into_iter().flat_map(lacks).collect();
    lacks.insert(Attribute::Protocol);
    Bounds::Open(OpenDecision {
        denied,
        allowed,
        lacks,
    })
}

/// How one of them may reach a verdict.
fn may_come_to<'a>(one: &Bounds<'a>, other: &Bounds<'a>, verdict: Verdict) -> Option<Decision<'a>> {
    [one, other]
        .into_iter()
        .find_map(|bounds| match (bounds, verdict) {
            (Bounds::Certain(decision), _) => (decision.verdict == verdict).then_some(*decision),
            (Bounds::Open(open), Verdict::Deny) => Some(open.denied),
            (Bounds::Open(open), Verdict::Allow) => Some(open.allowed),
        })
}

/// If a dash may mean absent or a dash, both are tried: the result is what they agree on. `None` if there is no
/// relevant dash, or too many.
fn read_dashes<'a>(
    program: &'a Program,
    entry: &'a Entry,
    open: &OpenDecision<'a>,
) -> Option<(Bounds<'a>, View<'a>)> {
    let mut attributes = open.lacks.clone();
    loop {
        let views = View::each(entry, attributes.iter());
        if views.is_empty() || views.len() > READINGS {
            return None;
        }
        let judged: Vec<Bounds<'a>> = views.iter().map(|view| program.bounds(view)).collect();
        let verdict = |bounds: &Bounds<'_>| match bounds {
            Bounds::Certain(decision) => Some(decision.verdict),
            Bounds::Open(_) => None,
        };
        let first = judged.first().and_then(verdict);
        if first.is_some() && judged.iter().all(|bounds| verdict(bounds) == first) {
            return judged.into_iter().zip(views).next();
        }
        // Attributes that matter only now may be dashes too.
        let before = attributes.len();
        for bounds in &judged {
            if let Bounds::Open(open) = bounds {
                attributes.extend(open.lacks.iter().cloned());
            }
        }
        if attributes.len() == before {
            return Some((
                Bounds::Open(OpenDecision {
                    lacks: attributes,
                    ..open.clone()
                }),
                View::new(entry),
            ));
        }
    }
}

impl LineJudgement {
    fn of(bounds: &Bounds<'_>) -> Self {
        match bounds {
            Bounds::Certain(decision) => Self {
                verdict: Some(decision.verdict == Verdict::Allow),
                rule: rule(decision),
                lacks: BTreeSet::new(),
            },
            Bounds::Open(open) => Self {
                verdict: None,
                // "No ALLOW rule matches" names no rule; the rule that may match is the one that depends on missing
                // values.
                rule: match open.denied.by {
                    Some(_) => rule(&open.denied),
                    None => rule(&open.allowed),
                },
                lacks: open.lacks.clone(),
            },
        }
    }
}

/// The decision in a few words.
pub fn rule(decision: &Decision<'_>) -> String {
    let by = decision.by.map(RuleRef::from);
    match (decision.reason, by) {
        (Reason::DenyRule, Some(by)) => format!("DENY {by}"),
        (Reason::AllowRule, Some(by)) => format!("ALLOW {by}"),
        (Reason::AuthorizerDenied | Reason::AuthorizerFailed | Reason::ProviderUnusable, Some(by)) => {
            format!("CUSTOM {by}")
        }
        (Reason::NoAllowRuleMatched, _) => "no ALLOW rule matches".to_owned(),
        (Reason::NoAllowPolicy, _) => "no ALLOW policy applies".to_owned(),
        (
            Reason::MtlsRequired
            | Reason::MtlsDisabled
            | Reason::DeadlinePassed
            | Reason::InvalidToken
            | Reason::DenyRule
            | Reason::AllowRule
            | Reason::AuthorizerDenied
            | Reason::AuthorizerFailed
            | Reason::ProviderUnusable,
            by,
        ) => by.map_or_else(|| decision.reason.as_str().to_owned(), |by| by.to_string()),
    }
}

#[cfg(test)]
mod tests;
