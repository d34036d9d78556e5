//! The observed paths, with templates for segments that look like identifiers.
//!
//! The paths form a tree of segments. If one place has more values that look like identifiers than a threshold, all of
//! these become one, `{*}`; if it has ten times as many values of any kind, all become one. The first segment is never
//! replaced: `/{*}` would also allow `/admin`.

use std::collections::BTreeMap;

/// How many segments of any kind count as much as one that looks like an identifier.
const OTHERS: usize = 10;

/// The largest number of paths of one method.
const PATHS: usize = 5000;

/// The paths of one caller and method.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paths {
    root: Node,
    /// The number of paths; above the limit, only that it is exceeded.
    count: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Node {
    /// Whether a path ends here.
    ends: bool,
    children: BTreeMap<String, Node>,
    /// The segments after a `{*}`.
    any: Option<Box<Node>>,
    /// Whether all segments are a `{*}`, not only those that look like identifiers.
    all: bool,
}

impl Paths {
    /// Adds a path that begins with a slash.
    pub fn add(&mut self, path: &str, threshold: usize) {
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        // A path that no template allows stays a literal.
        let new = if segments.iter().all(|segment| is_plain(segment)) {
            self.root.add(&segments, 0, threshold)
        } else {
            let literal = self.root.children.entry(path[1..].to_owned()).or_default();
            !std::mem::replace(&mut literal.ends, true)
        };
        self.count += usize::from(new);
        if self.count > PATHS {
            self.count = self.root.len();
        }
    }

    /// Merges two trees.
    pub fn merge(&mut self, other: Self, threshold: usize) {
        self.root.merge(other.root, 0, threshold);
        self.count = self.root.len();
    }

    /// Each path or template as a policy writes it, in order.
    pub fn list(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.root.list(&mut String::new(), &mut paths);
        paths.sort();
        paths
    }

    /// Whether there are more than the limit.
    pub fn too_many(&self) -> bool {
        self.count > PATHS
    }
}

impl Node {
    /// Whether the path is new.
    fn add(&mut self, segments: &[&str], depth: usize, threshold: usize) -> bool {
        let Some((segment, rest)) = segments.split_first() else {
            return !std::mem::replace(&mut self.ends, true);
        };
        let new = self.below(segment).add(rest, depth + 1, threshold);
        self.generalise(depth, threshold);
        new
    }

    /// The node for the rest after a segment.
    fn below(&mut self, segment: &str) -> &mut Self {
        let grouped = self.all && !segment.is_empty() || is_identifier(segment);
        match &mut self.any {
            Some(any) if grouped => any,
            Some(_) | None => self.children.entry(segment.to_owned()).or_default(),
        }
    }

    fn generalise(&mut self, depth: usize, threshold: usize) {
        if depth == 0 {
            return;
        }
        let identifiers = self
            .children
            .keys()
            .filter(|segment| is_identifier(segment))
            .count();
        self.all |= self.children.len() - identifiers > threshold.saturating_mul(OTHERS);
        let few = if self.any.is_some() { 0 } else { threshold };
        if !self.all && identifiers <= few {
            return;
        }
        let all = self.all;
        let one_of_many = |segment: &str| is_identifier(segment) || all && !segment.is_empty();
        let children = std::mem::take(&mut self.children).into_iter();
        let (gone, kept): (BTreeMap<String, Node>, _) =
            children.partition(|(segment, _)| one_of_many(segment));
        self.children = kept;
        let any = self.any.get_or_insert_default();
        for node in gone.into_values() {
            any.merge(node, depth + 1, threshold);
        }
    }

    fn merge(&mut self, other: Self, depth: usize, threshold: usize) {
        self.ends |= other.ends;
        self.all |= other.all;
        if let Some(any) = other.any {
            self.any.get_or_insert_default().merge(*any, depth + 1, threshold);
        }
        for (segment, node) in other.children {
            self.below(&segment).merge(node, depth + 1, threshold);
        }
        self.generalise(depth, threshold);
    }

    fn list(&self, path: &mut String, paths: &mut Vec<String>) {
        if self.ends {
            paths.push(path.clone());
        }
        let before = path.len();
        let children = self
            .children
            .iter()
            .map(|(segment, node)| (segment.as_str(), node));
        for (segment, node) in children.chain(self.any.as_deref().map(|any| ("{*}", any))) {
            path.push('/');
            path.push_str(segment);
            node.list(path, paths);
            path.truncate(before);
        }
    }

