//! The two engines behind one question.

use std::borrow::Cow;

use clap::ValueEnum;
use peerwarden_documents::setup::{Protocol, Setup};
use peerwarden_engine::Problems;
use peerwarden_host::Module;
use peerwarden_traffic::{
    Answer, ConfigurationError, Engine, EngineFailure, Engines, NativeEngine, NativeEngines, TokenFilter,
    TokenResult, Traffic,
};

use crate::wasm::Wasm;

/// Which engine decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// The Wasm module, in a simulated Envoy.
    Wasm,
    /// The engine compiled for this machine.
    Native,
    /// Both engines. If they disagree, that is an internal error, or a failure in `test`.
    Both,
}

impl Choice {
    /// In words.
    fn name(self) -> &'static str {
        match self {
            Choice::Both => "module and native engine",
            Choice::Wasm => "module",
            Choice::Native => NativeEngines.name(),
        }
    }

    /// Whether the module is needed.
    pub fn runs_module(self) -> bool {
        match self {
            Choice::Wasm | Choice::Both => true,
            Choice::Native => false,
        }
    }
}

/// One configuration in the engines of a choice, ready to decide.
pub struct EnginePair {
    /// Ahead of both, as Envoy's filter is ahead of the module.
    tokens: TokenFilter,
    native: Option<NativeEngine>,
    wasm: Option<Wasm>,
}

impl EnginePair {
    /// Configures the engines of `choice`; the module is needed for all but [`Choice::Native`], and alone gets the configuration as JSON.
    ///
    /// # Errors
    /// What is wrong with the configuration, or that the module judges otherwise.
    pub fn of(
        choice: Choice,
        module: Option<&Module>,
        setup: &Setup,
        protocol: Protocol,
    ) -> Result<Self, ConfigurationError> {
        let native = NativeEngine::of(setup, protocol);
        Self::beside(choice, module, native, || setup.to_json(protocol).into())
    }

    /// The same with a configuration that is JSON already.
    ///
    /// # Errors
    /// As [`EnginePair::of`].
    pub fn read(
        choice: Choice,
        module: Option<&Module>,
        configuration: &str,
    ) -> Result<Self, ConfigurationError> {
        let native = NativeEngine::read(configuration);
        Self::beside(choice, module, native, || configuration.into())
    }

    /// The module beside the native engine, which says best what is wrong, and so is asked first whoever decides in the end.
    fn beside<'c>(
        choice: Choice,
        module: Option<&Module>,
        native: Result<NativeEngine, Problems>,
        json: impl FnOnce() -> Cow<'c, str>,
    ) -> Result<Self, ConfigurationError> {
        let native = native.map_err(ConfigurationError::Problems)?;
        let wasm = match module.filter(|_| choice.runs_module()) {
            Some(module) => {
                let wasm = Wasm::new(module, &json(), native.program());
                Some(wasm.map_err(ConfigurationError::Module)?)
            }
            None => None,
        };
        let tokens = native.tokens().clone();
        let native = match choice {
            Choice::Native | Choice::Both => Some(native),
            Choice::Wasm => None,
        };
        Ok(Self { tokens, native, wasm })
    }

    /// What is decided. No engine is asked about a request whose token the filter ahead refuses.
    ///
    /// # Errors
    /// That the module broke, or that the two engines disagree.
    pub fn decide(&mut self, traffic: &Traffic) -> Result<Answer, EngineFailure> {
        let passed = match self.tokens.pass(traffic) {
            TokenResult::Passed(passed) => passed,
            TokenResult::Refused(refused) => return Ok(refused.answer()),
        };
        let traffic = passed.traffic.as_ref();
        let native = self.native.as_ref().map(|native| native.answer_passed(traffic));
        let wasm = match &mut self.wasm {
            Some(wasm) => Some(wasm.decide(traffic)?),
            None => None,
        };
        match (native, wasm) {
            (Some(native), Some(wasm)) if native != wasm => Err(EngineFailure(format!(
                "the engines disagree: the module decides {wasm}, the native engine decides {native}"
            ))),
            (Some(answer), _) | (None, Some(answer)) => Ok(answer),
            (None, None) => Err(EngineFailure("no engine was configured".to_owned())),
        }
    }
}

impl Engine for EnginePair {
    fn decide(&mut self, traffic: &Traffic) -> Result<Answer, EngineFailure> {
        Self::decide(self, traffic)
    }
}

/// Makes engines of a choice.
#[derive(Clone)]
pub struct EngineFactory {
    /// Which engines decide.
    pub choice: Choice,
    /// The module; needed for all but [`Choice::Native`].
    pub module: Option<Module>,
}

impl Engines for EngineFactory {
    fn name(&self) -> &'static str {
        self.choice.name()
    }

    fn configure(&self, setup: &Setup, protocol: Protocol) -> Result<Box<dyn Engine>, ConfigurationError> {
        let pair = EnginePair::of(self.choice, self.module.as_ref(), setup, protocol)?;
        Ok(Box::new(pair))
    }
}
