//! The compiled form: what applies to one workload on one protocol, arranged for evaluation.
//!
//! What a rule *means* is in `policy`, `pattern` and `evaluate`; how it is *found* among the others is in `index`, which only narrows.

mod actions;
mod answers;
mod bounds;
mod compile;
mod custom;
mod decide;
mod evaluate;
mod index;
mod inspect;
mod modes;
mod rules;
mod truth;

pub use bounds::{Bounds, Open};
pub use decide::{Question, Step};

use actions::Actions;
use custom::Custom;
use modes::Modes;
use rules::Rules;

use crate::config::{Paths, Protocol};

/// Everything that decides for one workload on one protocol.
#[derive(Debug, Clone)]
pub struct Program {
    protocol: Protocol,
    paths: Paths,
    modes: Modes,
    custom: Option<Custom>,
    enforced: Actions,
    /// What would be enforced if the dry-run policies were; `None` when there are none.
    shadow: Option<Actions>,
    audit: Rules,
}

/// How far a decision comes without anybody else.
#[derive(Debug, Clone, Copy)]
pub enum Step<'p> {
    /// To its end.
    Decided(Judgement<'p>),
    /// To a CUSTOM rule that matched: its authorizer must be asked, and [`Program::answered`] goes on from there.
    Ask(Question<'p>),
}

/// What an external authorizer must be asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'p> {
    /// The name of its provider.
    pub provider: &'p str,
    /// How it is asked.
    pub authorizer: &'p Authorizer,
    /// The CUSTOM rule that matched, the first by id.
    pub by: &'p By,
}

/// The rules that decide once the mode does not.
#[derive(Debug, Clone)]
struct Actions {
    deny: Rules,
    /// `None` when no ALLOW policy applies; one without usable rules still counts.
    allow: Option<Rules>,
}

impl Actions {
    fn of(policies: &[&Policy]) -> Self {
        let allow = || of_action(policies, Action::Allow);
        Self {
            deny: Rules::new(of_action(policies, Action::Deny)),
            allow: allow().next().map(|_| Rules::new(allow())),
        }
    }

    fn decide(&self, answers: &Answers<'_>, report: Report) -> Decision<'_> {
        if let Some(by) = self.deny.first_match(answers, truth::Doubt::Matches) {
            return Decision {
                verdict: Verdict::Deny,
                by: Some(by),
                reason: Reason::DenyRule,
            };
        }
        let Some(allow) = &self.allow else {
            return Decision {
                verdict: Verdict::Allow,
                by: None,
                reason: Reason::NoAllowPolicy,
            };
        };
        let wanted = match report {
            Report::All => Wanted::First,
            Report::Denied => Wanted::Any,
        };
        match allow.a_match(answers, truth::Doubt::DoesNotMatch, wanted) {
            Some(by) => Decision {
                verdict: Verdict::Allow,
                by: Some(by),
                reason: Reason::AllowRule,
            },
            None => Decision {
                verdict: Verdict::Deny,
                by: None,
                reason: Reason::NoAllowRuleMatched,
            },
        }
    }
}

fn denied(by: &By, reason: Reason) -> Decision<'_> {
    Decision {
        verdict: Verdict::Deny,
        by: Some(by),
        reason,
    }
}

fn of_action<'p>(policies: &[&'p Policy], action: Action) -> impl Iterator<Item = &'p Policy> {
    policies
        .iter()
        .copied()
        .filter(move |policy| policy.action == action)
}