    fn len(&self) -> usize {
        let below = self.children.values().chain(self.any.as_deref());
        usize::from(self.ends) + below.map(Node::len).sum::<usize>()
    }
}

/// Whether a segment is one that `{*}` matches, and not a wildcard itself.
pub(super) fn is_plain(segment: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()+,;:@=".contains(&byte);
    segment.bytes().all(plain)
}

/// Whether a segment looks like a number, a UUID, a hash or another generated name: only digits, or eight and more
/// characters including a digit.
fn is_identifier(segment: &str) -> bool {
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    digits > 0 && (digits == segment.len() || segment.len() >= 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(paths: &[&str]) -> Vec<String> {
        let mut seen = Paths::default();
        paths.iter().for_each(|path| seen.add(path, 3));
        assert_eq!(seen.root.len(), seen.list().len());
        seen.list()
    }

    #[test]
    fn few_values_stay_as_they_are() {
        assert_eq!(
            list(&["/a/1", "/a/2", "/a/3", "/a/", "/", "/a"]),
            ["/", "/a", "/a/", "/a/1", "/a/2", "/a/3"]
        );
    }

    #[test]
    fn many_identifiers_are_a_template() {
        let users = [
            "/users/1",
            "/users/2",
            "/users/3",
            "/users/4/orders",
            "/users/5",
            "/users/me",
            "/users/",
        ];
        assert_eq!(
            list(&users),
            ["/users/", "/users/me", "/users/{*}", "/users/{*}/orders"]
        );
        let nested: Vec<String> = (0..5)
            .flat_map(|u| (0..5).map(move |o| format!("/u/{u}/o/{o}")))
            .collect();
        let nested: Vec<&str> = nested.iter().map(String::as_str).collect();
        assert_eq!(list(&nested), ["/u/{*}/o/{*}"]);
    }

    #[test]
    fn names_are_one_only_where_there_are_very_many() {
        let named = |count: u32| {
            let paths: Vec<String> = (0..count)
                .map(|index| format!("/f/{}", char::from_u32('a' as u32 + index).unwrap()))
                .collect();
            list(&paths.iter().map(String::as_str).collect::<Vec<_>>())
        };
        assert_eq!(named(26).len(), 26);
        let many: Vec<String> = (0..31)
            .map(|index| format!("/f/{}", "x".repeat(index + 1)))
            .collect();
        assert_eq!(
            list(&many.iter().map(String::as_str).collect::<Vec<_>>()),
            ["/f/{*}"]
        );
    }

    #[test]
    fn the_first_segment_is_never_a_template() {
        let paths: Vec<String> = (0..40).map(|index| format!("/{index}")).collect();
        assert_eq!(
            list(&paths.iter().map(String::as_str).collect::<Vec<_>>()).len(),
            40
        );
    }

    #[test]
    fn what_a_template_does_not_admit_is_kept() {
        assert_eq!(
            list(&["/a/1\"", "/a/2\"", "/a/3\"", "/a/4\"", "/a/x*y"]),
            ["/a/1\"", "/a/2\"", "/a/3\"", "/a/4\"", "/a/x*y"]
        );
    }

    /// However the lines are shared between workers, everything observed is allowed, and the templates are the same.
    #[test]
    fn merging_is_as_good_as_adding() {
        let paths: Vec<String> = (0..60)
            .map(|index| match index % 4 {
                0 => format!("/users/{index}/orders/{}", index * 7),
                1 => format!("/users/{index}"),
                2 => format!("/static/file-{}", index % 5),
                _ => "/users/me".to_owned(),
            })
            .collect();
        let mut whole = Paths::default();
        paths.iter().for_each(|path| whole.add(path, 3));
        for parts in [2, 3, 7] {
            let mut merged = Paths::default();
            for part in 0..parts {
                let mut own = Paths::default();
                let mine = paths
                    .iter()
                    .enumerate()
                    .filter(|(index, _)| index % parts == part);
                mine.for_each(|(_, path)| own.add(path, 3));
                merged.merge(own, 3);
            }
            assert_eq!(merged.list(), whole.list());
        }
    }
}
