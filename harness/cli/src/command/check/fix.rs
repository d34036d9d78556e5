//! `check --fix` and `check --diff`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::fix::Fix;
use peerwarden_documents::marks;
use peerwarden_documents::role::FileRole;
use peerwarden_documents::source::Source;
use peerwarden_lint::fix::{self, FixedText};

use super::result::CheckResult;

/// The largest number of rounds: fixes that overlap are applied one after the other, and no real text needs more.
const ROUNDS: usize = 8;

/// The changes that a first round of fixes would make.
pub(super) fn diff(checked: &CheckResult) -> String {
    let mended = mended(checked);
    mended
        .iter()
        .filter(|mended| mended.fixes > 0)
        .map(fix::diff)
        .collect()
}

/// Applies the fixes, and checks again. Returns the number of fixes.
///
/// # Errors
///
/// If a file cannot be written.
pub(super) fn write(checked: &mut CheckResult, check: impl Fn() -> CheckResult) -> Result<usize, Diagnostic> {
    let mut made = 0;
    for _ in 0..ROUNDS {
        let mended = mended(checked);
        let of_round: usize = mended.iter().map(|mended| mended.fixes).sum();
        if of_round == 0 {
            break;
        }
        for mended in mended.iter().filter(|mended| mended.fixes > 0) {
            fix::write(mended).map_err(|error| {
                let name = &mended.before.name;
                Diagnostic::error(format!("`{name}` cannot be written: {error}"))
                    .help("the file is unchanged")
            })?;
        }
        made += of_round;
        *checked = check();
    }
    Ok(made)
}

/// Each text that has fixes, with the fixes applied.
fn mended(checked: &CheckResult) -> Vec<FixedText> {
    let mut by_source: BTreeMap<&str, (&Arc<Source>, Vec<&Fix>)> = BTreeMap::new();
    for fix in checked
        .findings
        .iter()
        .filter_map(|finding| finding.details.fix.as_ref())
        .filter(|fix| is_ours(&fix.place().source))
    {
        let source = &fix.place().source;
        by_source
            .entry(&source.name)
            .or_insert_with(|| (source, Vec::new()))
            .1
            .push(fix);
    }
    by_source
        .into_values()
        .map(|(source, fixes)| fix::apply(source, &fixes))
        .collect()
}

/// Whether a text is a suite, fixtures, or names policies: a named file of another tool is never changed.
fn is_ours(source: &Source) -> bool {
    let role = FileRole::of_text(Path::new(&source.name), &source.text);
    marks::names_policies(source.text.as_bytes()) || matches!(role, FileRole::Suite | FileRole::Fixtures)
}
