//! The suite in README.md runs.

use std::path::Path;

use crate::fixture::{Folder, ORDERS};

#[test]
fn the_suite_of_the_readme_passes() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let start = readme
        .find("# yaml-language-server")
        .expect("README.md shows no suite");
    let suite = &readme[start..];
    let suite = &suite[..suite.find("```").unwrap()];
    let policies = ORDERS.replace("name: orders", "name: frontend-reads-orders");
    let folder = Folder::with(&[("policies.yaml", &policies), ("readme_test.yaml", suite)]);
    let ran = folder.run(&["test"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("5 passed, 0 failed"), "{ran:?}");
}
