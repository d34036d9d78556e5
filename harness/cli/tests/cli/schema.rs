//! The JSON Schema of suites is the one of the types.

use std::path::Path;

use serde_json::{Value, json};

#[test]
fn is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/suite.schema.json");
    let schema = peerwarden::schema::suite();
    if std::env::var_os("PEERWARDEN_BLESS").is_some() {
        std::fs::write(&path, &schema).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == schema,
        "`harness/cli/schema/suite.schema.json` is not what the types say; \
         write it anew with `PEERWARDEN_BLESS=1 cargo test -p peerwarden --test cli schema`"
    );
}

#[test]
fn knows_the_shorthands() {
    let schema: serde_json::Value = serde_json::from_str(&peerwarden::schema::suite()).unwrap();
    let definition = |name: &str| schema["$defs"][name].to_string();
    assert!(
        definition("Caller").contains("\"string\""),
        "{}",
        definition("Caller")
    );
    assert!(
        definition("Request").contains("\"string\""),
        "{}",
        definition("Request")
    );
    assert!(
        definition("Lines").contains("\"array\""),
        "{}",
        definition("Lines")
    );
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["required"], serde_json::json!(["workload"]));
}

/// Every suite of `policies/` is what its editors are told a suite is.
#[test]
fn holds_for_the_policies() {
    let schema: Value = serde_json::from_str(&peerwarden::schema::suite()).unwrap();
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let mut suites = 0;
    for folder in std::fs::read_dir(policies)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        for file in std::fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().path())
        {
            if file.to_string_lossy().ends_with("_test.yaml") {
                let suite: Value = serde_saphyr::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
                assert_eq!(differs(&suite, &schema, &schema), None, "{}", file.display());
                suites += 1;
            }
        }
    }
    assert!(suites >= 10, "{suites}");
    for wrong in [
        json!({}),
        json!({"workload": {"namespace": "a"}, "casez": []}),
        json!({"workload": {"namespace": 1}}),
    ] {
        assert!(differs(&wrong, &schema, &schema).is_some(), "{wrong}");
    }
}

/// Where a value differs from a schema. Knows the keywords that ours uses, and no others.
fn differs(value: &Value, schema: &Value, root: &Value) -> Option<String> {
    for (keyword, wanted) in schema.as_object().into_iter().flatten() {
        let any = |schemas: &Value| {
            schemas
                .as_array()
                .unwrap()
                .iter()
                .any(|schema| differs(value, schema, root).is_none())
        };
        let fields = || value.as_object().into_iter().flatten();
        let held = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "default" | "format" => true,
            "$ref" => {
                let definition = root
                    .pointer(wanted.as_str().unwrap().trim_start_matches('#'))
                    .unwrap();
                if let Some(difference) = differs(value, definition, root) {
                    return Some(difference);
                }
                true
            }
            "type" => match wanted.as_array() {
                Some(kinds) => kinds.iter().any(|kind| is(value, kind)),
                None => is(value, wanted),
            },
            "const" => value == wanted,
            "minimum" => value
                .as_f64()
                .is_none_or(|number| number >= wanted.as_f64().unwrap()),
            "maximum" => value
                .as_f64()
                .is_none_or(|number| number <= wanted.as_f64().unwrap()),
            "anyOf" | "oneOf" => any(wanted),
            "required" => {
                value.is_object()
                    && wanted
                        .as_array()
                        .unwrap()
                        .iter()
                        .all(|name| value.get(name.as_str().unwrap()).is_some())
            }
            "items" => value
                .as_array()
                .into_iter()
                .flatten()
                .all(|item| differs(item, wanted, root).is_none()),
            "properties" => {
                for (name, value) in fields() {
                    if let Some(difference) = wanted.get(name).and_then(|schema| differs(value, schema, root))
                    {
                        return Some(format!("{name}: {difference}"));
                    }
                }
                true
            }
            "additionalProperties" => fields().all(|(name, value)| {
                schema["properties"].get(name).is_some()
                    || match wanted.as_bool() {
                        Some(allowed) => allowed,
                        None => differs(value, wanted, root).is_none(),
                    }
            }),
            other => panic!("this test knows no keyword `{other}`"),
        };
        if !held {
            return Some(format!("{value} is not {keyword} {wanted}"));
        }
    }
    None
}

fn is(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
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
