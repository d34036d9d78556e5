//! Explains an unexpected decision: what decided, on which clauses, and which rule came closest to the expected decision.
//!
//! Everything is read from the reference evaluator's trace, as in `explain`.

mod near_miss;
mod tokens;
mod unselected_workload;

pub use near_miss::NearMiss;
pub use unselected_workload::UnselectedWorkload;

use std::fmt;

use peerwarden_documents::setup::Setup;
use peerwarden_documents::source::Place;
use peerwarden_engine::document::{Path, Step};
use peerwarden_engine::reference::{ClauseResult, ClauseTrace, PartTrace, RuleTrace, Trace};
use peerwarden_engine::resource::{Resource, Rule};
use peerwarden_engine::{AttributeSource, Config, ExternalAuthorizers, Kind, RuleId};
use peerwarden_render::trust::Trust;
use peerwarden_traffic::ExpectedRule;
use peerwarden_traffic::handshake;
use peerwarden_traffic::{Decision, RuleRef};
use peerwarden_traffic::{Protocol, TokenFilter, Traffic};

/// Why a case was decided as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// What decided; `None` if no document did.
    pub deciding: Option<DecidingRule>,
    /// The rule that came closest to the expected decision; `None` if there is none.
    pub near_miss: Option<NearMiss>,
    /// If the policy that should decide does not exist, no policy applies to the workload, or none is evaluated for such a peer: a
    /// sentence that says so.
    pub note: Option<String>,
}

/// The document, and the rule in it, that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidingRule {
    /// The document and the rule.
    pub by: RuleRef,
    /// Its place in the text; `None` if unknown.
    pub place: Option<Place>,
    /// The clauses that held, each with the values that matched; empty for a rule without clauses, and for a mode.
    pub on: Vec<Clause>,
    /// The mode that a `PeerAuthentication` sets, and for whom, or what a `RequestAuthentication` does.
    mode: Option<String>,
}

/// One clause of a rule, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// The field as written, such as `notPaths`, or the condition's key.
    pub field: String,
    /// Whether it is a condition's `notValues`; a field's name shows it by itself.
    negated: bool,
    /// The values that explain the result.
    pub values: Vec<String>,
    /// How many more values there are.
    more: usize,
    /// The actual value, quoted if it is a text; `None` if there was none.
    pub found: Option<String>,
    /// Whether the value is unknown.
    unavailable: bool,
}

/// The expected decision.
#[derive(Debug, Clone, Copy)]
pub struct Expectation<'e> {
    /// Whether it should be allowed.
    pub allow: bool,
    /// What should decide.
    pub by: Option<&'e ExpectedRule>,
}

impl Expectation<'static> {
    /// The other verdict, whatever causes it.
    pub fn opposite(decided: &Decision) -> Self {
        Self {
            allow: !decided.allowed,
            by: None,
        }
    }
}

/// Explains decisions of a set of documents.
pub struct Explainer<'s> {
    setup: &'s Setup,
    config: Config,
    tokens: TokenFilter,
    trust: Trust,
}

impl<'s> Explainer<'s> {
    /// `None` for documents that the engine refuses.
    pub fn of(setup: &'s Setup, protocol: Protocol) -> Option<Self> {
        let config = setup.config(protocol.into()).ok()?;
        let trust = setup.trust().ok()?;
        let tokens = TokenFilter::of(&config);
        Some(Self {
            setup,
            config,
            tokens,
            trust,
        })
    }

    /// Why the handshake refuses the peer before any policy is evaluated.
    pub fn refusal(&self, traffic: &Traffic) -> Option<String> {
        let workload = self.config.workload.as_ref()?;
        handshake::refusal(&self.trust, workload.kind, traffic)
    }

    /// The full trace of the reference evaluator. If the filter ahead refuses a token, that is the outcome, and the
    /// trace shows the policies' decision without it.
    pub fn trace(&self, traffic: &Traffic) -> Trace {
        self.behind_tokens(traffic, |attributes| self.trace_of(attributes, attributes))
    }

