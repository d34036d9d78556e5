//! Why a command ends without a result: printed, and made an exit code, in one place.

use peerwarden_analysis::{AnalysisError, LimitExceeded};
use peerwarden_documents::diagnostic::{self, Diagnostic};
use peerwarden_engines::ModuleError;
use peerwarden_traffic::EngineFailure;

use crate::exit::Exit;

/// Why a command ends without a result.
#[derive(Debug)]
pub(crate) enum Error {
    /// What is wrong with what was given.
    Invalid(Vec<Diagnostic>),
    /// There is no module to decide with. Where it is was given too.
    NoModule(ModuleError),
    /// What is nobody's input: output that cannot be written, engines that disagree.
    Internal(anyhow::Error),
}

/// What a command comes to.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Prints it, and says with what the command exits.
    pub(crate) fn report(self) -> Exit {
        let exit = self.exit();
        diagnostic::print(&self.diagnostics());
        exit
    }

    /// With what the command exits.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Invalid(_) | Self::NoModule(_) => Exit::Invalid,
            Self::Internal(_) => Exit::Internal,
        }
    }

    /// What is wrong.
    pub(crate) fn diagnostics(self) -> Vec<Diagnostic> {
        match self {
            Self::Invalid(diagnostics) => diagnostics,
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
        Diagnostic::error(error.to_string()).into()
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

/// Too much to work through is the input's doing; an analysis that the engines contradict is not.
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
        Diagnostic::error(format!("there is no answer: {beyond}"))
            .help("ask about fewer policies, or about one workload")
            .into()
    }
}
