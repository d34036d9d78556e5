//! The engine compiled for this machine.

use peerwarden_engine::{Config, Problems, Program};

use super::Answer;
use crate::traffic::Traffic;

/// One compiled configuration.
pub(super) struct Native(Program);

impl Native {
    /// Reads and compiles a configuration.
    pub(super) fn new(configuration: &str) -> Result<Self, Problems> {
        let config = Config::parse(configuration.as_bytes())?;
        Ok(Self(Program::compile(&config)?))
    }

    pub(super) fn decide(&self, traffic: &Traffic) -> Answer {
        let traffic = peerwarden_engine::Traffic::from(traffic);
        self.0.judge(&traffic, &traffic).into()
    }

    pub(super) fn program(&self) -> &Program {
        &self.0
    }
}
