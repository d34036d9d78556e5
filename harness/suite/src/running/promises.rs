//! What cases promise and policies cannot keep: that a peer is let in that the handshake refuses before they are asked.

use peerwarden_traffic::handshake;

use crate::load::Loaded;

/// A note for each trust domain that is refused and that cases expect to be let in.
pub(super) fn notes(loaded: &Loaded) -> Vec<String> {
    let (Ok(trust), Some(workload)) = (loaded.setup.trust(), loaded.setup.workload_kind()) else {
        return Vec::new();
    };
    let mut notes: Vec<(String, &str, usize)> = Vec::new();
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
            None => notes.push((refusal, &case.name, 1)),
        }
    }
    let note = |(refusal, first, count): (String, &str, usize)| match count {
        1 => format!("`{first}` expects `allow`, but {refusal}"),
        _ => format!("`{first}` and {} more expect `allow`, but {refusal}", count - 1),
    };
    notes.into_iter().map(note).collect()
}
