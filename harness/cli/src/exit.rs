//! Exit codes, the same for every command.

use std::process::ExitCode;

/// How a command ended; if there are several, the worst counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// 0: success.
    Fine,
    /// 1: findings, failed tests, or an unexpected verdict.
    Findings,
    /// 2: wrong usage or invalid input.
    Invalid,
    /// 3: an internal error, such as two engines that disagree.
    Internal,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Fine => ExitCode::from(0),
            Exit::Findings => ExitCode::from(1),
            Exit::Invalid => ExitCode::from(2),
            Exit::Internal => ExitCode::from(3),
        }
    }
}
