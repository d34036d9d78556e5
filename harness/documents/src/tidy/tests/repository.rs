//! The files of this repository.

use std::path::Path;

use serde_json::Value;

use super::tidied;

/// Every file of the repository that the formatter could read: all are accepted.
#[test]
fn files_that_there_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = 0;
    for folder in [
        "policies",
        "docs",
        "tests/conformance",
        "tests/envoy",
        "harness/render/templates/shared",
    ] {
        for entry in walkdir::WalkDir::new(root.join(folder)) {
            let path = entry.unwrap().into_path();
            if path.extension().is_none_or(|extension| extension != "yaml") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let Ok(before) = serde_saphyr::from_multiple::<Value>(&text) else {
                assert!(path.to_string_lossy().contains("templates"), "{}", path.display());
                continue;
            };
            let name = path.display().to_string();
            let after = tidied(&name, &text);
            assert_eq!(
                serde_saphyr::from_multiple::<Value>(&after).unwrap(),
                before,
                "{name}"
            );
            assert_eq!(tidied(&name, &after), after, "{name}");
            assert!(!after.lines().any(|line| line.ends_with(' ')), "{name}");
            files += 1;
        }
    }
    assert!(files > 30, "{files}");
}
