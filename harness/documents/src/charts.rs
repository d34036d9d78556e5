//! The names that Helm charts give to what they make, as far as their values say: no document has them before Helm renders it.

use std::collections::BTreeSet;

use crate::document_set::Chart;
use crate::documents;
use crate::files;
use crate::yaml::{Node, Tree};

/// Keys of values that name what a chart makes.
const KEYS: [&str; 4] = ["name", "fullnameOverride", "nameOverride", "serviceAccountName"];

/// The names of the charts, and those in their `values.yaml`.
pub fn names(charts: &[Chart]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for chart in charts {
        let folder = chart.folder.file_name().and_then(|name| name.to_str());
        names.extend(folder.map(str::to_owned));
        let values = files::read(&chart.folder.join("values.yaml"));
        let values = values
            .and_then(|source| documents::all(&source))
            .unwrap_or_default();
        values.iter().for_each(|document| add(&document.node, &mut names));
    }
    names
}

fn add(node: &Node, names: &mut BTreeSet<String>) {
    match &node.tree {
        Tree::Object(entries) => {
            for entry in entries {
                let name = entry.value.as_str().filter(|name| !name.is_empty());
                names.extend(
                    name.filter(|_| KEYS.contains(&entry.name.as_str()))
                        .map(str::to_owned),
                );
                add(&entry.value, names);
            }
        }
        Tree::List(items) => items.iter().for_each(|item| add(item, names)),
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    #[test]
    fn values_name_what_is_made() {
        let text = "fullnameOverride: core-api\nserviceAccount: {create: true, name: core}\nlist: [{name: a}]\nimage: {tag: x, name: \"\"}\n";
        let document = documents::all(&Source::new("values.yaml", text))
            .unwrap()
            .remove(0);
        let mut names = BTreeSet::new();
        add(&document.node, &mut names);
        assert_eq!(
            names,
            BTreeSet::from(["a", "core", "core-api"].map(str::to_owned))
        );
    }
}
