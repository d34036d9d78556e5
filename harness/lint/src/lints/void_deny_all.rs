//! PW021: an ALLOW policy with an empty rule beside one without rules, which was meant as a default deny.
//!
//! `rules: [{}]` allows everything, `spec: {}` nothing; policies only add up, so the first makes the second
//! ineffective.

use std::collections::BTreeSet;

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::document::Path;
use peerwarden_engine::resource::{Action, Rule};
use peerwarden_engine::{Protocol, Verdict};

use crate::context::{Context, Policy, Target};
use crate::lint::{Finder, Finding, Lint};
use crate::proof::Proof;
use crate::public;
use crate::sample;

pub(crate) const LINT: Lint = Lint {
    code: "PW021",
    name: "void-deny-all",
    severity: Severity::Warning,
    summary: "an allow-all beside a deny-all",
    page: include_str!("../../../../docs/lints/PW021.md"),
    find: Finder::All(find),
};

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let allowing = || {
        context
            .policies
            .iter()
            .filter(|policy| policy.written.action == Action::Allow)
    };
    let opening: Vec<(&Policy<'_>, usize)> = allowing()
        .filter_map(|policy| {
            let mut rules = policy.written.rules.iter().flatten();
            Some((policy, rules.position(public::is_empty)?))
        })
        .collect();
    let without_rules = |policy: &&Policy<'_>| policy.written.rules.iter().flatten().next().is_none();
    let mut found = Vec::new();
    let mut said = BTreeSet::new();
    for policy in allowing().filter(without_rules) {
        if said.contains(&policy.title()) {
            continue;
        }
        let opened = |target: &Target<'_>| {
            opening.iter().find(|(other, _)| {
                context.applies_to(other, &target.workload)
                    && context.folder(other) == context.folder(policy)
                    && !Policy::is_dry_run(other)
                    && !policy.is_dry_run()
            })
        };
        let targets = context.targets(policy);
        // What no other policy opens, it keeps closed.
        if !targets.iter().all(|target| opened(target).is_some()) {
            continue;
        }
        for target in targets {
            let beside = opened(&target);
            let (Some((other, rule)), Some(program)) =
                (beside, context.program(&target.workload, Protocol::Http))
            else {
                continue;
            };
            let any = peerwarden_engine::resource::Rule::default();
            let request = context.let_in(&target.workload, &sample::in_plaintext(&any, 8080)[0]);
            let Some(proof) = Proof::of(&program, &request, |decision| decision.verdict == Verdict::Allow)
            else {
                continue;
            };
            let message = format!("this deny-all has no effect: {} allows everything", other.title());
            let help = "remove one of them; if you keep this one, allow what you need in other policies";
            let finding = Finding::new(Path::keys(["spec"]), message, help).shown(&proof);
            let place = other.document.place(&Rule::path(*rule), false);
            said.insert(policy.title());
            found.push(
                finding
                    .in_policy(&LINT, policy)
                    .also(place, "this allows everything"),
            );
            break;
        }
    }
    found
}
