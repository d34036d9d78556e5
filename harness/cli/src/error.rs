//! Errors that end a command: printed, and turned into an exit code, in one place.

use peerwarden_analysis::{AnalysisError, LimitExceeded};
use peerwarden_documents::diagnostic::{self, Diagnostic};
use peerwarden_engines::ModuleError;
use peerwarden_traffic::EngineFailure;

use crate::exit::Exit;

/// An error that ends a command.
#[derive(Debug)]
pub(crate) enum Error {
    /// Invalid input.
    Invalid(Vec<Diagnostic>),
    /// The policies of a workload, if it is known which, are too complex for the analysis.
    TooComplex(LimitExceeded, Option<String>),
    /// There is no suite: nothing is wrong with the input, but nothing has passed either.
    NothingTested(Diagnostic),
    /// There is no module.
    NoModule(ModuleError),
    /// Not the input's fault: output failed, or engines disagree.
    Internal(anyhow::Error),
}

/// The result of a command.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The same, of this workload.
    pub(crate) fn of_workload(self, name: String) -> Self {
        if let Self::TooComplex(beyond, None) = self {
            Self::TooComplex(beyond, Some(name))
        } else {
            self
        }
    }

    /// Prints it, and returns the exit code.
    pub(crate) fn report(self) -> Exit {
        let exit = self.exit();
        diagnostic::print(&self.diagnostics());
        exit
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::NothingTested(_) => Exit::Findings,
            Self::Invalid(_) | Self::TooComplex(..) | Self::NoModule(_) => Exit::Invalid,
            Self::Internal(_) => Exit::Internal,
        }
    }

    /// The messages.
    pub(crate) fn diagnostics(self) -> Vec<Diagnostic> {
        match self {
            Self::Invalid(diagnostics) => diagnostics,
            Self::TooComplex(beyond, workload) => {
                let about = workload.map(|workload| format!(" about `{workload}`"));
                let about = about.unwrap_or_default();
                let wrong = Diagnostic::error(format!("there is no answer{about}: {beyond}"));
                vec![wrong.help("ask about fewer policies, or about other workloads with `--workload`")]
            }
            Self::NothingTested(diagnostic) => vec![diagnostic],
            Self::NoModule(error) => {
                let diagnostic = Diagnostic::error(error.to_string());
                vec![match error.help() {
                    Some(help) => diagnostic.help(help),
                    None => diagnostic,
                }]
            }
            Self::Internal(error) => vec![Diagnostic::error(format!("{error:#}"))],
        }
    }
}

impl From<Vec<Diagnostic>> for Error {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self::Invalid(diagnostics)
    }
}

impl From<Diagnostic> for Error {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Invalid(vec![diagnostic])
    }
}

impl From<peerwarden_mtls::Error> for Error {
    fn from(error: peerwarden_mtls::Error) -> Self {
        described(&error).into()
    }
}

/// The message of an error of `certs` or `probe`.
pub(crate) fn described(error: &peerwarden_mtls::Error) -> Diagnostic {
    let message = Diagnostic::error(error.to_string());
    match error.help() {
        Some(help) => message.help(help),
        None => message,
    }
}

impl From<ModuleError> for Error {
    fn from(error: ModuleError) -> Self {
        Self::NoModule(error)
    }
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

impl From<EngineFailure> for Error {
    fn from(EngineFailure(message): EngineFailure) -> Self {
        Self::Internal(anyhow::Error::msg(message))
    }
}

/// An analysis that is too complex is the input's fault; a contradiction between analysis and engines is not.
impl From<AnalysisError> for Error {
    fn from(unanswered: AnalysisError) -> Self {
        match unanswered {
            AnalysisError::LimitExceeded(beyond) => beyond.into(),
            AnalysisError::Disagreement(disagrees) => Self::Internal(disagrees.into()),
        }
    }
}

impl From<LimitExceeded> for Error {
    fn from(beyond: LimitExceeded) -> Self {
        Self::TooComplex(beyond, None)
    }
}
