//! PW024: a name or text without quotes that YAML 1.1 reads as a number or a boolean.
//!
//! Kubernetes reads YAML 1.1: a label `on` becomes `true`, `0443` becomes 291. As values these are refused where text
//! is required; as names they are used as written.

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::documents::Document;
use peerwarden_documents::fix::{Change, Fix};
use peerwarden_documents::yaml::{self, Entry, Node, Tree};
use peerwarden_engine::document::At;

use crate::context::Context;
use crate::lint::{Finder, Lint};

pub(crate) const LINT: Lint = Lint {
    code: "PW024",
    name: "yaml-trap",
    severity: Severity::Warning,
    summary: "text that YAML 1.1 reads as another type",
    page: include_str!("../../../../docs/lints/PW024.md"),
    find: Finder::All(find),
};

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let policies = context
        .policies
        .iter()
        .map(|policy| (policy.document, policy.title()));
    let modes = context
        .peer_authentications
        .iter()
        .map(|modes| (modes.document, modes.title()));
    let mut found = Vec::new();
    for (document, title) in policies.chain(modes) {
        let mut walk = Walk {
            document,
            title,
            found: &mut found,
        };
        walk.node(&document.node, &At::ROOT);
    }
    found
}

/// Visits all names and texts of a document.
struct Walk<'w> {
    document: &'w Document,
    title: String,
    found: &'w mut Vec<Diagnostic>,
}

impl Walk<'_> {
    fn node(&mut self, node: &Node, at: &At<'_>) {
        match &node.tree {
            Tree::Null | Tree::Bool(_) | Tree::Number(_) => {}
            Tree::String(text) => {
                if let Some(found) = self.trap(text, &node.location) {
                    let quoted = vec![Change::text(at.path(), text)];
                    let quoted = Fix::new(self.document.place(&[], false), quoted);
                    self.found.push(found.fixed_by(quoted));
                }
            }
            Tree::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.node(item, &at.index(index));
                }
            }
            Tree::Object(entries) => {
                for Entry {
                    name,
                    name_location,
                    value,
                } in entries
                {
                    let trap = self.trap(name, name_location);
                    self.found.extend(trap);
                    self.node(value, &at.name(name));
                }
            }
        }
    }

    fn trap(&self, text: &str, location: &yaml::Location) -> Option<Diagnostic> {
        let read = read_as(text)?;
        let place = yaml::place(&self.document.source, location);
        // A quoted text is always a string.
        if self.document.source.text.get(place.span.clone()) != Some(text) {
            return None;
        }
        let message = format!(
            "{}: `{text}` is {read} in YAML 1.1, which Kubernetes uses",
            self.title
        );
        Some(
            LINT.found(message)
                .at(place)
                .help(format!("put it in quotes: `\"{text}\"`")),
        )
    }
}

/// The YAML 1.1 value of a plain text, if it is not the text itself.
fn read_as(text: &str) -> Option<String> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
            return Some("the boolean `true`".to_owned());
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            return Some("the boolean `false`".to_owned());
        }
        _ => {}
    }
    let digits = text.trim_start_matches(['-', '+']).replace('_', "");
    if !digits.starts_with(|ch: char| ch.is_ascii_digit()) {
        return None;
    }
    let of_base = |digits: &str, base| u64::from_str_radix(digits, base).ok();
    let number = match digits.get(..2) {
        Some("0x" | "0X") => of_base(&digits[2..], 16),
        Some("0b" | "0B") => of_base(&digits[2..], 2),
        Some("0o" | "0O") => of_base(&digits[2..], 8),
        Some(_) if digits.starts_with('0') => of_base(&digits[1..], 8),
        Some(_) | None if text.contains('_') => of_base(&digits, 10),
        Some(_) | None => return sexagesimal(text),
    };
    number
        .filter(|number| number.to_string() != text)
        .map(|number| format!("the number `{number}`"))
}

/// `12:30` is twelve times sixty plus thirty.
fn sexagesimal(text: &str) -> Option<String> {
    let (_, rest) = text.split_once(':')?;
    let places: Option<Vec<u64>> = text.split(':').map(|part| part.parse().ok()).collect();
    let small = rest
        .split(':')
        .all(|part| part.len() <= 2 && part.parse::<u64>().is_ok_and(|part| part < 60));
    let number = places?
        .into_iter()
        .try_fold(0_u64, |sum, part| sum.checked_mul(60)?.checked_add(part))?;
    small.then(|| format!("the number `{number}` (to some parsers)"))
}

#[cfg(test)]
mod tests {
    use super::read_as;

    #[test]
    fn only_what_is_read_otherwise() {
        for (text, number) in [
            ("0443", "291"),
            ("8_443", "8443"),
            ("0x50", "80"),
            ("0b11", "3"),
            ("12:30", "750"),
        ] {
            assert!(read_as(text).unwrap().contains(&format!("`{number}`")), "{text}");
        }
        for text in [
            "443",
            "0",
            "8080",
            "v1",
            "10.0.0.1",
            "0.5",
            "a:b",
            "12:99",
            "10:0:0:0:0:0:0:abc",
            "true",
            "",
            "-",
            "089",
        ] {
            assert_eq!(read_as(text), None, "{text}");
        }
    }
}
