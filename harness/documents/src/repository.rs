//! The settings of a repository in `peerwarden.toml`: excluded files, namespaces of folders, and clusters.

use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

/// The settings for the files below one folder; empty by default.
#[derive(Debug, Clone, Default)]
pub struct Repository {
    /// The folder that patterns are relative to.
    folder: PathBuf,
    exclude: Vec<Pattern>,
    namespaces: Vec<(Pattern, String)>,
    /// Each pattern with the cluster's name; without a name, each folder that matches is a cluster.
    clusters: Vec<(Pattern, Option<String>)>,
}

/// A path pattern with `*`, `**` and `?`. A star stays within one folder.
#[derive(Debug, Clone)]
pub struct Pattern(GlobMatcher);

impl Pattern {
    /// Parses a pattern. A trailing slash makes no difference.
    ///
    /// # Errors
    ///
    /// If it is not valid.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix("./").unwrap_or(text).trim_end_matches('/');
        let glob = GlobBuilder::new(text).literal_separator(true).build();
        glob.map(|glob| Self(glob.compile_matcher()))
            .map_err(|error| error.kind().to_string())
    }

    fn matches(&self, path: &Path) -> bool {
        self.0.is_match(path)
    }

    fn len(&self) -> usize {
        self.0.glob().glob().len()
    }
}

impl Repository {
    /// Empty settings for a folder.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: absolute(folder),
            ..Self::default()
        }
    }

    /// Excludes files and folders.
    pub fn exclude(&mut self, pattern: Pattern) {
        self.exclude.push(pattern);
    }

    /// Sets the namespace of documents without one in these files and folders.
    pub fn give_namespace(&mut self, pattern: Pattern, namespace: &str) {
        self.namespaces.push((pattern, namespace.to_owned()));
    }

    /// Adds folders to the cluster `name`. Without a name, each folder that the pattern matches is a cluster, named by its path.
    pub fn add_cluster(&mut self, pattern: Pattern, name: Option<&str>) {
        self.clusters.push((pattern, name.map(str::to_owned)));
    }

    /// Whether a file is excluded, directly or with a folder.
    pub fn excludes(&self, file: &Path) -> bool {
        !self.exclude.is_empty() && {
            let above = self.above(file);
            let mut patterns = self.exclude.iter();
            patterns.any(|pattern| above.iter().any(|path| pattern.matches(path)))
        }
    }

    /// The namespace that the settings give a file: that of the pattern that matches the deepest folder, or of the
    /// longest such pattern.
    pub fn namespace(&self, file: &Path) -> Option<&str> {
        if self.namespaces.is_empty() {
            return None;
        }
        self.above(file).iter().find_map(|path| {
            let patterns = self.namespaces.iter();
            let matching = patterns.filter(|(pattern, _)| pattern.matches(path));
            let (_, namespace) = matching.max_by_key(|(pattern, _)| pattern.len())?;
            Some(namespace.as_str())
        })
    }

    /// The cluster that a file is for; `None` if it is for all.
    pub fn cluster(&self, file: &Path) -> Option<String> {
        if self.clusters.is_empty() {
            return None;
        }
        self.above(file).iter().rev().find_map(|path| {
            let mut patterns = self.clusters.iter();
            let (_, name) = patterns.find(|(pattern, _)| pattern.matches(path))?;
            Some(name.clone().unwrap_or_else(|| path.display().to_string()))
        })
    }

    /// Whether the settings define a cluster.
    pub fn is_cluster(&self, name: &str) -> bool {
        let mut clusters = self.clusters.iter();
        clusters.any(|(pattern, known)| match known {
            Some(known) => known == name,
            None => pattern.matches(Path::new(name)),
        })
    }

    /// The file and the folders above it, relative to the settings; empty if the file is elsewhere.
    fn above(&self, file: &Path) -> Vec<PathBuf> {
        let file = absolute(file);
        let Ok(below) = file.strip_prefix(&self.folder) else {
            return Vec::new();
        };
        let above = below.ancestors().map(Path::to_owned);
        above.filter(|path| !path.as_os_str().is_empty()).collect()
    }
}

/// An absolute path without `.` and `..`; the empty path is the working folder.
fn absolute(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(Path::new(".").join(path));
    plain(&absolute.unwrap_or_else(|_| path.to_owned()))
}

/// Whether a text can be the name of a namespace
/// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names>).
pub fn is_namespace(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty()
        && text.len() <= 63
        && text.bytes().all(is_inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// The path without `.` and `..`, where possible.
pub(crate) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            Component::ParentDir | Component::Normal(_) | Component::RootDir | Component::Prefix(_) => {
                plain.push(part);
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).unwrap()
    }

    #[test]
    fn patterns_match_files_and_folders() {
        let mut repository = Repository::new(Path::new("repo"));
        for text in ["third", "**/generated-*.yaml", "./attic/"] {
            repository.exclude(pattern(text));
        }
        for (file, excluded) in [
            ("repo/third/a/b.yaml", true),
            ("repo/x/../third/b.yaml", true),
            ("repo/a/b/generated-1.yaml", true),
            ("repo/attic/a.yaml", true),
            ("repo/a/third/b.yaml", false),
            ("elsewhere/third/b.yaml", false),
        ] {
            assert_eq!(repository.excludes(Path::new(file)), excluded, "{file}");
        }
        assert!(Pattern::parse("a[").is_err());
    }

    #[test]
    fn the_deepest_folder_gives_the_namespace() {
        let mut repository = Repository::new(Path::new("repo"));
        repository.give_namespace(pattern("teams/*"), "teams");
        repository.give_namespace(pattern("teams/shop"), "shop");
        repository.give_namespace(pattern("teams/shop/legacy/**"), "legacy");
        for (file, namespace) in [
            ("repo/teams/web/a.yaml", Some("teams")),
            ("repo/teams/shop/a.yaml", Some("shop")),
            ("repo/teams/shop/legacy/a.yaml", Some("legacy")),
            ("repo/a.yaml", None),
        ] {
            assert_eq!(repository.namespace(Path::new(file)), namespace, "{file}");
        }
    }

    #[test]
    fn folders_are_clusters() {
        let mut repository = Repository::new(Path::new("repo"));
        repository.add_cluster(pattern("overlays/*"), None);
        repository.add_cluster(pattern("infra/eu"), Some("europe"));
        repository.add_cluster(pattern("apps/**/eu"), Some("europe"));
        for (file, cluster) in [
            ("repo/overlays/dev/a/b.yaml", Some("overlays/dev")),
            ("repo/infra/eu/a.yaml", Some("europe")),
            ("repo/apps/shop/eu/a.yaml", Some("europe")),
            ("repo/base/a.yaml", None),
        ] {
            assert_eq!(repository.cluster(Path::new(file)).as_deref(), cluster, "{file}");
        }
    }

    #[test]
    fn a_namespace_is_a_dns_label() {
        assert!(["shop", "a-1", "1"].into_iter().all(is_namespace));
        assert!(
            !["", "Shop", "a.b", "-a", "a-", "a/b"]
                .into_iter()
                .any(is_namespace)
        );
    }
}
