//! Runs all lints over some documents.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::documents::OtherDocuments;
use peerwarden_documents::setup::Setup;
use peerwarden_documents::source::{Place, Source};

use crate::context::{Context, Scope, SkippedDocuments, Surroundings};
use crate::lint::{Finder, Lint};
use crate::lints::{LINTS, by_code, foreign_trust_domain, impossible_value, suppression, twice};
use crate::repeats;
use crate::settings::{Level, Settings};
use crate::suppressions;

/// The findings.
#[derive(Debug, Default)]
pub struct Findings {
    /// Findings to look at.
    pub findings: Vec<Diagnostic>,
    /// Suppressed findings, each with the reason.
    pub suppressed: Vec<(Diagnostic, String)>,
    /// Policies that could not be analysed, each with the reason.
    pub unproved: Vec<String>,
    /// What to know of the documents that is no finding.
    pub notes: Vec<String>,
}

/// Every finding in the documents that can be read; those that cannot have their errors. `others` are those that decide
/// nothing.
pub fn run(
    setup: &Setup,
    others: &OtherDocuments,
    settings: &Settings,
    surroundings: &Surroundings,
) -> Findings {
    let context = Context::of(setup, others, settings.rewrites_probes(), surroundings);
    let level = |lint: &Lint| settings.level(lint.code);
    let mut found = Vec::new();
    for lint in LINTS.into_iter().filter(|lint| level(lint) != Some(Level::Off)) {
        match lint.find {
            Finder::Policy(find) => {
                let of_policy = |policy| {
                    find(policy)
                        .into_iter()
                        .map(|finding| finding.in_policy(lint, policy))
                };
                found.extend(context.policies.iter().flat_map(of_policy));
            }
            Finder::Each { policy, modes } => {
                let policies = context.policies.iter();
                found.extend(policies.flat_map(|one| policy(&context, one)));
                let peer_authentications = context.peer_authentications.iter();
                found.extend(peer_authentications.flat_map(|one| modes(&context, one)));
            }
            Finder::All(find) => found.extend(find(&context)),
            Finder::Suppressions => {}
        }
    }
    let proves = |lint: &&Lint| matches!(lint.code, "PW012" | "PW013" | "PW014");
    let mut proving = LINTS.into_iter().filter(proves);
    let unproved = if proving.any(|lint| level(lint) != Some(Level::Off)) {
        context.unproved()
    } else {
        Vec::new()
    };
    let documents = setup.resources.iter().chain(others.all());
    let found = repeats::without(found);
    let mut found = suppressed(found, documents.map(|document| &document.source), &level);
    for finding in &mut found.findings {
        let level = finding.code.and_then(|code| settings.level(code));
        match level {
            Some(Level::Error) => finding.severity = Severity::Error,
            Some(Level::Warn) => finding.severity = Severity::Warning,
            Some(Level::Off) | None => {}
        }
    }
    found.unproved = unproved;
    if level(&twice::LINT) != Some(Level::Off) {
        found.notes = twice::notes(&context);
    }
    if level(&impossible_value::LINT) != Some(Level::Off) {
        found.notes.extend(impossible_value::notes(&context));
    }
    found
}

/// What is refused because a placeholder stands where a value is to be: a warning, as of other placeholders (PW039). In a file that says by its
/// name that it is a template, it is a note.
pub fn of_placeholders(refused: Vec<Diagnostic>) -> (Vec<Diagnostic>, Vec<String>) {
    let (mut findings, mut notes) = (Vec::new(), Vec::new());
    for mut finding in refused {
        let text = finding.place.as_ref().and_then(Place::text).unwrap_or_default();
        let text = text.trim_matches(['"', '\'']).to_owned();
        let of_kpt = finding.place.as_ref().is_some_and(is_set_by_kpt);
        if !of_kpt && !impossible_value::is_placeholder(&text) && !impossible_value::is_variable(&text) {
            findings.push(finding);
            continue;
        }
        let file = finding.place.as_ref().map(|place| place.source.name.clone());
        if let Some(file) = file.filter(|file| of_kpt || is_template(file)) {
            notes.push(format!(
                "`{file}` is a template with placeholders such as `{text}`: check what is made of it, too"
            ));
            continue;
        }
        let replaced = impossible_value::LINT.found(impossible_value::of_placeholder(&text));
        findings.push(Diagnostic {
            place: finding.place.take(),
            ..replaced.help(impossible_value::FILL_IN)
        });
    }
    notes.dedup();
    (findings, notes)
}

