//! The JSON Schema of suites is the one of the types.

use std::path::Path;

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
