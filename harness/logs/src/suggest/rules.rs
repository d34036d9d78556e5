//! The rules that allow the observed traffic, and nothing else except what their templates match.

use std::collections::{BTreeMap, BTreeSet};

use super::observations::{Caller, Observations};
use super::paths::is_plain;

/// One rule: each of these callers may do all of these operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The callers.
    pub principals: Vec<String>,
    /// The operations.
    pub operations: BTreeSet<Operation>,
}

/// One operation: each of the methods on each of the paths, on each of the ports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// Empty if the log does not show the port: any.
    pub ports: BTreeSet<u16>,
    /// Empty for a TCP connection.
    pub methods: BTreeSet<String>,
    /// The paths, with patterns.
    pub paths: BTreeSet<String>,
}

/// The rules. Callers that did the same share one.
pub fn rules(seen: &Observations) -> Vec<Rule> {
    let mut rules: BTreeMap<BTreeSet<Operation>, Vec<String>> = BTreeMap::new();
    for (principal, caller) in &seen.callers {
        rules
            .entry(operations(caller))
            .or_default()
            .push(principal.clone());
    }
    let mut rules: Vec<Rule> = rules
        .into_iter()
        .map(|(operations, principals)| Rule {
            principals,
            operations,
        })
        .collect();
    rules.sort_by(|one, other| one.principals.cmp(&other.principals));
    rules
}

/// Methods, and the paths for which all of them were observed; both empty for TCP.
type Requests = (BTreeSet<String>, BTreeSet<String>);

/// The operations of a caller, in which methods, paths and ports may be combined freely.
fn operations(caller: &Caller) -> BTreeSet<Operation> {
    let mut by_requests: BTreeMap<Requests, BTreeSet<Option<u16>>> = BTreeMap::new();
    for (port, methods) in &caller.http {
        // Paths with the same methods form one operation: nothing is allowed that was not observed.
        let mut by_path: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (method, paths) in methods {
            for path in paths.list() {
                by_path.entry(path).or_default().insert(method.clone());
            }
        }
        let mut by_methods: BTreeMap<BTreeSet<String>, BTreeSet<String>> = BTreeMap::new();
        for (path, methods) in by_path {
            by_methods.entry(methods).or_default().insert(path);
        }
        for (methods, mut paths) in by_methods {
            drop_covered(&mut paths);
            by_requests.entry((methods, paths)).or_default().insert(*port);
        }
    }
    if !caller.tcp.is_empty() {
        by_requests
            .entry(Requests::default())
            .or_default()
            .extend(caller.tcp.iter().copied());
    }
    let operations = by_requests
        .into_iter()
        .map(|((methods, paths), ports)| Operation {
            // An unknown port makes it any port.
            ports: ports.into_iter().collect::<Option<_>>().unwrap_or_default(),
            methods,
            paths,
        });
    operations.collect()
}

/// Removes the paths that a template in the set also allows.
fn drop_covered(paths: &mut BTreeSet<String>) {
    let templates: Vec<String> = paths
        .iter()
        .filter(|path| path.contains("{*}"))
        .cloned()
        .collect();
    paths.retain(|path| {
        !templates
            .iter()
            .any(|template| template != path && covers(template, path))
    });
}

/// Whether the template allows the path, or everything that another template does.
fn covers(template: &str, path: &str) -> bool {
    let (wanted, segments) = (template.split('/'), path.split('/'));
    let one = |(wanted, segment): (&str, &str)| {
        wanted == segment || wanted == "{*}" && (segment == "{*}" || !segment.is_empty() && is_plain(segment))
    };
    wanted.clone().count() == segments.clone().count() && wanted.zip(segments).all(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_stands_for_what_it_admits() {
        let left = |paths: &[&str]| {
            let mut paths: BTreeSet<String> = paths.iter().map(|path| (*path).to_owned()).collect();
            drop_covered(&mut paths);
            paths.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(
            left(&["/a/{*}", "/a/b", "/a/", "/a", "/a/b/c", "/a/x\"y"]),
            ["/a", "/a/", "/a/b/c", "/a/x\"y", "/a/{*}"]
        );
        assert_eq!(
            left(&["/{*}/b/{*}", "/x/b/{*}", "/x/b/c", "/{*}/c/{*}"]),
            ["/{*}/b/{*}", "/{*}/c/{*}"]
        );
    }
}
