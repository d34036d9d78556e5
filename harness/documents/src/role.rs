//! The roles of files: many files of a repository are for other tools.

use std::path::Path;

/// The keys of a suite. Files of other tools, such as helm-unittest, may have similar names.
const OF_SUITES: [&str; 8] = [
    "workload",
    "fixtures",
    "policies",
    "resources",
    "peers",
    "matrix",
    "snapshot",
    "cases",
];

/// The keys of fixtures, which several suites share.
const OF_FIXTURES: [&str; 6] = [
    "workload",
    "mesh",
    "extensionProviders",
    "paths",
    "peers",
    "requests",
];

/// The role of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileRole {
    /// A test suite.
    Suite,
    /// Fixtures, which several suites share.
    Fixtures,
    /// What a test compares a cluster with, and does not apply.
    Expectation,
    /// Any other: policies, or documents beside them.
    Manifests,
}

impl FileRole {
    /// The role of a named file: the name decides.
    pub fn of_name(path: &Path) -> Self {
        if is_suite(path) {
            Self::Suite
        } else if is_fixtures(path) {
            Self::Fixtures
        } else {
            Self::Manifests
        }
    }

    /// The role of a file found in a folder: it must also have the keys.
    pub fn of_text(path: &Path, text: &str) -> Self {
        match Self::of_name(path) {
            Self::Suite if has_key(text, &OF_SUITES) => Self::Suite,
            Self::Fixtures if has_key(text, &OF_FIXTURES) => Self::Fixtures,
            Self::Suite | Self::Fixtures | Self::Expectation | Self::Manifests => Self::Manifests,
        }
    }
}

/// Whether the name can be that of a test suite.
pub fn is_suite(path: &Path) -> bool {
    ends_with(path, ["_test.yaml", "_test.yml", "_test.json"])
}

/// Whether the name can be that of a fixtures file.
pub fn is_fixtures(path: &Path) -> bool {
    ends_with(path, ["_fixtures.yaml", "_fixtures.yml", "_fixtures.json"])
}

/// Whether a file has the name of what kuttl and chainsaw compare a cluster with
/// (<https://kuttl.dev/docs/testing/steps.html#format>).
pub(crate) fn is_expectation(path: &Path) -> bool {
    let stem = path
        .file_stem()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let is_yaml = path
        .extension()
        .is_some_and(|ending| ending == "yaml" || ending == "yml");
    is_yaml && (stem.ends_with("-assert") || stem.ends_with("-errors"))
}

/// Whether a line begins with one of these keys, or in JSON any text is one.
fn has_key(text: &str, keys: &[&str]) -> bool {
    let begins = |line: &str| {
        keys.iter()
            .any(|key| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')))
    };
    text.lines().any(begins) || keys.iter().any(|key| text.contains(&format!("\"{key}\"")))
}

fn ends_with(path: &Path, endings: [&str; 3]) -> bool {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    endings.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_has_the_keys_of_one() {
        let role = |name: &str, text: &str| FileRole::of_text(Path::new(name), text);
        assert_eq!(role("a_test.yaml", "# ours\nworkload: {}\n"), FileRole::Suite);
        assert_eq!(role("a_test.json", "{\"cases\": []}"), FileRole::Suite);
        assert_eq!(role("a.yaml", "workload: {}\n"), FileRole::Manifests);
        let helm = "suite: sa\ntests:\n- it: works\n  set: {cases: 1}\n";
        assert_eq!(role("sa_test.yaml", helm), FileRole::Manifests);
        assert_eq!(role("a_fixtures.yaml", "peers: {}\n"), FileRole::Fixtures);
        assert_eq!(role("a_fixtures.yaml", "- model: users\n"), FileRole::Manifests);
    }
}
