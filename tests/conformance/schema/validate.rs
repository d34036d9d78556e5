//! Checks a value against a JSON Schema. Supports only the keywords that our schemas use.

use regex::Regex;
use serde_json::Value;

/// The violation in `value`, and its place; `None` if the schema accepts it.
///
/// # Panics
///
/// On an unknown keyword: what it would refuse must not pass.
pub(super) fn differs(value: &Value, schema: &Value, root: &Value) -> Option<String> {
    if let Value::Bool(anything) = schema {
        return (!anything).then(|| format!(": {value} may not be here"));
    }
    let keywords = schema.as_object();
    let keywords = keywords.unwrap_or_else(|| panic!("{schema} is not a schema"));
    keywords
        .iter()
        .find_map(|(keyword, wanted)| by_keyword(value, keyword, wanted, schema, root))
}

fn by_keyword(value: &Value, keyword: &str, wanted: &Value, schema: &Value, root: &Value) -> Option<String> {
    let holds = |schema: &Value| differs(value, schema, root).is_none();
    let all = |wanted: &Value| {
        wanted
            .as_array()
            .into_iter()
            .flatten()
            .find_map(|schema| differs(value, schema, root))
    };
    let number = |wanted: &Value| wanted.as_f64().unwrap_or(f64::NAN);
    let length = |wanted: &Value| usize::try_from(wanted.as_u64().unwrap_or_default()).unwrap_or(usize::MAX);
    let held = match keyword {
        "$schema" | "$defs" | "title" | "description" | "default" | "format" | "then" | "else" => true,
        "$ref" => {
            let definition = wanted.as_str().unwrap_or_default().trim_start_matches('#');
            let definition = root.pointer(definition).unwrap_or_else(|| panic!("no {wanted}"));
            return differs(value, definition, root);
        }
        "type" => match wanted.as_array() {
            Some(kinds) => kinds.iter().any(|kind| is(value, kind)),
            None => is(value, wanted),
        },
        "const" => value == wanted,
        "enum" => wanted.as_array().is_some_and(|values| values.contains(value)),
        "minimum" => value.as_f64().is_none_or(|is| is >= number(wanted)),
        "maximum" => value.as_f64().is_none_or(|is| is <= number(wanted)),
        "minLength" => value
            .as_str()
            .is_none_or(|text| text.chars().count() >= length(wanted)),
        "maxLength" => value
            .as_str()
            .is_none_or(|text| text.chars().count() <= length(wanted)),
        "minItems" => value.as_array().is_none_or(|items| items.len() >= length(wanted)),
        "maxItems" => value.as_array().is_none_or(|items| items.len() <= length(wanted)),
        "minProperties" => value
            .as_object()
            .is_none_or(|fields| fields.len() >= length(wanted)),
        "maxProperties" => value
            .as_object()
            .is_none_or(|fields| fields.len() <= length(wanted)),
        "pattern" => value.as_str().is_none_or(|text| pattern(wanted).is_match(text)),
        "anyOf" => wanted.as_array().into_iter().flatten().any(holds),
        "oneOf" => {
            wanted
                .as_array()
                .into_iter()
                .flatten()
                .filter(|schema| holds(schema))
                .count()
                == 1
        }
        "allOf" => return all(wanted),
        "not" => !holds(wanted),
        "if" => {
            let then = if holds(wanted) { "then" } else { "else" };
            return schema.get(then).and_then(|schema| differs(value, schema, root));
        }
        "required" => {
            let has = |name: &Value| value.get(name.as_str().unwrap_or_default()).is_some();
            !value.is_object() || wanted.as_array().into_iter().flatten().all(has)
        }
        "items" => {
            let mut items = value.as_array().into_iter().flatten().enumerate();
            return items.find_map(|(index, item)| {
                differs(item, wanted, root).map(|difference| format!("[{index}]{difference}"))
            });
        }
        "properties" => {
            let mut fields = value.as_object().into_iter().flatten();
            return fields.find_map(|(name, value)| {
                let difference = differs(value, wanted.get(name)?, root)?;
                Some(format!(".{name}{difference}"))
            });
        }
        "propertyNames" => value
            .as_object()
            .into_iter()
            .flatten()
            .all(|(name, _)| differs(&Value::String(name.clone()), wanted, root).is_none()),
        "additionalProperties" => {
            let mut fields = value.as_object().into_iter().flatten();
            return fields.find_map(|(name, value)| {
                let known = schema["properties"].get(name).is_some();
                let difference = (!known).then(|| differs(value, wanted, root)).flatten()?;
                Some(format!(".{name}: {difference}"))
            });
        }
        other => panic!("this test knows no keyword `{other}`"),
    };
    (!held).then(|| format!(": {value} is not {keyword} {wanted}"))
}

/// The pattern as ECMA-262 reads it, for our patterns.
fn pattern(wanted: &Value) -> Regex {
    let pattern = wanted.as_str().unwrap_or_default();
    Regex::new(pattern).unwrap_or_else(|error| panic!("{error}"))
}

fn is(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap_or_default() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("there is no type `{other}`"),
    }
}