/// Whether kpt sets a value: a comment behind it says so (<https://catalog.kpt.dev/apply-setters/v0.2/>).
fn is_set_by_kpt(place: &Place) -> bool {
    let rest = place.source.text.get(place.span.end..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    line.split_once('#')
        .is_some_and(|(_, comment)| comment.trim_start().starts_with("kpt-set:"))
}

/// Whether a file says by its name that it is a template, as `ingress-template.yaml`.
fn is_template(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let last = stem.rsplit(['-', '_', '.']).next().unwrap_or_default();
    ["template", "tmpl", "tpl"].contains(&last)
}

/// The peers that policies let in and the handshake does not, as PW034 reports them, unless the text suppresses it.
pub fn refused_at_handshake(setup: &Setup) -> Vec<Diagnostic> {
    let Some(workload) = setup.protected() else {
        return Vec::new();
    };
    let others = OtherDocuments::default();
    let surroundings = Surroundings {
        scope: Scope::Folders,
        skipped: SkippedDocuments::default(),
    };
    let context = Context::of(setup, &others, true, &surroundings);
    let found = foreign_trust_domain::of_workload(&context, &workload);
    let sources = setup.resources.iter().map(|document| &document.source);
    let mut findings = suppressed(found, sources, &|_| None).findings;
    findings.retain(|finding| finding.code == Some(foreign_trust_domain::LINT.code));
    findings
}

/// Removes the findings that are suppressed in the texts, and adds findings about the suppressions.
fn suppressed<'s>(
    found: Vec<Diagnostic>,
    sources: impl Iterator<Item = &'s Arc<Source>>,
    level: &impl Fn(&Lint) -> Option<Level>,
) -> Findings {
    let (mut suppressions, mut wrong) = (Vec::new(), Vec::new());
    // Of each text, where its suppressions are among all.
    let mut of_source: BTreeMap<*const Source, Range<usize>> = BTreeMap::new();
    for source in sources {
        if let Entry::Vacant(new) = of_source.entry(Arc::as_ptr(source)) {
            let start = suppressions.len();
            let (found, wrong_in_source) = suppressions::read(source);
            suppressions.extend(found);
            new.insert(start..suppressions.len());
            wrong.extend(wrong_in_source);
        }
    }
    let mut used = BTreeSet::new();
    let mut split = Findings::default();
    for finding in found {
        let place = finding.place.as_ref();
        let in_source = place.and_then(|place| of_source.get(&Arc::as_ptr(&place.source)));
        let mut in_source = in_source.cloned().unwrap_or_default();
        let by = in_source.find_map(|index| Some((index, suppressions[index].suppresses(&finding)?)));
        match by {
            Some((index, reason)) => {
                used.extend(finding.code.map(|code| (index, code)));
                let reason = reason.to_owned();
                split.suppressed.push((finding, reason));
            }
            None => split.findings.push(finding),
        }
    }
    if level(&suppression::LINT) != Some(Level::Off) {
        split.findings.extend(wrong);
        let off = |code| by_code(code).is_some_and(|lint| level(lint) == Some(Level::Off));
        for (index, suppression) in suppressions.iter().enumerate() {
            let used = |code| used.contains(&(index, code));
            split
                .findings
                .extend(suppressions::unused(suppression, used, off));
        }
    }
    split
}
