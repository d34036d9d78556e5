//! Finds the bytes of the engine's paths.

use std::ops::Range;

use peerwarden_engine::document::Step;

use super::node::{Node, Tree, span};

impl Node {
    /// The bytes in `text` of the value at `path` from here, or of its name if `on_key`. If it does not exist, those of
    /// the nearest value around it.
    pub fn find(&self, path: &[Step], on_key: bool, text: &str) -> Range<usize> {
        let mut at = self;
        let mut location = self.location;
        for (number, step) in path.iter().enumerate() {
            let last = number + 1 == path.len();
            let next = match (step, &at.tree) {
                (Step::Key(name), _) => at.entry(name).map(|entry| {
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
            // The name of a mapping or a list is a clearer place than its first entry.
            let within = matches!(value.tree, Tree::Object(_) | Tree::List(_) | Tree::Null);
            location = if within { name } else { shown };
            if on_key && last {
                location = shown;
            }
        }
        span(&location, text)
    }

    /// The value at `path` from here.
    pub fn value_at(&self, path: &[Step]) -> Option<&Node> {
        path.iter().try_fold(self, |at, step| match (step, &at.tree) {
            (Step::Key(name), _) => at.get(name),
            (Step::Index(index), Tree::List(items)) => items.get(*index),
            (Step::Index(_), _) => None,
        })
    }

    /// The value at `path` from here, mutable.
    pub fn value_at_mut(&mut self, path: &[Step]) -> Option<&mut Node> {
        path.iter().try_fold(self, |at, step| match (step, &mut at.tree) {
            (Step::Key(name), Tree::Object(entries)) => {
                let mut named = entries.iter_mut().filter(|entry| entry.name == *name);
                named.next().map(|entry| &mut entry.value)
            }
            (Step::Index(index), Tree::List(items)) => items.get_mut(*index),
            (Step::Key(_) | Step::Index(_), _) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use peerwarden_engine::document::{At, Path};

    use crate::source::Source;
    use crate::yaml::{Tree, documents};

    /// Whatever characters a key has, its path leads to it.
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
        let drawn: Vec<String> = (0..500)
            .map(|_| (0..random.usize(0..6)).map(|_| random.char(..)).collect())
            .collect();
        for name in odd.into_iter().chain(drawn.iter().map(String::as_str)) {
            let quoted = serde_json::to_string(name).unwrap();
            let source = Source::new(
                "x.json",
                format!("{{\"before\": 1, \"labels\": {{{quoted}: 2}}}}"),
            );
            let Ok(documents) = documents(&source) else {
                // YAML does not accept this character, even in quotes.
                continue;
            };
            let mut document = documents.into_iter().next().unwrap();
            let labels = At::ROOT.name("labels");
            let path = labels.name(name).path();
            assert_eq!(
                &source.text[document.find(&path, false, &source.text)],
                "2",
                "{name:?}"
            );
            let key = document.find(&path, true, &source.text);
            assert_eq!(key.start, source.text.find(&quoted).unwrap(), "{name:?}");
            assert!(
                matches!(document.value_at(&path).unwrap().tree, Tree::Number(_)),
                "{name:?}"
            );
            assert!(document.value_at_mut(&path).is_some(), "{name:?}");
        }
    }

    #[test]
    fn finds_names_values_and_what_is_not_there() {
        let source = Source::new(
            "x.yaml",
            "spec:\n  rules:\n  - to: [{paths: ['/a', \"/b\"]}]\n    wehn: 1\n",
        );
        let document = &documents(&source).unwrap()[0];
        let shown = |path: &Path, on_key| &source.text[document.find(path, on_key, &source.text)];
        let rule = Path::keys(["spec", "rules"]).index(0);
        let paths = |index| rule.clone().key("to").index(index).key("paths");
        let unknown = rule.clone().key("wehn");
        assert_eq!(shown(&paths(0).index(1), false), "\"/b\"");
        assert_eq!(shown(&unknown, true), "wehn");
        assert_eq!(shown(&unknown, false), "1");
        assert_eq!(shown(&paths(0), false), "paths");
        assert_eq!(shown(&paths(7), false), "to");
    }

    #[test]
    fn characters_of_several_bytes_do_not_shift_the_place() {
        let source = Source::new("x.yaml", "# größer\nname: ü\nother: [é, x]\n");
        let document = &documents(&source).unwrap()[0];
        let path = Path::keys(["other"]).index(1);
        assert_eq!(&source.text[document.find(&path, false, &source.text)], "x");
    }
}
