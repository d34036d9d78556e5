//! Questions about all traffic: `diff`, `who-can`, `can-ever`, `matrix`.
//!
//! `peerwarden-analysis` computes the answers. This module turns files into programs, and lets the
//! [engines](peerwarden_engines) check each example; a disagreement is an internal error.

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

/// Engines with one configuration, created on first use.
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
    ///
    /// If an engine refuses the configuration or breaks, or if the two disagree.
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

    /// The decision, which must agree with the analysis.
    ///
    /// # Errors
    ///
    /// As [`LazyEngines::decide`]; also if it disagrees with the analysis.
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
