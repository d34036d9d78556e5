//! Findings that repeat another one: what follows from a deny-all, from an allow-all, or from a value that is wrong by itself is told with its
//! cause alone.

use std::collections::BTreeSet;

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::source::Place;

/// The start of a place in a text.
type Start = (String, usize);

fn start(place: &Place) -> Start {
    (place.source.name.clone(), place.span.start)
}

/// The places of a finding, its own first.
fn places(finding: &Diagnostic) -> impl Iterator<Item = Start> {
    let related = finding.details.related.iter().map(|(place, _)| start(place));
    finding.place.as_ref().map(start).into_iter().chain(related)
}

/// The findings without those that follow from another one.
pub(crate) fn without(mut findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let of = |codes: &[&str], findings: &[Diagnostic]| -> BTreeSet<Start> {
        let is_one = |finding: &&Diagnostic| finding.code.is_some_and(|code| codes.contains(&code));
        findings.iter().filter(is_one).flat_map(places).collect()
    };
    let deny_alls = of(&["PW020"], &findings);
    let is_denied = |finding: &Diagnostic| {
        matches!(finding.code, Some("PW012" | "PW013"))
            && places(finding).any(|place| deny_alls.contains(&place))
    };
    findings.retain(|finding| !is_denied(finding));
    let allow_alls = of(&["PW012"], &findings);
    let wrong_values = of(&["PW027", "PW039"], &findings);
    findings.retain(|finding| match finding.code {
        Some("PW021") => !places(finding).skip(1).any(|place| allow_alls.contains(&place)),
        Some("PW006" | "PW022") => !places(finding).any(|place| wrong_values.contains(&place)),
        _ => true,
    });
    findings
}
