//! Engines: one interface for all of them.

use std::fmt;
use std::path::PathBuf;

use peerwarden_documents::setup::{Protocol, Setup};
use peerwarden_engine::{Config, Problems, Program};

use crate::answer::Answer;
use crate::token_filter::{TokenFilter, TokenResult};
use crate::traffic::Traffic;

/// An engine with one configuration, ready to decide.
pub trait Engine {
    /// Decides.
    ///
    /// # Errors
    ///
    /// If the engine broke, or two engines disagree.
    fn decide(&mut self, traffic: &Traffic) -> Result<Answer, EngineFailure>;
}

/// Creates engines from configurations.
pub trait Engines: Sync {
    /// The name of these engines, for people.
    fn name(&self) -> &'static str;

    /// An engine with this configuration.
    ///
    /// # Errors
    ///
    /// If the configuration is invalid, or the module does not agree that it is valid.
    fn configure(&self, setup: &Setup, protocol: Protocol) -> Result<Box<dyn Engine>, ConfigurationError>;
}

/// Why a configuration cannot be used.
#[derive(Debug)]
pub enum ConfigurationError {
    /// The configuration is wrong.
    Problems(Problems),
    /// The module refuses what the native engine accepts, or cannot run.
    Module(String),
}

/// Why an engine gave no answer, or how two engines differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineFailure(pub String);

impl fmt::Display for EngineFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The module that decides, as reports show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleFile {
    /// Its path.
    pub path: PathBuf,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// Whether an earlier run compiled it.
    pub from_cache: bool,
}

impl fmt::Display for ModuleFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (sha256 {})", self.path.display(), self.sha256)
    }
}

/// Creates engines that are compiled for this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct NativeEngines;

impl Engines for NativeEngines {
    fn name(&self) -> &'static str {
        "native engine only"
    }

    fn configure(&self, setup: &Setup, protocol: Protocol) -> Result<Box<dyn Engine>, ConfigurationError> {
        let engine = NativeEngine::of(setup, protocol).map_err(ConfigurationError::Problems)?;
        Ok(Box::new(engine))
    }
}

/// The engine compiled for this machine, with one configuration, behind the filter that verifies tokens.
#[derive(Debug)]
pub struct NativeEngine {
    tokens: TokenFilter,
    program: Program,
}

impl NativeEngine {
    /// Compiles a configuration.
    ///
    /// # Errors
    ///
    /// If it is invalid.
    pub fn of(setup: &Setup, protocol: Protocol) -> Result<Self, Problems> {
        Self::compile(&setup.config(protocol)?)
    }

    /// Reads and compiles a configuration from the JSON that Envoy passes to the module.
    ///
    /// # Errors
    ///
    /// If it is invalid.
    pub fn read(configuration: &str) -> Result<Self, Problems> {
        Self::compile(&Config::parse(configuration.as_bytes())?)
    }

    fn compile(config: &Config) -> Result<Self, Problems> {
        Ok(Self {
            tokens: TokenFilter::of(config),
            program: Program::compile(config)?,
        })
    }

    /// Decides.
    pub fn answer(&self, traffic: &Traffic) -> Answer {
        match self.tokens.pass(traffic) {
            TokenResult::Passed(passed) => self.answer_passed(&passed.traffic),
            TokenResult::Refused(refused) => refused.answer(),
        }
    }

    /// Decides about a request that passed the filter that verifies tokens.
    pub fn answer_passed(&self, traffic: &Traffic) -> Answer {
        let traffic = peerwarden_engine::Traffic::from(traffic);
        self.program.judge(&traffic, &traffic).into()
    }

    /// The filter that verifies tokens, ahead of it.
    pub fn tokens(&self) -> &TokenFilter {
        &self.tokens
    }

    /// The compiled configuration.
    pub fn program(&self) -> &Program {
        &self.program
    }
}

impl Engine for NativeEngine {
    fn decide(&mut self, traffic: &Traffic) -> Result<Answer, EngineFailure> {
        Ok(self.answer(traffic))
    }
}
