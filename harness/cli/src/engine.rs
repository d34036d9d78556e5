//! The two engines behind one question: what is decided for this traffic?
//!
//! `wasm` is the module that ships, in a simulated Envoy; `native` is the same engine compiled for this machine. `both`
//! asks both, and that they differ is an internal error that shows the two answers.

mod answer;
mod native;
mod wasm;

pub(crate) use answer::{Answer, Decided, DecidedBy};

use std::fmt;

use clap::ValueEnum;
use peerwarden_engine::Problems;
use peerwarden_host::Module;

use crate::traffic::Traffic;
use native::Native;
use wasm::Wasm;

/// Which engine decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Choice {
    /// The module that ships, in a simulated Envoy.
    Wasm,
    /// The engine compiled for this machine.
    Native,
    /// Both, the same question; that they disagree is an internal error, in `test` a failure.
    Both,
}

impl Choice {
    /// Whether the module is needed.
    pub(crate) fn runs_module(self) -> bool {
        match self {
            Choice::Wasm | Choice::Both => true,
            Choice::Native => false,
        }
    }
}

/// One configuration, ready to decide.
pub(crate) struct Engine {
    native: Option<Native>,
    wasm: Option<Wasm>,
}

/// Why a configuration cannot be used.
#[derive(Debug)]
pub(crate) enum Refused {
    /// It is wrong.
    Problems(Problems),
    /// The module does not take what the native engine takes, or cannot run.
    Module(String),
}

/// What kept an engine from answering, or that the two differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Engine {
    /// Configures the engines of `choice`; the module is needed for all but [`Choice::Native`].
    ///
    /// # Errors
    /// What is wrong with the configuration, or that the module judges otherwise.
    pub(crate) fn new(choice: Choice, module: Option<&Module>, configuration: &str) -> Result<Self, Refused> {
        // The native engine says best what is wrong, so it is asked first whoever decides in the end.
        let native = Native::new(configuration).map_err(Refused::Problems)?;
        let wasm = match module.filter(|_| choice.runs_module()) {
            Some(module) => {
                let wasm = Wasm::new(module, configuration, native.program());
                Some(wasm.map_err(Refused::Module)?)
            }
            None => None,
        };
        let native = match choice {
            Choice::Native | Choice::Both => Some(native),
            Choice::Wasm => None,
        };
        Ok(Self { native, wasm })
    }

    /// What is decided.
    ///
    /// # Errors
    /// That the module broke, or that the two engines disagree.
    pub(crate) fn decide(&mut self, traffic: &Traffic) -> Result<Answer, Broken> {
        let native = self.native.as_ref().map(|native| native.decide(traffic));
        let wasm = match &mut self.wasm {
            Some(wasm) => Some(wasm.decide(traffic)?),
            None => None,
        };
        match (native, wasm) {
            (Some(native), Some(wasm)) if native != wasm => Err(Broken(format!(
                "the two engines disagree: the module says {wasm}, the native engine says {native}"
            ))),
            (Some(answer), _) | (None, Some(answer)) => Ok(answer),
            (None, None) => Err(Broken("no engine was configured".to_owned())),
        }
    }
}
