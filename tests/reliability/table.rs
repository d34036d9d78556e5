//! The table of `docs/reliability.md`.

use std::fmt::Write;

use crate::fault::Fault;
use crate::test_run::TestRun;

/// The versions of Envoy that peerwarden is for.
pub(crate) const VERSIONS: [&str; 5] = ["1.36", "1.37", "1.38", "1.39", "1.40"];

/// A row for each fault: what comes of it, and where that was shown.
pub(crate) fn markdown(faults: &[Fault], shown: &[TestRun]) -> String {
    let mut text = String::from("| fault | outcome |");
    for version in VERSIONS {
        let _ = write!(text, " {version} |");
    }
    text.push_str(" test |\n|---|---|---|---|---|---|---|---|\n");
    for fault in faults {
        let _ = write!(text, "| {} | {} |", fault.fault, fault.outcome);
        for version in VERSIONS {
            let passed = shown
                .iter()
                .any(|line| line.version == version && line.test == fault.test);
            // Versions of one length compare as texts.
            let is_older = fault.since.as_deref().is_some_and(|since| version < since);
            let cell = match (fault.is_of_envoy(), passed) {
                (false, _) => "simulated",
                (true, true) => "shown",
                (true, false) if is_older => "not available",
                (true, false) => "not tried",
            };
            let _ = write!(text, " {cell} |");
        }
        let _ = writeln!(text, " `{}` |", fault.test);
    }
    text
}
