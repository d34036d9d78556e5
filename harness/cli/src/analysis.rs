//! Questions about all traffic at once: `diff`, `who-can`, `can-ever`, `matrix`.
//!
//! The answers are worked out by `peerwarden-analysis`; here files become its programs, and what it says is put to the engines of
//! [`engine`](peerwarden_engines) before anybody sees it: that one of them says otherwise is an internal error.

pub(crate) mod diff;
pub(crate) mod found;
pub(crate) mod matrix;
pub(crate) mod policies;
pub(crate) mod question;
pub(crate) mod report;
pub(crate) mod words;

use peerwarden_engines::{Choice, EnginePair};
use peerwarden_host::Module;
use peerwarden_traffic::Traffic;
use peerwarden_traffic::{Answer, ConfigurationError, EngineFailure};

/// Engines with one configuration, which are made when they are first needed.
pub(crate) struct Replay<'m> {
    choice: Choice,
    module: Option<&'m Module>,
    configuration: String,
    engine: Option<EnginePair>,
}

impl<'m> Replay<'m> {
    pub(crate) fn new(choice: Choice, module: Option<&'m Module>, configuration: String) -> Self {
        Self {
            choice,
            module,
            configuration,
            engine: None,
        }
    }

    /// What is decided.
    ///
    /// # Errors
    /// That an engine does not take the configuration or breaks, or that the two disagree.
    pub(crate) fn decide(&mut self, traffic: &Traffic) -> anyhow::Result<Answer> {
        let engine = match self.engine.take() {
            Some(engine) => engine,
            None => EnginePair::new(self.choice, self.module, &self.configuration).map_err(|refused| {
                match refused {
                    ConfigurationError::Problems(problems) => anyhow::anyhow!("{problems}"),
                    ConfigurationError::Module(message) => anyhow::anyhow!(message),
                }
            })?,
        };
        let answer = self.engine.insert(engine).decide(traffic);
        answer.map_err(|EngineFailure(message)| anyhow::anyhow!(message))
    }

    /// What is decided, which was worked out before.
    ///
    /// # Errors
    /// As [`Replay::decide`]; and that it is not what was worked out.
    pub(crate) fn confirm(&mut self, traffic: &Traffic, allowed: bool) -> anyhow::Result<Answer> {
        let answer = self.decide(traffic)?;
        if answer.decision.allowed != allowed {
            anyhow::bail!(
                "the analysis says that this is {}, the engines say {answer}: {}",
                if allowed { "allowed" } else { "denied" },
                serde_json::to_string(traffic)?
            );
        }
        Ok(answer)
    }
}
