//! What decides: one question, whichever engine answers it.

use std::fmt;
use std::path::PathBuf;

use peerwarden_engine::{Config, Problems, Program};

use crate::answer::Answer;
use crate::traffic::Traffic;

/// One configuration, ready to decide.
pub trait Engine {
    /// What is decided.
    ///
    /// # Errors
    /// That the engine broke, or that two engines disagree.
    fn decide(&mut self, traffic: &Traffic) -> Result<Answer, Broken>;
}

/// Makes engines of configurations.
pub trait Engines: Sync {
    /// Which engines these are, in words.
    fn name(&self) -> &'static str;

    /// An engine with this configuration, the JSON that Envoy hands to the module.
    ///
    /// # Errors
    /// What is wrong with the configuration, or that the module judges it otherwise.
    fn configure(&self, configuration: &str) -> Result<Box<dyn Engine>, Refused>;
}

/// Why a configuration cannot be used.
#[derive(Debug)]
pub enum Refused {
    /// It is wrong.
    Problems(Problems),
    /// The module does not take what the native engine takes, or cannot run.
    Module(String),
}

/// What kept an engine from answering, or that the two differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken(pub String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The module that decides, as a report names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleFile {
    /// Where it is.
    pub path: PathBuf,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// Whether it was compiled by an earlier run.
    pub from_cache: bool,
}

impl fmt::Display for ModuleFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (sha256 {})", self.path.display(), self.sha256)
    }
}

/// Makes engines that are compiled for this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Native;

impl Engines for Native {
    fn name(&self) -> &'static str {
        "native engine only"
    }

    fn configure(&self, configuration: &str) -> Result<Box<dyn Engine>, Refused> {
        let engine = NativeEngine::new(configuration).map_err(Refused::Problems)?;
        Ok(Box::new(engine))
    }
}

/// One configuration in the engine compiled for this machine.
#[derive(Debug)]
pub struct NativeEngine(Program);

impl NativeEngine {
    /// Reads and compiles a configuration.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(configuration: &str) -> Result<Self, Problems> {
        let config = Config::parse(configuration.as_bytes())?;
        Ok(Self(Program::compile(&config)?))
    }

    /// What is decided.
    pub fn answer(&self, traffic: &Traffic) -> Answer {
        let traffic = peerwarden_engine::Traffic::from(traffic);
        self.0.judge(&traffic, &traffic).into()
    }

    /// The compiled configuration.
    pub fn program(&self) -> &Program {
        &self.0
    }
}

impl Engine for NativeEngine {
    fn decide(&mut self, traffic: &Traffic) -> Result<Answer, Broken> {
        Ok(self.answer(traffic))
    }
}
