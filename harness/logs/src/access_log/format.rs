//! The format of a log, and reading its lines.

use std::sync::OnceLock;

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_traffic::Protocol;
use serde_json::Value;

use super::entry::{Entry, Fact, FieldText};
use super::json::Json;
use super::operator::OperatorError;
use super::split;
use super::text::Text;
use super::{LINE, builtin, denial, prefix};

/// The format of a log's lines.
#[derive(Debug, Clone, Default)]
pub enum LogFormat {
    /// One of the formats that are detected, line by line.
    #[default]
    Builtin,
    /// A format string.
    Text(Box<TextFormat>),
    /// A format of JSON objects.
    Json(Box<JsonFormat>),
}

/// A given format string.
#[derive(Debug, Clone)]
pub struct TextFormat(Text);

/// A given format of JSON objects.
#[derive(Debug, Clone)]
pub struct JsonFormat(Json);

const HELP: &str = "write Envoy's `text_format`, or its `json_format` as a JSON object; in Istio, both are \
                    `accessLogFormat`";

impl LogFormat {
    /// Parses a given format: a format string, or a JSON object of them.
    ///
    /// # Errors
    ///
    /// If it is invalid.
    pub fn parse(given: &str) -> Result<Self, Diagnostic> {
        let wrong = |message: String| Diagnostic::error(format!("the log format: {message}")).help(HELP);
        let malformed = |OperatorError(message)| wrong(message);
        let (format, tells) = if given.trim_start().starts_with('{') {
            let fields = serde_json::from_str::<Value>(given);
            let fields = fields.map_err(|error| wrong(format!("it is not JSON: {error}")))?;
            let Value::Object(fields) = fields else {
                return Err(wrong("it is not a JSON object".to_owned()));
            };
            let json = Json::parse(&fields).map_err(malformed)?;
            let tells = json.tells_something();
            (Self::Json(Box::new(JsonFormat(json))), tells)
        } else {
            let text = Text::parse(given).map_err(malformed)?;
            let tells = text.tells_something();
            (Self::Text(Box::new(TextFormat(text))), tells)
        };
        if tells {
            Ok(format)
        } else {
            Err(wrong(
                "it has no operator that policies depend on, such as `%REQ(:PATH)%`".to_owned(),
            ))
        }
    }

    /// Reads a line, without its line break; skips prefixes of other tools, such as the name of a pod.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn read(&self, line: &[u8]) -> Result<Entry, String> {
        if line.len() > LINE {
            return Err(format!("it is longer than {} MiB", LINE / (1024 * 1024)));
        }
        self.bare(line).or_else(|why| {
            let rests = prefix::rests(line);
            let mut read = rests.iter().filter_map(|rest| self.bare(rest).ok());
            read.next().ok_or(why)
        })
    }

    /// Reads a line like [`LogFormat::read`], and also the line that the module itself logs for a denial. Do not use it
    /// where each request must count once: a log may have both lines for one request.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn read_any(&self, line: &[u8]) -> Result<Entry, String> {
        self.read(line).or_else(|why| denial::read(line).ok_or(why))
    }

    /// Reads a line without a prefix.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    fn bare(&self, line: &[u8]) -> Result<Entry, String> {
        match self {
            Self::Text(format) => {
                text(&format.0, line).ok_or_else(|| "it does not match the format".to_owned())
            }
            Self::Json(format) => format.0.read(line),
            Self::Builtin => builtin(line),
        }
    }
}

fn builtin(line: &[u8]) -> Result<Entry, String> {
    static FORMATS: OnceLock<([Text; 2], Json)> = OnceLock::new();
    let (texts, json) = FORMATS.get_or_init(|| {
        let text = |format| Text::parse(format).unwrap_or_else(|_| unreachable!("a format of ours is one"));
        let fields = builtin::JSON.map(|(name, format)| (name.to_owned(), Value::from(format)));
        let json = Json::parse(&fields.into_iter().collect());
        let json = json.unwrap_or_else(|_| unreachable!("a format of ours is one"));
        ([text(builtin::ISTIO), text(builtin::ENVOY)], json)
    });
    if line.first() == Some(&b'{') {
        let known = builtin::TELLTALE.iter().any(|name| {
            let quoted = format!("\"{name}\"");
            line.windows(quoted.len())
                .any(|window| window == quoted.as_bytes())
        });
        return if known {
            // Both name the method in every line of a request.
            json.read(line).map(|mut entry| {
                if entry.method == Fact::Unknown {
                    entry.protocol.get_or_insert(Protocol::Tcp);
                }
                entry
            })
        } else {
            Err("it is JSON in an unknown format; use `--log-format`".to_owned())
        };
    }
    let read = texts.iter().find_map(|format| text(format, line));
    read.ok_or_else(|| "its format is unknown; use `--log-format`".to_owned())
}

fn text(format: &Text, line: &[u8]) -> Option<Entry> {
    let fields = split::split(format, line)?;
    let mut entry = Entry::default();
    for (operator, field) in format.operators.iter().zip(fields) {
        if let Some(field) = field {
            entry.tell(operator, FieldText::Text(field));
        }
    }
    Some(entry.finish())
}
