//! The JSON Schema of suites, for editors: `harness/cli/schema/suite.schema.json`.

use super::format::Suite;

/// The schema as text, as it is checked in.
pub fn suite() -> String {
    let schema = schemars::schema_for!(Suite);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
