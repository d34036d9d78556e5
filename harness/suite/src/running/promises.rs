//! Cases that no policy can fulfil: they expect a peer to be allowed although the handshake refuses it.

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_traffic::handshake;

use crate::case::Case;
use crate::load::LoadedSuite;

/// A note for each refused trust domain that cases expect to be allowed.
pub(super) fn notes(loaded: &LoadedSuite) -> Vec<Diagnostic> {
    let (Ok(trust), Some(workload)) = (loaded.setup.trust(), loaded.setup.workload_kind()) else {
        return Vec::new();
    };
    let mut notes: Vec<(String, &Case, usize)> = Vec::new();
    for case in loaded
        .cases
        .iter()
        .filter(|case| case.allow && case.skip.is_none())
    {
        let Some(refusal) = handshake::refusal(&trust, workload, &case.traffic) else {
            continue;
        };
        match notes.iter_mut().find(|(known, ..)| *known == refusal) {
            Some((_, _, count)) => *count += 1,
            None => notes.push((refusal, case, 1)),
        }
    }
    let note = |(refusal, first, count): (String, &Case, usize)| {
        let name = &first.name;
        let message = match count {
            1 => format!("`{name}` expects `allow`, but {refusal}"),
            _ => format!("`{name}` and {} more expect `allow`, but {refusal}", count - 1),
        };
        Diagnostic::notice(message).at(first.place.clone())
    };
    notes.into_iter().map(note).collect()
}
