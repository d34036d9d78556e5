//! The names in what is skipped: Helm charts, which name what they make in their values and templates, and files that cannot be read. Nobody
//! can say that such a name does not exist.

use std::collections::BTreeSet;

use crate::document_set::{Chart, PassedOverFiles};
use crate::documents;
use crate::files;
use crate::yaml::{Node, Tree};

/// Keys of values that name what a chart makes.
const KEYS: [&str; 4] = ["name", "fullnameOverride", "nameOverride", "serviceAccountName"];

/// Keys that name a service account, alone or with its `name`.
const OF_ACCOUNTS: [&str; 2] = ["serviceAccount", "serviceAccountName"];

/// Labels with the name of an application.
const LABELS: [&str; 3] = ["app", "app.kubernetes.io/name", "k8s-app"];

/// The names in everything that was skipped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SkippedNames {
    /// Those that charts give to what they make.
    pub of_charts: BTreeSet<String>,
    /// The service accounts that charts and unreadable files name.
    pub accounts: BTreeSet<String>,
    /// The labels with the name of an application in unreadable files.
    pub labels: BTreeSet<String>,
}

impl SkippedNames {
    /// The names in what was skipped.
    pub fn of(passed_over: &PassedOverFiles) -> Self {
        let mut names = Self::default();
        passed_over.charts.iter().for_each(|chart| names.add_chart(chart));
        for (file, _) in &passed_over.unreadable {
            let text = files::read(file).map(|source| source.text.clone());
            names.add_text(&text.unwrap_or_default());
        }
        names
    }

    /// The name of a chart, and those in its values.
    fn add_chart(&mut self, chart: &Chart) {
        let folder = chart.folder.file_name().and_then(|name| name.to_str());
        self.of_charts.extend(folder.map(str::to_owned));
        let files = std::fs::read_dir(&chart.folder).into_iter().flatten().flatten();
        for file in files.map(|file| file.path()) {
            let name = file
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            let is_yaml = file
                .extension()
                .is_some_and(|ending| ending == "yaml" || ending == "yml");
            if !name.starts_with("values") || !is_yaml {
                continue;
            }
            let values = files::read(&file).and_then(|source| documents::all(&source));
            for document in values.unwrap_or_default() {
                self.add(&document.node);
            }
        }
    }

    fn add(&mut self, node: &Node) {
        match &node.tree {
            Tree::Object(entries) => {
                for entry in entries {
                    let key = entry.name.as_str();
                    let name = |node: &Node| node.as_str().filter(|name| !name.is_empty()).map(str::to_owned);
                    self.of_charts
                        .extend(name(&entry.value).filter(|_| KEYS.contains(&key)));
                    let account = name(&entry.value).or_else(|| name(entry.value.get("name")?));
                    self.accounts
                        .extend(account.filter(|_| OF_ACCOUNTS.contains(&key)));
                    self.add(&entry.value);
                }
            }
            Tree::List(items) => items.iter().for_each(|item| self.add(item)),
            Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_) => {}
        }
    }

    /// The values of some keys in a text that is no YAML: `app: orders`.
    fn add_text(&mut self, text: &str) {
        let is_between = |letter: char| letter.is_whitespace() || "{}[],\"'".contains(letter);
        let mut words = text.split(is_between).filter(|word| !word.is_empty()).peekable();
        while let Some(word) = words.next() {
            let Some((key, value)) = word.strip_suffix(':').zip(words.peek()) else {
                continue;
            };
            if OF_ACCOUNTS.contains(&key) {
                self.accounts.insert((*value).to_owned());
            } else if LABELS.contains(&key) {
                self.labels.insert((*value).to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn values_name_what_is_made() {
        let text = "fullnameOverride: core-api\nserviceAccount: {create: true, name: core}\nweb: {serviceAccount: web}\nlist: [{name: a}]\nimage: {tag: x, name: \"\"}\n";
        let document = documents::all(&Source::new("values.yaml", text))
            .unwrap()
            .remove(0);
        let mut names = SkippedNames::default();
        names.add(&document.node);
        assert_eq!(names.of_charts, set(&["a", "core", "core-api"]));
        assert_eq!(names.accounts, set(&["core", "web"]));
    }

    #[test]
    fn a_broken_file_name_labels_and_accounts() {
        let mut names = SkippedNames::default();
        names.add_text("a: [\n    app: 'orders' # one\n  serviceAccountName: orders-sa\n- {x, app: web}\n");
        assert_eq!(names.accounts, set(&["orders-sa"]));
        assert_eq!(names.labels, set(&["orders", "web"]));
    }
}