impl Program {
    /// Compiles what `config` says for its workload.
    ///
    /// Every document is validated, those for other workloads too: whether a configuration is accepted does not depend
    /// on where it is loaded.
    ///
    /// # Errors
    /// Everything that is wrong with the documents, and a workload that is not given.
    pub fn compile(config: &Config) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let Some(workload) = &config.workload else {
            let problem = Problem::new(&At::ROOT.name("workload"), "`workload` is missing");
            return Err(problem
                .help("write the workload: `{\"namespace\": …, \"labels\": { … }}`")
                .into());
        };
        let mut policies = Vec::new();
        let growth = Growth::default();
        for resource in &config.resources {
            match resource {
                Resource::AuthorizationPolicy(document) => {
                    let at = At::place(&document.metadata.place);
                    let policy = validate(document, &at, &config.mesh, &growth, &mut problems);
                    let here = applies(document, &config.mesh, workload);
                    policies.extend(policy.filter(|_| here).map(|policy| policy.on(config.protocol)));
                }
                // Its structure is all there is to it.
                Resource::PeerAuthentication(_) => {}
            }
        }
        problems.into_result(Self::of(config, &policies))
    }

    /// Of policies that apply, and the other documents of the configuration; `None` where it does not say which workload this is.
    pub(crate) fn of(config: &Config, policies: &[Policy]) -> Option<Self> {
        let workload = config.workload.as_ref()?;
        let modes = MtlsModes::of(&config.resources, &config.mesh, workload);
        Some(Self::arrange(
            policies,
            &modes,
            &config.extension_providers,
            config.protocol,
            config.paths,
        ))
    }

    fn arrange(
        policies: &[Policy],
        modes: &MtlsModes,
        providers: &[ExtensionProvider],
        protocol: Protocol,
        paths: Paths,
    ) -> Self {
        let enforced: Vec<&Policy> = policies.iter().filter(|policy| !policy.dry_run).collect();
        let all: Vec<&Policy> = policies.iter().collect();
        let custom: Vec<&Policy> = of_action(&enforced, Action::Custom).collect();
        Self {
            protocol,
            paths,
            modes: Modes::from(modes),
            custom: Custom::new(&custom, providers, protocol),
            shadow: (all.len() > enforced.len()).then(|| Actions::of(&all)),
            audit: Rules::new(of_action(&enforced, Action::Audit)),
            enforced: Actions::of(&enforced),
        }
    }

    /// Which filter chain this is for.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Which paths are established.
    pub fn paths(&self) -> Paths {
        self.paths
    }

    /// The mutual TLS mode of a port of the workload, and the `PeerAuthentication` that set it; `UNSET`, which means PERMISSIVE,
    /// where none did (<https://istio.io/latest/docs/reference/config/security/peer_authentication/>).
    pub fn mtls_mode(&self, port: u16) -> (MtlsMode, Option<&By>) {
        self.modes.of(port)
    }

    /// The ports that have a mode of their own.
    pub fn mtls_ports(&self) -> impl Iterator<Item = u16> {
        self.modes.ports()
    }

    /// The rules of the DENY policies that are enforced, as they are read on this protocol, in the order in which they are reported.
    pub fn deny_rules(&self) -> impl Iterator<Item = (&By, &Rule)> {
        self.enforced.deny.iter()
    }

    /// The same of the ALLOW policies; `None` when there is no such policy, so that all is allowed that nothing denies.
    pub fn allow_rules(&self) -> Option<impl Iterator<Item = (&By, &Rule)>> {
        self.enforced.allow.as_ref().map(Rules::iter)
    }

    /// The rules of the CUSTOM policies; none when nobody is ever asked.
    pub fn custom_rules(&self) -> impl Iterator<Item = (&By, &Rule)> {
        self.custom.iter().flat_map(|custom| custom.rules().iter())
    }

    /// The rules of the AUDIT policies.
    pub fn audit_rules(&self) -> impl Iterator<Item = (&By, &Rule)> {
        self.audit.iter()
    }

    /// The one provider that the workload's CUSTOM rules name, and its authorizer; `None` when there is none, or none that is
    /// usable.
    pub fn provider(&self) -> Option<(&str, &Authorizer)> {
        let named = self.custom.as_ref()?.authorizer.as_ref().ok()?;
        Some((&named.provider, &named.authorizer))
    }

    /// Why no external authorizer can be asked about what the CUSTOM rules of the workload match, for people; `None` when
    /// one can, or none is needed.
    pub fn unusable_provider(&self) -> Option<&str> {
        let custom = self.custom.as_ref()?;
        custom.authorizer.as_ref().err().map(String::as_str)
    }

    /// How many headers of a request the rules may ask for, pseudo-headers among them. Where there are several, a source does well to
    /// get all at once.
    pub fn headers_asked_for(&self) -> usize {
        let mut names = BTreeSet::new();
        let actions = [Some(&self.enforced), self.shadow.as_ref()].into_iter().flatten();
        let rules = actions.flat_map(|actions| [Some(&actions.deny), actions.allow.as_ref()]);
        let custom = self.custom.as_ref().map(Custom::rules);
        for rules in rules.chain([custom, Some(&self.audit)]).flatten() {
            names.extend(
                rules
                    .iter()
                    .flat_map(|(_, rule)| rule.clauses())
                    .filter_map(Clause::header),
            );
        }
        names.len()
    }

    /// Decides: mutual TLS mode, then CUSTOM, then DENY, then ALLOW
    /// (<https://istio.io/latest/docs/concepts/security/#implicit-enablement>). Cannot fail: an attribute that could
    /// not be established counts as a match for CUSTOM and DENY and as no match for ALLOW.
    ///
    /// Says also what else the documents have to say: never asks twice for an attribute, and for none that only a dry run or
    /// an AUDIT rule would need when there are none. With [`Report::Denied`] a decision that allows names a rule that matches, not
    /// always the first by id: nothing is asked for to find out which is.
    pub fn begin(&self, source: &dyn AttributeSource, report: Report) -> Step<'_> {
        let answers = Answers::new(source, self.paths);
        if let Some(decision) = self.modes.decide(&answers, self.protocol) {
            return Step::Decided(self.settled(decision));
        }
        let custom = self.custom.as_ref();
        match custom.and_then(|custom| Some((custom, custom.first_match(&answers)?))) {
            None => Step::Decided(self.conclude(&answers, report)),
            Some((custom, by)) => match &custom.authorizer {
                Ok(named) => Step::Ask(Question {
                    provider: &named.provider,
                    authorizer: &named.authorizer,
                    by,
                }),
                Err(_) => Step::Decided(self.settled(denied(by, Reason::ProviderUnusable))),
            },
        }
    }

    /// Goes on from the [`Question`] about the CUSTOM rule `by`, with its answer: a no ends with denial, a yes leaves it to the
    /// other policies, a failure is a no unless the provider's `failOpen` says otherwise.
    ///
    /// `source` may tell more than it did when the question was put, such as headers that the authorizer added.
    pub fn answered<'a>(
        &'a self,
        by: &'a By,
        answer: ExternalAnswer,
        source: &dyn AttributeSource,
        report: Report,
    ) -> Judgement<'a> {
        let refused = match answer {
            ExternalAnswer::Allow => None,
            ExternalAnswer::Deny => Some(Reason::AuthorizerDenied),
            ExternalAnswer::Failed => {
                let open = self.custom.as_ref().is_some_and(Custom::fails_open);
                (!open).then_some(Reason::AuthorizerFailed)
            }
            ExternalAnswer::Unaskable => Some(Reason::AuthorizerFailed),
        };
        match refused {
            Some(reason) => self.settled(denied(by, reason)),
            None => self.conclude(&Answers::new(source, self.paths), report),
        }
    }

    /// Decides where every answer is at hand.
    pub fn judge(&self, source: &dyn AttributeSource, external: &dyn ExternalAuthorizers) -> Judgement<'_> {
        match self.begin(source, Report::All) {
            Step::Decided(judgement) => judgement,
            Step::Ask(question) => {
                let answer = external.answer(question.provider);
                self.answered(question.by, answer, source, Report::All)
            }
        }
    }

    /// What is decided before any dry run or AUDIT rule is looked at: the same with and without them.
    fn settled<'a>(&self, decision: Decision<'a>) -> Judgement<'a> {
        Judgement {
            decision,
            shadow: self.shadow.as_ref().map(|_| decision),
            audited: None,
        }
    }

    /// DENY, then ALLOW.
    fn conclude(&self, answers: &Answers<'_>, report: Report) -> Judgement<'_> {
        Judgement {
            decision: self.enforced.decide(answers, report),
            shadow: self
                .shadow
                .as_ref()
                .map(|shadow| shadow.decide(answers, Report::All)),
            audited: self.audit.first_match(answers, truth::Doubt::Matches),
        }
    }
}
