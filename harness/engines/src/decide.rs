//! Evaluates one case with both engines, for the tests of other crates.

use peerwarden_engine::{Problems, Reason};
use peerwarden_host::Module;
use peerwarden_traffic::{ConfigurationError, EngineFailure, Traffic};

use crate::pair::{Choice, EnginePair};

/// A decision of the engines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineDecision {
    /// Whether it is allowed.
    pub allowed: bool,
    /// The rule or document that decided, as suites write it: `shop/orders[2]`.
    pub by: Option<String>,
    /// The reason.
    pub reason: Reason,
    /// Whether it would be allowed if the dry-run policies were enforced; `None` if none applies.
    pub shadow: Option<bool>,
    /// The AUDIT rule that marks it.
    pub audited: Option<String>,
}

/// Why there is no decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecisionError {
    /// The native engine refuses the configuration.
    Refused(Problems),
    /// The module refuses what the native engine accepts, they disagree, or the module broke.
    Broken(String),
}

/// The decision of the native engine and of the module in a simulated Envoy with this plugin configuration; both must
/// agree.
///
/// # Errors
///
/// If the configuration is refused, or the engines disagree.
pub fn both(
    module: &Module,
    configuration: &str,
    traffic: &Traffic,
) -> Result<EngineDecision, DecisionError> {
    let mut engine =
        EnginePair::read(Choice::Both, Some(module), configuration).map_err(|refused| match refused {
            ConfigurationError::Problems(problems) => DecisionError::Refused(problems),
            ConfigurationError::Module(message) => DecisionError::Broken(message),
        })?;
    let answer = engine
        .decide(traffic)
        .map_err(|EngineFailure(message)| DecisionError::Broken(message))?;
    Ok(EngineDecision {
        allowed: answer.decision.allowed,
        by: answer.decision.by.map(|by| by.to_string()),
        reason: answer.decision.reason,
        shadow: answer.shadow.map(|shadow| shadow.allowed),
        audited: answer.audited.map(|by| by.to_string()),
    })
}
