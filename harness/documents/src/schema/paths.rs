//! `paths` of the module's configuration.

use schemars::JsonSchema;
use serde::Deserialize;

/// How to treat paths that an application may read differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Paths {
    /// Match them unchanged.
    Lenient,
    /// Deny them in every rule on paths. Such a path has the escape of a visible ASCII character, such as `%3A`, an escape in lower
    /// case, such as `%c3`, a `%` that begins no escape, escapes that are not UTF-8, or a segment that is `.` or `..` before its
    /// `;parameters`.
    Strict,
}

impl Paths {
    /// The value in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lenient => "lenient",
            Self::Strict => "strict",
        }
    }
}
