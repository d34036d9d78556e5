//! Questions about all traffic at once: `diff`, `who-can`, `can-ever`, `matrix`.
//!
//! The answers are worked out by `peerwarden-analysis`; here files become its programs, and what it says is put to the engines of
//! [`engine`](peerwarden_engines) before anybody sees it: that one of them says otherwise is an internal error.

pub(crate) mod diff;
pub(crate) mod matrix;
pub(crate) mod policies;
pub(crate) mod question;
mod refused_peers;
pub(crate) mod report;
pub(crate) mod search;
pub(crate) mod words;

use anyhow::{Context, anyhow};
use peerwarden_documents::setup::{Protocol, Setup};
use peerwarden_engines::{Choice, EnginePair, Module};
use peerwarden_traffic::{Answer, ConfigurationError, Traffic};

use crate::error::Result;

/// Engines with one configuration, which are made when they are first needed.
pub(crate) struct LazyEngines<'m> {
    choice: Choice,
    module: Option<&'m Module>,
    setup: Setup,
    protocol: Protocol,
    engine: Option<EnginePair>,
}

impl<'m> LazyEngines<'m> {
    pub(crate) fn new(choice: Choice, module: Option<&'m Module>, setup: Setup, protocol: Protocol) -> Self {
        Self {
            choice,
            module,
            setup,
            protocol,
            engine: None,
        }
    }

    /// The decision.
    ///
    /// # Errors
    /// That an engine does not take the configuration or breaks, or that the two disagree.
    pub(crate) fn decide(&mut self, traffic: &Traffic) -> Result<Answer> {
        let engine =
            match self.engine.take() {
                Some(engine) => engine,
                None => EnginePair::of(self.choice, self.module, &self.setup, self.protocol).map_err(
                    |refused| match refused {
                        ConfigurationError::Problems(problems) => anyhow!("{problems}"),
                        ConfigurationError::Module(message) => anyhow!(message),
                    },
                )?,
            };
        Ok(self.engine.insert(engine).decide(traffic)?)
    }

    /// What is decided, which was worked out before.
    ///
    /// # Errors
    /// As [`LazyEngines::decide`]; and that it is not what was worked out.
    pub(crate) fn confirm(&mut self, traffic: &Traffic, allowed: bool) -> Result<Answer> {
        let answer = self.decide(traffic)?;
        if answer.decision.allowed != allowed {
            let wrong = anyhow!(
                "the analysis concludes {}, but the engines decide {answer}: {}",
                if allowed { "allowed" } else { "denied" },
                serde_json::to_string(traffic).context("the traffic as JSON")?
            );
            return Err(wrong.into());
        }
        Ok(answer)
    }
}
