//! The table of `docs/reliability.md`.

use std::fmt::Write;

use crate::fault::Fault;
use crate::test_run::TestRun;

/// The supported versions of Envoy: those that `tools/envoy.sh` knows.
fn versions() -> impl Iterator<Item = &'static str> {
    include_str!("../../tools/envoy.sh").lines().filter_map(|line| {
        let (release, _) = line.trim_start().strip_prefix('[')?.split_once("]=")?;
        Some(release.rsplit_once('.')?.0)
    })
}

/// A row for each fault: the outcome, and the versions that showed it.
pub(crate) fn markdown(faults: &[Fault], shown: &[TestRun]) -> String {
    let mut text = String::from("| fault | outcome |");
    for version in versions() {
        let _ = write!(text, " {version} |");
    }
    let _ = writeln!(text, " test |\n|{}", "---|".repeat(3 + versions().count()));
    for fault in faults {
        let _ = write!(text, "| {} | {} |", fault.fault, fault.outcome);
        for version in versions() {
            let passed = shown
                .iter()
                .any(|line| line.version == version && line.test == fault.test);
            // Versions of the same length compare as texts.
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
