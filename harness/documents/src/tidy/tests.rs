//! The layout is final, and says what was said: over files there are, and over texts written in every style at random.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::{same, tidy};
use crate::source::Source;

/// Texts that are made. A failure names its seed.
const TEXTS: u64 = 1_000;

fn tidied(name: &str, text: &str) -> String {
    match tidy(&Source::new(name, text)) {
        Ok(tidied) => tidied,
        Err(wrong) => panic!("{name}: {wrong:?}\n{text}"),
    }
}

#[test]
fn what_people_write() {
    let text = "\
# about the policy
kind:   AuthorizationPolicy   # the kind
apiVersion: \"security.istio.io/v1\"


metadata: {name: \"x\",   namespace: shop}
spec:
    # before the rules
    rules:
        - from:
              # who
              - source: {principals: ['a', # first
                   \"b\"]}
          to:
          - operation:
               paths: [\"/a\",'/b']
               methods: [\"GET\", \"*\"]
        # between
        - when:
          - key: request.headers[x]
            values: [\"yes\", '1', 'on']
# the end
---

kind: X
";
    let expected = "\
# about the policy
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy # the kind
metadata: {name: x, namespace: shop}
spec:
  # before the rules
  rules:
  - from:
    # who
    - source: {
        principals: [
          a, # first
          b
        ]
      }
    to:
    - operation:
        paths: [/a, /b]
        methods: [\"GET\", \"*\"]
  # between
  - when:
    - key: request.headers[x]
      values: [\"yes\", \"1\", \"on\"]
# the end
---
kind: X
";
    assert_eq!(tidied("policy.yaml", text), expected);
}

#[test]
fn tables_are_put_into_columns() {
    let text = "\
workload: {namespace: shop}
matrix:
- requests: [list, \"a, b\", x]
  expect:
    frontend: [allow,deny,   allow]
    the other one: [deny, deny, deny]
- requests: [
    list, # one
  ]
  expect: {frontend: [allow]}
";
    let expected = "\
workload: {namespace: shop}
matrix:
- requests:        [list,  \"a, b\", x]
  expect:
    frontend:      [allow, deny,   allow]
    the other one: [deny,  deny,   deny]
- requests: [
    list # one
  ]
  expect: {frontend: [allow]}
";
    assert_eq!(tidied("a_test.yaml", text), expected);
}

#[test]
fn what_stands_between_keys_goes_with_the_key_below() {
    let text = "\
spec: {}
# whose it is
metadata: {name: a, namespace: b}
kind: K
# the version
apiVersion: v1
---
kind: K
spec: {}
apiVersion: v1
";
    let expected = "\
# the version
apiVersion: v1
kind: K
# whose it is
metadata: {name: a, namespace: b}
spec: {}
---
apiVersion: v1
kind: K
spec: {}
";
    assert_eq!(tidied("a.yaml", text), expected);
}

#[test]
fn quotes_stay_where_somebody_reads_something_else_without_them() {
    for kept in [
        "yes",
        "No",
        "ON",
        "y",
        "null",
        "true",
        "1",
        "017",
        "0x1f",
        "0o17",
        "1e3",
        "1_000",
        "1:30",
        "12:30:45",
        "2026-01-31",
        "1.0",
        "",
        " a",
        "a ",
        "a: b",
        "a #b",
        "*a",
        "&a",
        "!a",
        "- a",
        "-",
        "?",
        "a,b",
        "[a]",
        "{a}",
        "'",
        "%a",
        "@a",
        "`a",
        "~",
        "=",
        "<<",
        ".5",
        ".inf",
        "+1",
        "-1",
        "a:",
        "a\\b",
        "ä",
        "2026-01-31T12:00:00Z",
    ] {
        let text = format!("a: \"{}\"\n", kept.replace('\\', "\\\\"));
        assert_eq!(tidied("a.yaml", &text), text);
    }
    for plain in [
        "GET",
        "/a*",
        "a.b/c-d_e",
        "10.0.0.0/8",
        "fd00::/8",
        "shop:443",
        "a b",
        "x1",
        "v1",
    ] {
        assert_eq!(
            tidied("a.yaml", &format!("a: [\"{plain}\", '{plain}']\n")),
            format!("a: [{plain}, {plain}]\n")
        );
    }
}

#[test]
fn what_is_no_yaml_is_refused_with_its_place() {
    let wrong = tidy(&Source::new("a.yaml", "a: [1\nb: 2\n")).unwrap_err();
    assert!(wrong.place.is_some(), "{wrong:?}");
}

/// The formatter would put the comma into the comment.
#[test]
fn what_cannot_be_laid_out_safely_is_left() {
    let wrong = tidy(&Source::new("a.yaml", "a: {k0: [['x' # one\n  ,y]]   }\n")).unwrap_err();
    assert!(
        wrong.message.starts_with("a.yaml: it cannot be laid out: "),
        "{wrong:?}"
    );
}

#[test]
fn a_change_of_meaning_or_a_lost_comment_is_noticed() {
    let before = Source::new("a.yaml", "a: 1 # one\nb: [x, \"1\"]\n");
    assert_eq!(same::difference(&before, "b: [x, '1'] # one\na:   1\n"), None);
    for after in [
        "a: 1\nb: [x, \"1\"]\n",
        "a: 1 # two\nb: [x, \"1\"]\n",
        "a: 1 # one\nb: [x, 1]\n",
        "a: 1 # one\nb: [\"1\", x]\n",
        "a: 1 # one\n",
        "a: 1 # one\nb: [x, \"1\"]\n---\nc: 1\n",
        "a: [1 # one\n",
    ] {
        assert!(same::difference(&before, after).is_some(), "{after}");
    }
}

/// Every file of the repository that the formatter could meet: none is refused.
#[test]
fn files_that_there_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = 0;
    for folder in [
        "policies",
        "docs",
        "tests/conformance",
        "tests/envoy",
        "harness/envoy/templates/shared",
    ] {
        for entry in walkdir::WalkDir::new(root.join(folder)) {
            let path = entry.unwrap().into_path();
            if path.extension().is_none_or(|extension| extension != "yaml") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let Ok(before) = serde_saphyr::from_multiple::<Value>(&text) else {
                assert!(path.to_string_lossy().contains("templates"), "{}", path.display());
                continue;
            };
            let name = path.display().to_string();
            let after = tidied(&name, &text);
            assert_eq!(
                serde_saphyr::from_multiple::<Value>(&after).unwrap(),
                before,
                "{name}"
            );
            assert_eq!(tidied(&name, &after), after, "{name}");
            assert!(!after.lines().any(|line| line.ends_with(' ')), "{name}");
            files += 1;
        }
    }
    assert!(files > 30, "{files}");
}

#[test]
fn texts_in_every_style() {
    for seed in 0..TEXTS {
        let mut writer = Writer {
            random: fastrand::Rng::with_seed(seed),
            text: String::new(),
            comments: Vec::new(),
        };
        let value = writer.document();
        let text = &writer.text;
        let read: Value =
            serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
        assert_eq!(
            read, value,
            "seed {seed}: the test writes something else than it means\n{text}"
        );
        let after = tidied(&format!("seed {seed}"), text);
        let read: Value = serde_saphyr::from_str(&after).unwrap();
        assert_eq!(read, value, "seed {seed}\n{text}\n---\n{after}");
        assert_eq!(tidied("again", &after), after, "seed {seed}\n{text}");
        // Comments have words that nothing else has.
        for comment in &writer.comments {
            assert_eq!(
                after.matches(comment.as_str()).count(),
                1,
                "seed {seed}: {comment}\n{text}\n---\n{after}"
            );
        }
    }
}

/// Writes a value at random, and knows what it wrote.
struct Writer {
    random: fastrand::Rng,
    text: String,
    comments: Vec<String>,
}

const TEXTS_OF_VALUES: [&str; 18] = [
    "GET",
    "/a*",
    "*",
    "yes",
    "1",
    "a b",
    "it's",
    "say \"x\"",
    "a: b",
    "x # y",
    "",
    "cluster.local/ns/a/sa/b",
    "back\\slash",
    "ä→",
    "- x",
    "10.0.0.0/8",
    "null",
    "two\nlines\n",
];

impl Writer {
    fn document(&mut self) -> Value {
        if self.random.bool() {
            self.own_line(0);
        }
        let depth = self.random.usize(1..4);
        let mut value = Map::new();
        let count = self.random.usize(1..4);
        self.entries(&mut value, 0, depth, count);
        Value::Object(value)
    }

    fn entries(&mut self, into: &mut Map<String, Value>, indent: usize, depth: usize, count: usize) {
        for number in 0..count {
            if number > 0 || indent == 0 {
                self.between(indent);
            }
            if number > 0 || indent == 0 {
                let _ = write!(self.text, "{}", " ".repeat(indent));
            }
            let key = ["a", "spec", "x-y", "kind", "80", "a b"][self.random.usize(..6)].to_owned()
                + &number.to_string();
            let quote = ["", "", "'", "\""][self.random.usize(..4)];
            let _ = write!(self.text, "{quote}{key}{quote}:");
            let value = self.value(indent, depth);
            into.insert(key, value);
        }
    }

    /// A value after a key or a dash, with the end of its line.
    fn value(&mut self, indent: usize, depth: usize) -> Value {
        let deeper = self.random.usize(1..5);
        match if depth == 0 { 0 } else { self.random.u8(0..6) } {
            0 | 1 => {
                let gap = self.gap();
                self.text.push_str(&gap);
                let value = self.scalar(indent + deeper);
                if !self.text.ends_with('\n') {
                    self.end();
                }
                value
            }
            2 => {
                let gap = self.gap();
                self.text.push_str(&gap);
                let value = self.flow(2);
                self.end();
                value
            }
            3 => {
                self.end();
                let mut items = Vec::new();
                // A list may stand at the indent of its key.
                let indent = indent + self.random.usize(0..3);
                for _ in 0..self.random.usize(1..4) {
                    self.between(indent);
                    let _ = write!(self.text, "{}-", " ".repeat(indent));
                    items.push(self.item(indent, depth - 1));
                }
                Value::Array(items)
            }
            _ => {
                self.end();
                let mut value = Map::new();
                let count = self.random.usize(1..4);
                let indent = indent + deeper;
                self.between(indent);
                let _ = write!(self.text, "{}", " ".repeat(indent));
                self.entries_from_here(&mut value, indent, depth - 1, count);
                Value::Object(value)
            }
        }
    }

    /// What stands after a dash at `indent`.
    fn item(&mut self, indent: usize, depth: usize) -> Value {
        if depth > 0 && self.random.bool() {
            let gap = self.gap();
            self.text.push_str(&gap);
            let mut value = Map::new();
            let count = self.random.usize(1..3);
            self.entries_from_here(&mut value, indent + 1 + gap.len(), depth, count);
            return Value::Object(value);
        }
        let gap = self.gap();
        self.text.push_str(&gap);
        let value = if self.random.bool() {
            self.flow(1)
        } else {
            self.scalar(indent + 2)
        };
        if !self.text.ends_with('\n') {
            self.end();
        }
        value
    }

    /// Entries of which the first begins in this line.
    fn entries_from_here(
        &mut self,
        into: &mut Map<String, Value>,
        indent: usize,
        depth: usize,
        count: usize,
    ) {
        for number in 0..count {
            if number > 0 {
                self.between(indent);
                let _ = write!(self.text, "{}", " ".repeat(indent));
            }
            let key = ["source", "to", "from x"][self.random.usize(..3)].to_owned() + &number.to_string();
            let _ = write!(self.text, "{key}:");
            let value = self.value(indent, depth);
            into.insert(key, value);
        }
    }

    fn scalar(&mut self, indent: usize) -> Value {
        let value = TEXTS_OF_VALUES[self.random.usize(..TEXTS_OF_VALUES.len())];
        match self.random.u8(0..5) {
            0 => {
                let number = self.random.u16(..);
                let _ = write!(self.text, "{number}");
                json!(number)
            }
            1 if value.ends_with('\n') => {
                self.text.push('|');
                self.end();
                for line in value.lines() {
                    let _ = writeln!(self.text, "{}{line}", " ".repeat(indent.max(1)));
                }
                json!(value)
            }
            _ => {
                self.quoted(value);
                json!(value)
            }
        }
    }

    fn quoted(&mut self, value: &str) {
        if self.random.bool() && !value.contains('\n') {
            let _ = write!(self.text, "'{}'", value.replace('\'', "''"));
        } else {
            let escaped = value
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            let _ = write!(self.text, "\"{escaped}\"");
        }
    }

    fn flow(&mut self, depth: usize) -> Value {
        let count = self.random.usize(0..4);
        let is_list = self.random.bool();
        self.text.push(if is_list { '[' } else { '{' });
        let (mut items, mut fields) = (Vec::new(), Map::new());
        for number in 0..count {
            self.space();
            if !is_list {
                let _ = write!(self.text, "k{number}: ");
            }
            let value = if depth > 0 && self.random.u8(0..3) == 0 {
                self.flow(depth - 1)
            } else {
                let value = TEXTS_OF_VALUES[self.random.usize(..TEXTS_OF_VALUES.len())];
                self.quoted(value);
                json!(value)
            };
            items.push(value.clone());
            fields.insert(format!("k{number}"), value);
            // A comment before a comma is one of the places that are refused.
            self.text.push_str(["", "", " "][self.random.usize(..3)]);
            if number + 1 < count || self.random.u8(0..6) == 0 {
                self.text.push(',');
            }
        }
        self.space();
        self.text.push(if is_list { ']' } else { '}' });
        if is_list {
            Value::Array(items)
        } else {
            Value::Object(fields)
        }
    }

    /// Spaces, or a new line with a comment or without, within brackets.
    fn space(&mut self) {
        match self.random.u8(0..12) {
            0 => self.text.push_str("   "),
            1 => self.text.push_str("\n          "),
            2 => {
                self.text.push(' ');
                self.comment();
                self.text.push_str("\n          ");
            }
            _ => {}
        }
    }

    fn gap(&mut self) -> String {
        " ".repeat(self.random.usize(1..4))
    }

    /// The end of a line: spaces, a comment.
    fn end(&mut self) {
        if self.random.u8(0..4) == 0 {
            self.text.push(' ');
            self.comment();
        }
        if self.random.u8(0..4) == 0 {
            self.text.push_str("   ");
        }
        self.text.push('\n');
    }

    /// Blank lines and comments before an entry.
    fn between(&mut self, indent: usize) {
        for _ in 0..self.random.usize(0..3) {
            if self.random.bool() {
                self.text.push('\n');
            } else {
                self.own_line(indent);
            }
        }
    }

    fn own_line(&mut self, indent: usize) {
        let _ = write!(self.text, "{}", " ".repeat(indent));
        self.comment();
        self.text.push('\n');
    }

    fn comment(&mut self) {
        let comment = format!(
            "#{} comment-{}.",
            ["", " ", "!"][self.random.usize(..3)],
            self.comments.len()
        );
        self.text.push_str(&comment);
        self.comments.push(comment);
    }
}