    /// The full trace for any source of attributes.
    pub fn trace_of(&self, source: &dyn AttributeSource, external: &dyn ExternalAuthorizers) -> Trace {
        peerwarden_engine::reference::explain(&self.config, source, external)
    }

    /// The trace without the parts that are only for people: for counting.
    pub fn outline(&self, traffic: &Traffic) -> Trace {
        self.behind_tokens(traffic, |attributes| {
            peerwarden_engine::reference::outline(&self.config, attributes, attributes)
        })
    }

    /// Why `trace` differs from what was expected; `decided` is the engines' decision.
    pub fn diagnose(&self, trace: &Trace, decided: &Decision, expected: Expectation<'_>) -> Diagnosis {
        Diagnosis {
            deciding: decided.by.as_ref().map(|by| self.deciding(trace, by)),
            near_miss: near_miss::find(self, trace, decided, expected),
            note: expected
                .by
                .and_then(|by| missing(trace, by))
                .or_else(|| self.unselected(decided)),
        }
    }

    /// A note if no policy applies to the workload, and everything is allowed for that reason.
    fn unselected(&self, decided: &Decision) -> Option<String> {
        let unselected = UnselectedWorkload::find(&self.config).filter(|_| decided.allowed)?;
        Some(unselected.to_string())
    }

    /// The place of `path` in the texts; `document` is the document's place in the configuration.
    pub fn place(&self, document: &Path, path: &[Step]) -> Option<Place> {
        place(self.setup, document, path)
    }

    fn deciding(&self, trace: &Trace, by: &RuleRef) -> DecidingRule {
        let rule = trace.policies.iter().find_map(|policy| {
            let same = by.kind == Kind::AuthorizationPolicy.as_str()
                && (&policy.namespace, &policy.name) == (&by.namespace, &by.name);
            let rule = policy.rules.get(by.rule.filter(|_| same)?)?;
            Some((policy, rule))
        });
        match rule {
            Some((policy, rule)) => DecidingRule {
                by: by.clone(),
                place: self.place(&policy.place, &Rule::path(rule.index)),
                on: held(rule),
                mode: None,
            },
            None if tokens::decide(by) => DecidingRule {
                by: by.clone(),
                place: self.token_rule(by),
                on: Vec::new(),
                mode: Some("refuses the token".to_owned()),
            },
            None => DecidingRule {
                by: by.clone(),
                place: trace
                    .mode
                    .set_by
                    .as_ref()
                    .and_then(|set_by| self.mode(set_by, by)),
                on: Vec::new(),
                mode: Some(mode(trace)),
            },
        }
    }

    /// The place of a `PeerAuthentication`.
    fn mode(&self, set_by: &RuleId, by: &RuleRef) -> Option<Place> {
        if RuleRef::from(set_by) != *by {
            return None;
        }
        let mut documents = self
            .config
            .resources
            .iter()
            .filter_map(|resource| match resource {
                Resource::PeerAuthentication(document) => Some(&document.metadata),
                Resource::AuthorizationPolicy(_) | Resource::RequestAuthentication(_) => None,
            });
        let document =
            documents.find(|document| (&document.namespace, &document.name) == (&by.namespace, &by.name))?;
        self.place(&document.place, &Path::keys(["spec", "mtls", "mode"]))
    }
}

fn mode(trace: &Trace) -> String {
    let mode = &trace.mode;
    let port = mode
        .port
        .map(|port| format!(" on port {port}"))
        .unwrap_or_default();
    format!(
        "sets {}{port}; the connection has {}",
        mode.mode.as_str(),
        mode.peer
    )
}

fn missing(trace: &Trace, by: &ExpectedRule) -> Option<String> {
    let ExpectedRule::Document {
        kind,
        namespace,
        name,
        ..
    } = by
    else {
        return None;
    };
    let is_policy = kind
        .as_deref()
        .is_none_or(|kind| kind == Kind::AuthorizationPolicy.as_str());
    let mut names = trace
        .policies
        .iter()
        .map(|policy| (&policy.namespace, &policy.name));
    let known =
        names.any(|(of, known)| known == name && namespace.as_ref().is_none_or(|namespace| namespace == of));
    let by_mode = trace.mode.set_by.as_ref().is_some_and(|by| *by.name == **name);
    (is_policy && !known && !by_mode).then(|| format!("there is no AuthorizationPolicy `{name}`"))
}

