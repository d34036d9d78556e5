//! The file as it is written: unknown keys are refused.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

/// Settings of a repository.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Written {
    /// For `peerwarden check`.
    pub(super) check: Check,
}

/// For `peerwarden check`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Check {
    /// Files that are left out: patterns of paths from the folder of this file, with `*`, `**`, `?`.
    #[schemars(with = "Vec<String>")]
    pub(super) exclude: Vec<Spanned<String>>,
    /// Levels of lints, by their codes or names.
    #[schemars(with = "BTreeMap<String, Level>")]
    pub(super) lints: BTreeMap<Spanned<String>, Level>,
}

/// What is made of the findings of a lint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// They are not looked for.
    Off,
    /// They are warnings.
    Warn,
    /// They are errors.
    Error,
}
