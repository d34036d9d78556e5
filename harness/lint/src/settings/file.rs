//! The file as it is written: unknown keys are refused.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

/// Settings of a repository.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SettingsFile {
    /// Whether Istio's injector rewrites kubelet probes where a pod does not say otherwise (`sidecarInjectorWebhook.rewriteAppHTTPProbe`):
    /// `true` by default, as in Istio.
    #[serde(rename = "rewrites-probes")]
    #[schemars(with = "Option<bool>")]
    pub(super) rewrites_probes: Option<bool>,
    /// For `peerwarden check`.
    pub(super) check: Check,
}

/// For `peerwarden check`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Check {
    /// Files to exclude: path patterns relative to the folder of this file, with `*`, `**`, `?`.
    #[schemars(with = "Vec<String>")]
    pub(super) exclude: Vec<Spanned<String>>,
    /// Levels of lints, by their codes or names.
    #[schemars(with = "BTreeMap<String, Level>")]
    pub(super) lints: BTreeMap<Spanned<String>, Level>,
}

/// The level of a lint's findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The lint is off.
    Off,
    /// Findings are warnings.
    Warn,
    /// Findings are errors.
    Error,
}
