//! Fields that several descriptions share.

use peerwarden_engine::document::{At, Fields, Value, wrong_type};
use peerwarden_engine::{Problem, Problems};

/// The name and the namespace of a Kubernetes object.
pub(crate) struct ObjectName {
    pub(crate) name: Option<String>,
    pub(crate) namespace: Option<String>,
}

impl ObjectName {
    /// Reads `metadata`; `None` if that is not an object.
    pub(crate) fn read(fields: &mut Fields<'_, '_>, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let empty = Value::Object(Vec::new());
        let at = at.name("metadata");
        // The API server adds much to metadata, and none of it decides.
        let mut metadata = Fields::of(fields.take("metadata").unwrap_or(&empty), &at, problems)?;
        Some(Self {
            name: required(&mut metadata, "name", &at, problems),
            namespace: required(&mut metadata, "namespace", &at, problems),
        })
    }
}

/// A required text.
pub(crate) fn required(
    fields: &mut Fields<'_, '_>,
    name: &'static str,
    at: &At<'_>,
    problems: &mut Problems,
) -> Option<String> {
    let before = problems.len();
    let text = fields.text(name, problems).filter(|text| !text.is_empty());
    if text.is_none() && problems.len() == before {
        problems.push(Problem::new(
            &at.name(name),
            format!("`{name}` is missing or empty"),
        ));
    }
    text.map(str::to_owned)
}

/// A port: a whole number from 1 to 65535.
pub(crate) fn port_number(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<u16> {
    let port = match value {
        Value::Number(number) => format!("{number}").parse::<u16>().ok().filter(|port| *port > 0),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::List(_) | Value::Object(_) => None,
    };
    if port.is_none() {
        problems.push(wrong_type(at, "a port from 1 to 65535", value));
    }
    port
}
