//! `paths` of the module's configuration.

use schemars::JsonSchema;
use serde::Deserialize;

/// Which paths are established; every rule on paths denies one that is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Paths {
    /// All that Envoy lets in.
    Lenient,
    /// Those without an escape of a visible ASCII character, such as `%3A`, or in small letters, such as `%c3`, and without a segment
    /// that is `.` or `..` before its `;parameters`.
    Strict,
}

impl Paths {
    /// As the configuration has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lenient => "lenient",
            Self::Strict => "strict",
        }
    }
}
