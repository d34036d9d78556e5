//! The JSON Schemas match the types; `tests/conformance` compares them with the engine.

use std::path::Path;

use clap::ValueEnum;
use peerwarden::Schema;

use crate::fixture::Folder;

#[test]
fn files_are_fresh() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    for schema in Schema::value_variants() {
        let path = folder.join(schema.file());
        if std::env::var_os("PEERWARDEN_BLESS").is_some() {
            std::fs::write(&path, schema.text()).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == schema.text(),
            "`harness/cli/schema/{}` is not what the types say; \
             write it again with `PEERWARDEN_BLESS=1 cargo test -p peerwarden --test cli schema`",
            schema.file()
        );
    }
    let files = std::fs::read_dir(folder).unwrap().count();
    assert_eq!(files, Schema::value_variants().len(), "a file that nobody writes");
}

#[test]
fn the_command_prints_them() {
    let folder = Folder::with(&[]);
    for schema in Schema::value_variants() {
        let name = schema.to_possible_value().unwrap();
        let ran = folder.run(&["schema", name.get_name()]);
        assert_eq!((ran.code, ran.out), (0, schema.text()));
    }
    folder.run(&["schema", "policy"]).says(2, &["'policies'"]);
}

#[test]
fn knows_the_shorthands() {
    let schema: serde_json::Value = serde_json::from_str(&Schema::Suite.text()).unwrap();
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
        definition("HeaderLines").contains("\"array\""),
        "{}",
        definition("HeaderLines")
    );
    assert_eq!(schema["additionalProperties"], false);
    let either = serde_json::json!([{"required": ["workload"]}, {"required": ["fixtures"]}]);
    assert_eq!(schema["anyOf"], either);
    let fixtures: serde_json::Value = serde_json::from_str(&Schema::Fixtures.text()).unwrap();
    assert_eq!(fixtures["additionalProperties"], false);
    assert_eq!(fixtures["properties"]["peers"], schema["properties"]["peers"]);
}
