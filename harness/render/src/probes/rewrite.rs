//! Rewrites a probe to ask Envoy.

use peerwarden_engine::document::{Step, Value};

use super::Probe;

/// Replaces the handler of a probe; its timing does not change.
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

fn find<'v>(value: &'v mut Value, place: &[Step]) -> Option<&'v mut Value> {
    let mut at = value;
    for step in place {
        at = match (at, step) {
            (Value::Object(fields), Step::Key(name)) => {
                &mut fields.iter_mut().find(|(key, _)| key == name)?.1
            }
            (Value::List(items), Step::Index(index)) => items.get_mut(*index)?,
            (
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::List(_)
                | Value::Object(_),
                Step::Key(_) | Step::Index(_),
            ) => return None,
        };
    }
    Some(at)
}
