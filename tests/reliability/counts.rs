//! How many inputs `make test` tries, and what was tried at length.

use std::fmt::Write;

use serde::Deserialize;

/// A property that was tried on many inputs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Count {
    /// What, in words.
    what: String,
    /// How many inputs of it.
    inputs: u64,
    /// What came of them.
    outcome: String,
    /// What tries them again.
    command: String,
}

/// A row for each.
pub(crate) fn markdown() -> String {
    let counts: Vec<Count> =
        serde_saphyr::from_str(include_str!("counts.yaml")).expect("the counts can be read");
    let mut text = String::from("| what | inputs | outcome | command |\n|---|---:|---|---|\n");
    for Count {
        what,
        inputs,
        outcome,
        command,
    } in counts
    {
        let _ = writeln!(
            text,
            "| {what} | {} | {outcome} | `{command}` |",
            peerwarden_lab::numbers::grouped(inputs)
        );
    }
    text
}
