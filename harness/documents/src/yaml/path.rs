//! From the engine's paths, such as `spec.rules[0].from`, to the bytes that they stand for.

use std::ops::Range;

use super::node::{Node, Tree, span};

/// One step of a path.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    Index(usize),
}

impl Node {
    /// The bytes in `text` of the value at `path` from here, or of its name when `on_key`. What is not there is shown
    /// at the nearest value around it.
    pub fn find(&self, path: &str, on_key: bool, text: &str) -> Range<usize> {
        let mut at = self;
        let mut location = self.location;
        let steps = steps(path);
        for (number, step) in steps.iter().enumerate() {
            let last = number + 1 == steps.len();
            let next = match (step, &at.tree) {
                (Step::Name(name), _) => at.entry(name).map(|entry| {
                    let shown = if on_key && last {
                        entry.name_location
                    } else {
                        entry.value.location
                    };
                    (&entry.value, shown, entry.name_location)
                }),
                (Step::Index(index), Tree::List(items)) => {
                    items.get(*index).map(|item| (item, item.location, item.location))
                }
                (Step::Index(_), _) => None,
            };
            let Some((value, shown, name)) = next else { break };
            at = value;
            // A mapping or a list is better known by its name than by its first entry.
            let within = matches!(value.tree, Tree::Object(_) | Tree::List(_) | Tree::Null);
            location = if within { name } else { shown };
            if on_key && last {
                location = shown;
            }
        }
        span(&location, text)
    }

    /// The value at `path` from here.
    pub fn value_at(&self, path: &str) -> Option<&Node> {
        steps(path)
            .iter()
            .try_fold(self, |at, step| match (step, &at.tree) {
                (Step::Name(name), _) => at.get(name),
                (Step::Index(index), Tree::List(items)) => items.get(*index),
                (Step::Index(_), _) => None,
            })
    }

    /// The same, to be changed.
    pub fn value_at_mut(&mut self, path: &str) -> Option<&mut Node> {
        steps(path)
            .iter()
            .try_fold(self, |at, step| match (step, &mut at.tree) {
                (Step::Name(name), Tree::Object(entries)) => {
                    let mut named = entries.iter_mut().filter(|entry| entry.name == *name);
                    named.next().map(|entry| &mut entry.value)
                }
                (Step::Index(index), Tree::List(items)) => items.get_mut(*index),
                (Step::Name(_) | Step::Index(_), _) => None,
            })
    }
}

/// `a.b[0]["c d"]` in steps; what is not understood ends the path.
fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(bracketed) = rest.strip_prefix("[\"") {
            let Some((name, after)) = quoted(bracketed) else {
                break;
            };
            let Some(after) = after.strip_prefix(']') else {
                break;
            };
            steps.push(Step::Name(name));
            rest = after;
        } else if let Some(bracketed) = rest.strip_prefix('[') {
            let Some(end) = bracketed.find(']') else { break };
            let Ok(index) = bracketed[..end].parse() else {
                break;
            };
            steps.push(Step::Index(index));
            rest = &bracketed[end + 1..];
        } else {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            if end == 0 {
                break;
            }
            steps.push(Step::Name(rest[..end].to_owned()));
            rest = &rest[end..];
        }
    }
    steps
}

/// A name in quotes, as Rust's debug form writes it, up to its closing quote, and what follows; the opening one is gone.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut chars = text.char_indices();
    while let Some((at, ch)) = chars.next() {
        match ch {
            '"' => return Some((name, &text[at + 1..])),
            '\\' => name.push(match chars.next()?.1 {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                '0' => '\0',
                'u' => {
                    let digits: String = chars
                        .by_ref()
                        .map(|(_, ch)| ch)
                        .skip_while(|ch| *ch == '{')
                        .take_while(|ch| *ch != '}')
                        .collect();
                    char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
                }
                other => other,
            }),
            other => name.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use peerwarden_engine::document::At;

    use super::*;
    use crate::source::Source;

    /// Whatever a key is made of, its path leads to it.
    #[test]
    fn any_name_is_found_again() {
        let odd = [
            "a\tb",
            "\"",
            "\\",
            "\"]",
            "a\"].b",
            "[0]",
            "a.b/c",
            "\u{200b}",
            "\u{feff}x",
            "\n\r\0",
            "\u{1b}[2J",
            "ü",
            "\u{e9}\u{301}",
            "'",
            "",
            " ",
            "\\u{61}",
            "\u{10ffff}",
        ];
        let mut random = fastrand::Rng::with_seed(7);
        let drawn: Vec<String> = (0..2_000)
            .map(|_| (0..random.usize(0..6)).map(|_| random.char(..)).collect())
            .collect();
        for name in odd.into_iter().chain(drawn.iter().map(String::as_str)) {
            let (labels, rules) = (At::ROOT.name("labels"), At::ROOT.name("rules"));
            let (one, index) = (labels.name(name), rules.index(3));
            let other = index.name(name);
            let own = Step::Name(name.to_owned());
            assert_eq!(
                steps(&one.to_string()),
                [Step::Name("labels".to_owned()), own],
                "{name:?}"
            );
            assert_eq!(
                steps(&other.to_string()).last(),
                Some(&Step::Name(name.to_owned())),
                "{name:?}"
            );
        }
    }

    #[test]
    fn splits_paths() {
        let name = |name: &str| Step::Name(name.to_owned());
        assert_eq!(
            steps("spec.rules[0].when[12].key"),
            [
                name("spec"),
                name("rules"),
                Step::Index(0),
                name("when"),
                Step::Index(12),
                name("key")
            ]
        );
        assert_eq!(steps("labels[\"a.b/c\"]"), [name("labels"), name("a.b/c")]);
        assert_eq!(steps(""), []);
        assert_eq!(steps("[2]"), [Step::Index(2)]);
    }

    #[test]
    fn finds_names_values_and_what_is_not_there() {
        let source = Source::new(
            "x.yaml",
            "spec:\n  rules:\n  - to: [{paths: ['/a', \"/b\"]}]\n    wehn: 1\n",
        );
        let document = &crate::yaml::documents(&source).unwrap()[0];
        let shown = |path, on_key| &source.text[document.find(path, on_key, &source.text)];
        assert_eq!(shown("spec.rules[0].to[0].paths[1]", false), "\"/b\"");
        assert_eq!(shown("spec.rules[0].wehn", true), "wehn");
        assert_eq!(shown("spec.rules[0].wehn", false), "1");
        assert_eq!(shown("spec.rules[0].to[0].paths", false), "paths");
        assert_eq!(shown("spec.rules[0].to[7].paths", false), "to");
    }

    #[test]
    fn characters_of_several_bytes_do_not_shift_the_place() {
        let source = Source::new("x.yaml", "# größer\nname: ü\nother: [é, x]\n");
        let document = &crate::yaml::documents(&source).unwrap()[0];
        assert_eq!(&source.text[document.find("other[1]", false, &source.text)], "x");
    }
}
