//! What is accepted and probably not meant: one file for each lint, each with a stable code and a page in `docs/lints`.

mod any_certificate;
mod context;
mod contradiction;
mod dry_run;
mod exact_path;
mod excluded_port;
mod finding;
mod foreign_trust_domain;
mod forgeable_header;
mod host_port;
mod http_on_tcp;
mod identity_in_plaintext;
mod ignored_selector;
mod letter_case;
mod never_matches;
mod paths;
mod pattern;
mod plaintext_negation;
mod proof;
mod registry;
mod remote_address;
mod repeated_value;
mod sample;
mod selects_nothing;
mod server_first;
mod service_port;
mod shadowed_rule;
mod spiffe_scheme;
mod standing;
mod star_inside;
mod strict_probe;
mod subtree_gap;
mod suffix_principal;
mod suppression;
mod template_gap;
mod trailing_dot;
mod twice;
mod unnormalised_path;
mod unreachable_rule;
mod unscoped_deny;
mod values;
mod void_deny_all;
mod workload;
mod yaml_trap;

pub(crate) use registry::{LINTS, by_code, no_such};

use std::collections::BTreeSet;
use std::sync::Arc;

use context::{Context, Policy};
use finding::Finding;

use crate::diagnostic::{Diagnostic, Severity};
use crate::documents::Others;
use crate::settings::{Level, Settings};
use crate::setup::Setup;
use crate::source::Source;

/// One lint.
#[derive(Debug)]
pub(crate) struct Lint {
    /// Stable: `PW` and three digits.
    pub(crate) code: &'static str,
    /// In words joined by dashes.
    pub(crate) name: &'static str,
    /// How bad what it finds is, unless `peerwarden.toml` says otherwise.
    pub(crate) severity: Severity,
    /// What it finds, in one line.
    pub(crate) summary: &'static str,
    /// Its page: what, why it matters, an example that triggers it and one that does not.
    pub(crate) page: &'static str,
    find: Find,
}

/// What a lint looks at.
#[derive(Debug, Clone, Copy)]
enum Find {
    /// Each authorization policy by itself.
    Policy(fn(&Policy<'_>) -> Vec<Finding>),
    /// All documents together.
    All(fn(&Context<'_>) -> Vec<Diagnostic>),
    /// The comments that suppress what the others find.
    Suppressions,
}

/// What is found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// What is to be looked at.
    pub(crate) findings: Vec<Diagnostic>,
    /// What is suppressed beside the text, each with the reason.
    pub(crate) suppressed: Vec<(Diagnostic, String)>,
}

/// Every finding in the documents that can be read; those that cannot have their errors. `others` are those that decide
/// nothing.
pub(crate) fn run(setup: &Setup, others: &Others, settings: &Settings) -> Found {
    let context = Context::of(setup, others);
    let level = |lint: &Lint| settings.level(lint.code);
    let mut found = Vec::new();
    for lint in LINTS.into_iter().filter(|lint| level(lint) != Some(Level::Off)) {
        match lint.find {
            Find::Policy(find) => {
                let of_policy = |policy| {
                    find(policy)
                        .into_iter()
                        .map(|finding| finding.in_policy(lint, policy))
                };
                found.extend(context.policies.iter().flat_map(of_policy));
            }
            Find::All(find) => found.extend(find(&context)),
            Find::Suppressions => {}
        }
    }
    let documents = setup.resources.iter().chain(others.all());
    let mut found = suppressed(found, documents.map(|document| &document.source), &level);
    for finding in &mut found.findings {
        let level = finding.code.and_then(|code| settings.level(code));
        match level {
            Some(Level::Error) => finding.severity = Severity::Error,
            Some(Level::Warn) => finding.severity = Severity::Warning,
            Some(Level::Off) | None => {}
        }
    }
    found
}

/// Takes out what is suppressed in the texts, and adds what there is to say about the suppressions.
fn suppressed<'s>(
    found: Vec<Diagnostic>,
    sources: impl Iterator<Item = &'s Arc<Source>>,
    level: &impl Fn(&Lint) -> Option<Level>,
) -> Found {
    let (mut suppressions, mut wrong) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for source in sources.filter(|source| seen.insert(Arc::as_ptr(source))) {
        let (of_source, wrong_in_source) = suppression::read(source);
        suppressions.extend(of_source);
        wrong.extend(wrong_in_source);
    }
    let mut used = BTreeSet::new();
    let mut split = Found::default();
    for finding in found {
        let by = suppressions
            .iter()
            .enumerate()
            .find_map(|(index, suppression)| Some((index, suppression.suppresses(&finding)?)));
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
            split.findings.extend(suppression::unused(suppression, used, off));
        }
    }
    split
}
