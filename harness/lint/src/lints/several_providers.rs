//! PW052: CUSTOM policies of one workload that name several providers, which Istio allows only with a feature flag.

use std::collections::BTreeSet;

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::document::Path;
use peerwarden_engine::resource::Action;

use crate::context::{Context, Policy};
use crate::lint::{Finder, Finding, Lint};

pub(crate) const LINT: Lint = Lint {
    code: "PW052",
    name: "several-providers",
    severity: Severity::Warning,
    summary: "CUSTOM policies of a workload with several providers",
    page: include_str!("../../../../docs/lints/PW052.md"),
    find: Finder::All(find),
};

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    if context.mesh.multiple_custom_authz_providers {
        return Vec::new();
    }
    let is_custom = |policy: &&Policy<'_>| {
        policy.written.action == Action::Custom && !policy.is_dry_run() && !policy.is_replaced
    };
    let custom: Vec<&Policy<'_>> = context.policies.iter().filter(is_custom).collect();
    let mut said: BTreeSet<[&Option<String>; 2]> = BTreeSet::new();
    let mut found = Vec::new();
    for (index, policy) in custom.iter().enumerate() {
        for target in context.targets(policy) {
            let other = custom.iter().take(index).find(|other| {
                other.written.provider != policy.written.provider
                    && context.applies_to(other, &target.workload)
                    && context.folder(other) == context.folder(policy)
            });
            // Two providers are told once, on however many workloads they meet.
            let Some(other) = other.filter(|other| said.insert(pair(policy, other))) else {
                continue;
            };
            let name = |policy: &Policy<'_>| policy.written.provider.clone().unwrap_or_default();
            let message = format!(
                "{} names the provider `{}`: with several providers for a workload, Istio denies everything that its CUSTOM policies match",
                other.title(),
                name(other)
            );
            let help = "name one provider; or if istiod has `PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS`, set \
                        `multipleCustomAuthzProviders: true` in `--mesh`";
            let path = Path::keys(["spec", "provider", "name"]);
            let place = other.document.place(&path, false);
            found.push(
                Finding::new(path, message, help)
                    .in_policy(&LINT, policy)
                    .also(place, "the other provider"),
            );
        }
    }
    found
}

fn pair<'p>(one: &'p Policy<'_>, other: &'p Policy<'_>) -> [&'p Option<String>; 2] {
    let mut pair = [&one.written.provider, &other.written.provider];
    pair.sort_unstable();
    pair
}
