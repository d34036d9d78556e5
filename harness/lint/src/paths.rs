//! The paths of a list, indexed for matching: a list may have ten thousand, and each is compared with the others.

use std::collections::{HashMap, HashSet};

use crate::pattern::covers_path;

/// Paths as policies write them.
pub(crate) struct Paths<'p> {
    /// All paths, unchanged.
    written: HashSet<&'p str>,
    /// For `/a*`, the `/a`.
    prefixes: HashSet<&'p str>,
    /// For `*.php`, the `.php`.
    suffixes: HashSet<&'p str>,
    /// Templates, by their literal beginning.
    templates: HashMap<&'p str, Vec<&'p str>>,
}

impl<'p> Paths<'p> {
    pub(crate) fn new(paths: impl IntoIterator<Item = &'p str>) -> Self {
        let mut all = Self {
            written: HashSet::new(),
            prefixes: HashSet::new(),
            suffixes: HashSet::new(),
            templates: HashMap::new(),
        };
        for path in paths {
            all.written.insert(path);
            if path.contains("{*}") || path.contains("{**}") {
                let head = path.split('{').next().unwrap_or_default();
                all.templates.entry(head).or_default().push(path);
            } else if let Some(suffix) = path.strip_prefix('*') {
                all.suffixes.insert(suffix);
            } else if let Some(prefix) = path.strip_suffix('*') {
                all.prefixes.insert(prefix);
            }
        }
        all
    }

    /// Whether this path is in the list.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.written.contains(path)
    }

    /// Whether the list contains `/a*` for a beginning `/a` of this path.
    pub(crate) fn has_prefix_of(&self, path: &str) -> bool {
        beginnings(path).any(|beginning| self.prefixes.contains(beginning))
    }

    /// Whether one of them matches everything that this path, which may be a template, matches.
    pub(crate) fn covers(&self, path: &str) -> bool {
        let start = path.split('{').next().unwrap_or_default();
        let end = path.rsplit('}').next().unwrap_or_default();
        self.has(path)
            || self.has_prefix_of(start)
            || beginnings(end)
                .map(|beginning| &end[beginning.len()..])
                .any(|ending| self.suffixes.contains(ending))
            || beginnings(start)
                .filter_map(|head| self.templates.get(head))
                .flatten()
                .any(|template| covers_path(template, path))
    }
}

/// Each beginning of a text, including the empty one.
fn beginnings(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.char_indices().map(|(at, _)| at);
    ends.chain([text.len()]).map(|end| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_as_each_of_them_does() {
        let all = ["/a*", "*.php", "/b/{*}", "/c/{**}", "/d"];
        let paths = Paths::new(all);
        for path in [
            "/a", "/ab/c", "/x.php", ".php", "/b/c", "/b/c/d", "/c/", "/c", "/c/x/y", "/d", "/d/", "/é.php",
            "/a/{*}", "/e/{*}",
        ] {
            let one_by_one = all.iter().any(|other| covers_path(other, path));
            assert_eq!(paths.covers(path), one_by_one, "{path}");
        }
        assert!(Paths::new(["*"]).covers("/x") && !Paths::new([]).covers("/x"));
    }
}
