//! Writes random values in every style, and remembers what it wrote.

use std::fmt::Write;

use serde_json::{Map, Value, json};

/// Writes a random value, and remembers what it wrote.
pub(super) struct Writer {
    pub(super) random: fastrand::Rng,
    pub(super) text: String,
    pub(super) comments: Vec<String>,
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
    pub(super) fn document(&mut self) -> Value {
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

    /// A value after a key or a dash, and the rest of the line.
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
                // A list may have the indentation of its key.
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

    /// An item after a dash at `indent`.
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

    /// Entries, the first of them in the current line.
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

    /// The end of a line: spaces, or a comment.
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
