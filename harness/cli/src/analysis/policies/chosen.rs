//! The workloads of a question: from files, by name, or all that the documents distinguish.

use std::path::{Path, PathBuf};

use peerwarden_analysis::{Namespaces, WorkloadClass, workloads};
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::documents::OtherDocuments;
use peerwarden_documents::setup::Setup;
use peerwarden_documents::workload;
use peerwarden_engine::{Protocol, Workload};

use super::Policies;
use crate::error::Result;

/// What to do with workloads of which nothing is known, because a document for them is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// Leave them out; it is an error if no others remain, or if they were asked for.
    LeftOut,
    /// Keep them: whoever asks says so of each.
    Kept,
}

/// The workloads from files, or with these names among the documents, or all that the documents distinguish; one for all if there are
/// no documents.
///
/// # Errors
///
/// If a file is invalid, or if there are too many workloads.
pub(crate) fn chosen(
    given: &[PathBuf],
    namespace: Option<&str>,
    sets: &[&Policies],
    unknown: Unknown,
) -> Result<Vec<WorkloadClass>> {
    if given.is_empty() {
        let resources: Vec<_> = sets
            .iter()
            .flat_map(|set| {
                let left_out = set.left_out.iter().filter_map(|left_out| left_out.scope.as_ref());
                set.config.resources.iter().chain(left_out).cloned()
            })
            .collect();
        let Some(first) = sets.first() else {
            return Ok(Vec::new());
        };
        let workloads = workloads(&resources, &first.config.mesh).map_err(|beyond| {
            Diagnostic::error(beyond.to_string()).help("name the workloads with `--workload FILE`")
        })?;
        let is_unknown = |class: &WorkloadClass| {
            let mut sets = sets.iter().filter(|_| unknown == Unknown::LeftOut);
            sets.any(|set| set.unknown_for(&class.workload).is_some())
        };
        let (unknown, known): (Vec<WorkloadClass>, Vec<WorkloadClass>) =
            workloads.into_iter().partition(is_unknown);
        return match unknown.first() {
            Some(first) if known.is_empty() => Err(refusal(&first.workload, sets)),
            None if known.is_empty() => Ok(vec![WorkloadClass::any()]),
            _ => Ok(known),
        };
    }
    let given = given.iter().map(|given| {
        let workload = read(given, namespace, sets)?;
        let mut refusing = sets.iter().filter(|_| unknown == Unknown::LeftOut);
        if refusing.any(|set| set.unknown_for(&workload).is_some()) {
            return Err(refusal(&workload, sets));
        }
        Ok(WorkloadClass {
            workload,
            namespaces: Namespaces::One,
        })
    });
    given.collect()
}

/// That a document for a workload is refused.
fn refusal(workload: &Workload, sets: &[&Policies]) -> crate::error::Error {
    let wrong = sets.iter().find_map(|set| set.unknown_for(workload));
    wrong.unwrap_or_default().into()
}

/// The workload that a file describes, or that has this name among the documents of the last of the sets that has it.
///
/// # Errors
///
/// If it is invalid.
fn read(given: &Path, namespace: Option<&str>, sets: &[&Policies]) -> Result<Workload> {
    let document = if workload::is_file(given) {
        workload::of_file(given, namespace)
    } else {
        let name = given.display().to_string();
        let mut found = sets
            .iter()
            .rev()
            .map(|set| workload::named(&name, namespace, &set.others));
        let first = found.next();
        match found.find(Result::is_ok) {
            Some(other) if first.as_ref().is_none_or(Result::is_err) => other,
            _ => first.unwrap_or_else(|| workload::named(&name, namespace, &OtherDocuments::default())),
        }
    };
    let setup = Setup {
        workload: Some(document?),
        ..Setup::default()
    };
    let config = setup.config(Protocol::Http);
    let config = config.map_err(|problems| setup.diagnostics(&problems))?;
    config.workload.ok_or_else(|| Vec::new().into())
}
