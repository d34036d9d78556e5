//! PW016: a rule on identities at a port that accepts plaintext.
//!
//! The peer that a DENY rule names can connect in plaintext, without an identity, and pass. At a port with DISABLE
//! nobody has an identity.

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::resource::{Action, MtlsMode, Rule};
use peerwarden_engine::{Protocol, Verdict};

use crate::context::Context;
use crate::context::Target;
use crate::lint::{Finder, Finding, Lint};
use crate::proof::Proof;
use crate::sample;
use crate::values::{List, lists};
use crate::workload::{sets, title};

pub(crate) const LINT: Lint = Lint {
    code: "PW016",
    name: "identity-in-plaintext",
    severity: Severity::Warning,
    summary: "a rule on identities at a plaintext port",
    page: include_str!("../../../../docs/lints/PW016.md"),
    find: Finder::All(find),
};

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for policy in &context.policies {
        let lists = lists(&policy.written);
        for (index, rule) in policy.written.rules.iter().flatten().enumerate() {
            let mut of_rule = lists.iter().filter(|list| list.rule == index && !list.negative);
            let Some(identity) = of_rule.find(|list| list.is_identity()) else {
                continue;
            };
            let targets = context.targets(policy);
            let finding = match policy.written.action {
                Action::Deny => targets
                    .iter()
                    .find_map(|target| passed_by(context, target, rule, identity)),
                Action::Allow => nobody(context, &targets, rule, identity),
                Action::Audit | Action::Custom => None,
            };
            found.extend(finding.map(|finding| finding.in_policy(&LINT, policy)));
        }
    }
    found
}

/// Ports that a rule applies to: those that it names, or else those of the manifest, or any.
pub(crate) fn ports(rule: &Rule, target: &Target<'_>) -> Vec<u16> {
    let named = rule.to.iter().flatten().flat_map(|operation| &operation.ports);
    let named: Vec<u16> = named.filter_map(|port| port.parse().ok()).collect();
    if !named.is_empty() {
        return named;
    }
    let of_manifest = target
        .manifest
        .map(|manifest| manifest.ports())
        .unwrap_or_default();
    let of_manifest: Vec<u16> = of_manifest.iter().map(|port| port.number).collect();
    if of_manifest.is_empty() {
        vec![ANY_PORT]
    } else {
        of_manifest
    }
}

/// A port that is unlikely to have a mode of its own.
const ANY_PORT: u16 = 8080;

/// A plaintext request that passes, and that the DENY rule would deny from the named peer.
fn passed_by(
    context: &Context<'_>,
    target: &Target<'_>,
    rule: &Rule,
    identity: &List<'_>,
) -> Option<Finding> {
    let program = context.program(&target.workload, Protocol::Http)?;
    ports(rule, target).into_iter().find_map(|port| {
        let by = [MtlsMode::Permissive, MtlsMode::Disable]
            .into_iter()
            .find_map(|mode| sets(&program, port, mode))?;
        let requests = sample::in_plaintext(rule, port);
        let proof = requests.iter().find_map(|request| {
            Proof::of(&program, request, |decision| decision.verdict == Verdict::Allow)
        })?;
        let message = format!(
            "peers that `{}` names get in over plaintext, which {} permits on port {port}",
            identity.name(),
            title(by)
        );
        let help = "make the port STRICT, or add an ALLOW policy that lists who may connect: a plaintext peer has no \
                    identity";
        Some(Finding::new(identity.path.clone(), message, help).shown(&proof))
    })
}

/// An ALLOW rule that allows nobody, as no port that it applies to has identities.
fn nobody(
    context: &Context<'_>,
    targets: &[Target<'_>],
    rule: &Rule,
    identity: &List<'_>,
) -> Option<Finding> {
    let mut disabled = None;
    for target in targets {
        let modes = context.modes(&target.workload)?;
        for port in ports(rule, target) {
            let by = sets(&modes, port, MtlsMode::Disable)?;
            disabled.get_or_insert_with(|| (port, title(by)));
        }
    }
    let (port, by) = disabled?;
    let message =
        format!("the rule lets nobody in: {by} sets port {port} to DISABLE, where no peer has an identity");
    let help = "make the port STRICT or PERMISSIVE, or allow peers by `ipBlocks`";
    Some(Finding::new(identity.path.clone(), message, help))
}
