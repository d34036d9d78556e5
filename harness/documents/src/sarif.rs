//! SARIF 2.1.0, which code scanning reads (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>): only
//! the parts that the tools write. A report has rules, and results of these rules.

use anyhow::{Context, Result as Outcome};
use serde::Serialize;

use crate::diagnostic::Severity;
use crate::source::Place;

/// The unit of columns: characters.
const COLUMNS: &str = "unicodeCodePoints";

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// A `reportingDescriptor`: a kind of result.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// Stable, such as `PW005`.
    pub id: String,
    /// For people.
    pub name: String,
    short_description: Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Help>,
    default_configuration: Configuration,
}

/// One finding.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Result {
    rule_id: String,
    /// The index in the list of rules; filled in by [`log`].
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: Level,
    message: Message,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
}

/// The severity of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Refused.
    Error,
    /// Accepted, but probably a mistake.
    Warning,
}

#[derive(Debug, Clone, Serialize)]
struct Message {
    text: String,
}

#[derive(Debug, Clone, Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Debug, Clone, Serialize)]
struct Configuration {
    level: Level,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Suppression {
    kind: &'static str,
    justification: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
    physical_location: PhysicalLocation,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Debug, Clone, Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
struct Log<'l> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'l>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'l> {
    tool: Tool<'l>,
    column_kind: &'static str,
    results: Vec<Result>,
}

#[derive(Serialize)]
struct Tool<'l> {
    driver: Driver<'l>,
}

#[derive(Serialize)]
struct Driver<'l> {
    name: &'static str,
    version: &'static str,
    rules: &'l [Rule],
}

impl From<Severity> for Level {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
        }
    }
}

impl Rule {
    /// A rule with its stable id, its name and a one-line description.
    pub fn new(id: impl Into<String>, name: impl Into<String>, summary: &str, level: Level) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            short_description: Message {
                text: summary.to_owned(),
            },
            help: None,
            default_configuration: Configuration { level },
        }
    }

    /// Adds a page about it, in Markdown.
    pub fn help(mut self, markdown: &str) -> Self {
        self.help = Some(Help {
            text: markdown.to_owned(),
            markdown: markdown.to_owned(),
        });
        self
    }
}

impl Result {
    /// A result of this rule.
    pub fn new(rule: impl Into<String>, level: Level, message: impl Into<String>) -> Self {
        Self {
            rule_id: rule.into(),
            rule_index: None,
            level,
            message: Message { text: message.into() },
            locations: Vec::new(),
            related_locations: Vec::new(),
            suppressions: Vec::new(),
        }
    }

    /// Sets the place.
    pub fn at(mut self, place: &Place) -> Self {
        self.locations.push(Location::of(place, None));
        self
    }

    /// Adds another place that the message mentions, with a label.
    pub fn also(mut self, place: &Place, what: &str) -> Self {
        self.related_locations.push(Location::of(place, Some(what)));
        self
    }

    /// Marks it as suppressed in the source, with this reason.
    pub fn suppressed(mut self, reason: &str) -> Self {
        self.suppressions.push(Suppression {
            kind: "inSource",
            justification: reason.to_owned(),
        });
        self
    }
}

impl Location {
    fn of(place: &Place, what: Option<&str>) -> Self {
        let (start_line, start_column) = place.source.position(place.span.start);
        let (end_line, end_column) = place.source.position(place.span.end);
        Self {
            message: what.map(|what| Message {
                text: what.to_owned(),
            }),
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation {
                    uri: uri(&place.source.name),
                },
                region: Region {
                    start_line,
                    start_column,
                    end_line,
                    end_column,
                },
            },
        }
    }
}

/// A path as a URI reference, relative if the path is.
fn uri(path: &str) -> String {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.strip_prefix("./").unwrap_or(path).bytes() {
        if unreserved(byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

/// The SARIF file of one run of this program.
///
/// # Errors
///
/// If it cannot be written as JSON.
pub fn log(rules: &[Rule], mut results: Vec<Result>) -> Outcome<String> {
    for result in &mut results {
        result.rule_index = rules.iter().position(|rule| rule.id == result.rule_id);
    }
    let driver = Driver {
        name: "peerwarden",
        version: env!("CARGO_PKG_VERSION"),
        rules,
    };
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool { driver },
            column_kind: COLUMNS,
            results,
        }],
    };
    let text = serde_json::to_string_pretty(&log).context("the report cannot be written as SARIF")?;
    Ok(text + "\n")
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_become_uri_references() {
        assert_eq!(uri("./a b/c.yaml"), "a%20b/c.yaml");
        assert_eq!(uri("/x/ü#1?.yaml"), "file:///x/%C3%BC%231%3F.yaml");
        assert_eq!(uri("a:b.yaml"), "a%3Ab.yaml");
    }
}