/// The place of `path` in the texts; `document` is the document's place in the configuration.
pub fn place(setup: &Setup, document: &Path, path: &[Step]) -> Option<Place> {
    let path = document.clone().join(path);
    let (document, rest) = setup.owner(&path)?;
    Some(document.place(rest, false))
}

/// The clauses on which a rule matched: of alternatives, the first that held.
fn held(rule: &RuleTrace) -> Vec<Clause> {
    let first = |parts: &[PartTrace]| parts.iter().find(|part| part.matched).cloned();
    let parts = first(&rule.sources).into_iter().chain(first(&rule.operations));
    let parts = parts.chain(rule.conditions.iter().cloned());
    let clauses = parts.flat_map(|part| part.clauses);
    let clauses =
        clauses.filter(|clause| !clause.values.is_empty() && clause.result != ClauseResult::HttpOnly);
    // The excluded values explain little next to the allowed ones.
    let (negative, positive): (Vec<ClauseTrace>, Vec<ClauseTrace>) =
        clauses.partition(|clause| clause.negative);
    let telling = if positive.is_empty() { negative } else { positive };
    telling.iter().map(Clause::of).collect()
}

/// Whether it is the `notValues` of a condition.
fn is_not_values(clause: &ClauseTrace) -> bool {
    matches!(clause.path.last(), Some(Step::Key(key)) if key == "notValues")
}

impl Clause {
    /// How many values are shown of a clause that failed, or of a negative one that held: each explains as much as any other.
    const SHOWN: usize = 3;

    /// Describes the trace of a clause.
    pub fn of(clause: &ClauseTrace) -> Self {
        let matched = clause.values.iter().zip(&clause.matched);
        let mut values: Vec<String> = matched
            .filter(|(_, matched)| **matched)
            .map(|(value, _)| value.clone())
            .collect();
        let mut more = 0;
        if values.is_empty() {
            values = clause.values.iter().take(Self::SHOWN).cloned().collect();
            more = clause.values.len().saturating_sub(values.len());
        }
        Self {
            field: clause.field.clone(),
            negated: is_not_values(clause),
            values,
            more,
            found: clause.found.clone(),
            unavailable: clause.result == ClauseResult::Unavailable,
        }
    }

    /// The actual value.
    pub fn saw(&self) -> String {
        let saw = self.found_only();
        match self.has_scheme() {
            true => format!("{saw}: values are written without `spiffe://`, which is added in front"),
            false => saw,
        }
    }

    /// Whether a value has the scheme of SPIFFE IDs, so that it looks like the actual value but differs.
    fn has_scheme(&self) -> bool {
        let names_peers = matches!(
            self.field.as_str(),
            "principals" | "notPrincipals" | "source.principal"
        );
        names_peers && self.values.iter().any(|value| value.contains("spiffe://"))
    }

    fn found_only(&self) -> String {
        match (&self.found, self.unavailable) {
            (Some(found), _) => format!("found {found}"),
            (None, true) => "value unknown".to_owned(),
            (None, false) => "found nothing".to_owned(),
        }
    }
}

/// `` `notPaths: /admin*` ``.
impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (field, values) = (&self.field, self.values.join(", "));
        let not = if self.negated { " notValues" } else { "" };
        write!(f, "`{field}{not}: {values}`")?;
        match self.more {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// `` matched on `paths: /admin*` ``.
impl fmt::Display for DecidingRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(mode) = &self.mode {
            return write!(f, "{} {mode}", self.by);
        }
        if self.on.is_empty() {
            return write!(f, "{} matches everything", self.by);
        }
        let on: Vec<String> = self.on.iter().map(Clause::to_string).collect();
        write!(f, "{} matched on {}", self.by, on.join(", "))
    }
}
