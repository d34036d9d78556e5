//! Both engines behind one interface.

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

/// The engine that decides.
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
    /// The name in words.
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

/// The engines of a choice with one configuration.
pub struct EnginePair {
    /// The filter for tokens, ahead of both engines as in Envoy.
    tokens: TokenFilter,
    native: NativeEngine,
    choice: Choice,
    wasm: Option<Wasm>,
}

impl EnginePair {
    /// Configures the engines of `choice`. The module is needed for all but [`Choice::Native`], and only it gets the
    /// configuration as JSON.
    ///
    /// # Errors
    ///
    /// If the configuration is invalid, or the module disagrees about that.
    pub fn of(
        choice: Choice,
        module: Option<&Module>,
        setup: &Setup,
        protocol: Protocol,
    ) -> Result<Self, ConfigurationError> {
        let native = NativeEngine::of(setup, protocol);
        Self::beside(choice, module, native, || setup.to_json(protocol).into())
    }

    /// The same with a configuration in JSON.
    ///
    /// # Errors
    ///
    /// As [`EnginePair::of`].
    pub fn read(
        choice: Choice,
        module: Option<&Module>,
        configuration: &str,
    ) -> Result<Self, ConfigurationError> {
        let native = NativeEngine::read(configuration);
        Self::beside(choice, module, native, || configuration.into())
    }

    /// Adds the module to the native engine, which has the better error messages and so always checks the configuration
    /// first.
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
        Ok(Self {
            tokens,
            native,
            choice,
            wasm,
        })
    }

    /// The decision. No engine sees a request whose token the filter ahead refuses.
    ///
    /// # Errors
    ///
    /// If the module broke, or if the two engines disagree.
    pub fn decide(&mut self, traffic: &Traffic) -> Result<Answer, EngineFailure> {
        let passed = match self.tokens.pass(traffic) {
            TokenResult::Passed(passed) => passed,
            TokenResult::Refused(refused) => return Ok(refused.answer()),
        };
        let traffic = passed.traffic.as_ref();
        let native = match self.choice {
            Choice::Native | Choice::Both => Some(self.native.answer_passed(traffic)),
            Choice::Wasm => None,
        };
        let wasm = match &mut self.wasm {
            Some(wasm) => Some(wasm.decide(traffic, self.native.program())?),
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

/// Creates engines of a choice.
#[derive(Clone)]
pub struct EngineFactory {
    /// The engines that decide.
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
