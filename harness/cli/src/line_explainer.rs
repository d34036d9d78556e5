//! Explains lines of logs. A line contains too little to ask the module: the native engine determines what is certain.

use anyhow::Context;
use peerwarden_documents::setup::Setup;
use peerwarden_engine::{Bounds, ExternalAnswer, ExternalAuthorizers, Reason};
use peerwarden_explain::diagnosis::{Expectation, Explainer};
use peerwarden_explain::{Explanation, LineVerdict, LoggedOutcome, Subject};
use peerwarden_logs::access_log::{self, Entry};
use peerwarden_logs::replay::Policies;
use peerwarden_traffic::Decision;

use crate::error::Result;
use crate::policy_source::PolicySource;

/// Explains lines by the policies for their traffic.
pub(crate) struct LineExplainer<'s> {
    source: &'s PolicySource,
    /// Policies compiled for earlier lines.
    compiled: Vec<(&'s Setup, Policies)>,
}

/// A log does not record the answers of external authorizers.
struct SilentAuthorizers;

impl ExternalAuthorizers for SilentAuthorizers {
    fn answer(&self, _: &str) -> ExternalAnswer {
        ExternalAnswer::Failed
    }
}

impl<'s> LineExplainer<'s> {
    pub(crate) fn new(source: &'s PolicySource) -> Self {
        Self {
            source,
            compiled: Vec::new(),
        }
    }

    /// Passes the explanation of a line to `show`.
    ///
    /// # Errors
    ///
    /// If the policies are invalid.
    pub(crate) fn explain<T>(
        &mut self,
        entry: &Entry,
        show: impl FnOnce(&Explanation<'_>) -> T,
    ) -> Result<T> {
        let protocol = entry.protocol.map(Into::into);
        let setup = self.source.setup(entry.destination_port, protocol)?;
        let policies = self.policies(setup)?;
        let explainer = Explainer::of(setup, entry.protocol.unwrap_or_default())
            .context("the documents that the engine took cannot be read again")?;
        let (known, view) = policies.certain(entry);
        let trace = explainer.trace_of(&view, &SilentAuthorizers);
        let known = match known {
            Bounds::Certain(decision) => LineVerdict::Decided(decision.into()),
            Bounds::Open(open) => LineVerdict::Hangs(open.lacks),
        };
        let line = access_log::line(entry);
        let why = match (&known, &line.logged) {
            (LineVerdict::Decided(decided), _) => {
                Some(explainer.diagnose(&trace, decided, Expectation::opposite(decided)))
            }
            // The log is more certain: no rule matched, so one of them came closest.
            (LineVerdict::Hangs(_), Some(LoggedOutcome::Denied(by))) if by == "none" => {
                let denied = Decision {
                    allowed: false,
                    by: None,
                    reason: Reason::NoAllowRuleMatched,
                };
                Some(explainer.diagnose(&trace, &denied, Expectation::opposite(&denied)))
            }
            (LineVerdict::Hangs(_), _) => None,
        };
        Ok(show(&Explanation {
            subject: Subject::Line(&line, known),
            explainer: &explainer,
            trace: &trace,
            // The request was logged, so the handshake accepted the peer.
            refusal: None,
            why: why.as_ref(),
            module: None,
        }))
    }

    fn policies(&mut self, setup: &'s Setup) -> Result<&Policies> {
        let known = self
            .compiled
            .iter()
            .position(|(known, _)| std::ptr::eq(*known, setup));
        let at = match known {
            Some(at) => at,
            None => {
                setup.trust()?;
                let policies = Policies::new(setup).map_err(|problems| setup.diagnostics(&problems))?;
                self.compiled.push((setup, policies));
                self.compiled.len() - 1
            }
        };
        let policies = self.compiled.get(at).map(|(_, policies)| policies);
        Ok(policies.context("the policies that were just compiled are gone")?)
    }
}
