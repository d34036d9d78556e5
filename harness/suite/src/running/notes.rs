//! Notes on a suite although its cases pass.

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::setup::Protocol;
use peerwarden_engine::document::Step;
use peerwarden_explain::diagnosis::UnselectedWorkload;

use super::promises;
use crate::load::{LoadedSuite, whole};

/// All notes on a suite.
pub(super) fn of(loaded: &LoadedSuite) -> Vec<Diagnostic> {
    vacuous(loaded)
        .into_iter()
        .chain(promises::notes(loaded))
        .collect()
}

/// A note if no policy applies to the suite's workload, so that its cases test nothing. `by: none` in the suite shows
/// that this is intended.
pub fn vacuous(loaded: &LoadedSuite) -> Option<Diagnostic> {
    let expects_none = |case: &crate::Case| matches!(case.by, Some(peerwarden_traffic::ExpectedRule::None));
    if loaded.cases.iter().any(expects_none) {
        return None;
    }
    // Errors in the documents are reported elsewhere.
    let config = loaded.setup.config(Protocol::Http).ok()?;
    let unselected = UnselectedWorkload::find(&config)?;
    let own = loaded
        .setup
        .workload
        .as_ref()
        .filter(|workload| workload.source == loaded.source);
    let place = match own {
        Some(workload) => workload.place(&[Step::Key("namespace".to_owned())], false),
        // Several suites may share the workload of their fixtures.
        None => whole(&loaded.source),
    };
    let note = Diagnostic::notice(unselected.message()).at(place);
    Some(match unselected.help() {
        Some(help) => note.help(format!("{help}; if that is meant, add a case with `by: none`")),
        None => note,
    })
}
