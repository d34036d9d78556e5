//! The file's format: unknown keys are refused.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use toml::Spanned;

/// Settings of a repository.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SettingsFile {
    /// Files and folders to exclude, for all commands: path patterns relative to the folder of this file, with `*`, `**`, `?`.
    #[schemars(with = "Vec<String>")]
    pub(super) exclude: Vec<Spanned<String>>,
    /// The folders of each cluster: a list of folders, each a cluster, or for each cluster its folders. Path patterns
    /// may match several folders. Documents in none of these folders are for all clusters.
    #[schemars(with = "Option<ClustersForSchema>")]
    pub(super) clusters: Option<Clusters>,
    /// The namespace of documents that name none: path patterns of files or folders, each with a namespace.
    #[schemars(with = "BTreeMap<String, String>")]
    pub(super) namespace: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Whether Istio's injector rewrites kubelet probes of pods that do not set it themselves
    /// (`sidecarInjectorWebhook.rewriteAppHTTPProbe`): `true` by default, as in Istio.
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
    /// The former place of `exclude`.
    #[schemars(with = "Vec<String>")]
    pub(super) exclude: Vec<Spanned<String>>,
    /// Levels of lints, by code or name.
    #[schemars(with = "BTreeMap<String, Level>")]
    pub(super) lints: BTreeMap<Spanned<String>, Level>,
}

/// Path patterns of clusters, each with the name of the cluster; without a name, each folder that matches is a cluster.
#[derive(Debug, Default)]
pub(super) struct Clusters(pub(super) Vec<(Option<String>, Spanned<String>)>);

/// The two forms of `clusters`.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "for the schema")]
enum ClustersForSchema {
    /// Each folder is a cluster.
    Folders(Vec<String>),
    /// The folders of each cluster.
    Named(BTreeMap<String, Vec<String>>),
}

impl<'de> Deserialize<'de> for Clusters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ClustersVisitor)
    }
}

struct ClustersVisitor;

impl<'de> Visitor<'de> for ClustersVisitor {
    type Value = Clusters;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of folders, or a table with a list of folders for each cluster")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Clusters, A::Error> {
        let mut clusters = Clusters::default();
        while let Some(folder) = items.next_element()? {
            clusters.0.push((None, folder));
        }
        Ok(clusters)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Clusters, A::Error> {
        let mut clusters = Clusters::default();
        while let Some((name, folders)) = fields.next_entry::<String, Vec<Spanned<String>>>()? {
            let named = |folder| (Some(name.clone()), folder);
            clusters.0.extend(folders.into_iter().map(named));
        }
        Ok(clusters)
    }
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
