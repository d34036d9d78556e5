//! The number of inputs in `make test`, and in longer runs.

use std::fmt::Write;

use serde::Deserialize;

/// A property that was tested on many inputs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Count {
    /// The property, in words.
    what: String,
    /// The number of inputs.
    inputs: u64,
    /// The outcome.
    outcome: String,
    /// The command that tests it again.
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
