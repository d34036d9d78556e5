//! Fields that several descriptions share.

use peerwarden_engine::document::{At, Fields, Value, wrong_type};
use peerwarden_engine::{Problem, Problems};

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
