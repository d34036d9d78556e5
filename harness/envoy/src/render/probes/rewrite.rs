//! Rewrites a probe to ask Envoy.

use peerwarden_engine::document::Value;

use super::Probe;
use super::pod::PathStep;

/// Replaces the handler of a probe; its timing stays as it was.
pub(super) fn rewrite(document: &mut Value, probe: &Probe, port: u16) {
    let Some(Value::Object(fields)) = find(document, &probe.place) else {
        return;
    };
    fields.retain(|(name, _)| !matches!(name.as_str(), "httpGet" | "tcpSocket" | "grpc"));
    let asks = Value::Object(vec![
        ("path".to_owned(), Value::String(probe.path.clone())),
        ("port".to_owned(), Value::Number(port.into())),
    ]);
    fields.insert(0, ("httpGet".to_owned(), asks));
}

fn find<'v>(value: &'v mut Value, place: &[PathStep]) -> Option<&'v mut Value> {
    let mut at = value;
    for step in place {
        at = match (at, step) {
            (Value::Object(fields), PathStep::Name(name)) => {
                &mut fields.iter_mut().find(|(key, _)| key == name)?.1
            }
            (Value::List(items), PathStep::Index(index)) => items.get_mut(*index)?,
            (
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::List(_)
                | Value::Object(_),
                PathStep::Name(_) | PathStep::Index(_),
            ) => return None,
        };
    }
    Some(at)
}
