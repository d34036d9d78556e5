//! PW049: an ALLOW policy of a waypoint or a gateway that another one makes ineffective.
//!
//! ALLOW policies only add up: to be stricter for one service, use DENY
//! (<https://istio.io/latest/docs/concepts/security/#implicit-enablement>). Proved for all traffic; the engine
//! evaluated the example.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path as Folder;

use peerwarden_analysis::rules::{self, Standing};
use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::document::Path;
use peerwarden_engine::resource::{Action, Resource};
use peerwarden_engine::{
    Config, GATEWAY_NAME, Program, Protocol, RuleId, Traffic, Verdict, Workload, WorkloadKind,
};

use crate::context::{Context, Policy};
use crate::lint::{Finder, Finding, Lint};
use crate::proof::{self, Proof};
use crate::proxies;

pub(crate) const LINT: Lint = Lint {
    code: "PW049",
    name: "void-allow",
    severity: Severity::Error,
    summary: "an ALLOW policy that a wider one makes void",
    page: include_str!("../../../../docs/lints/PW049.md"),
    find: Finder::All(find),
};

/// The largest number of rules that are analysed together, as for PW012.
const RULES: usize = 200;

/// Why a policy is void for one proxy.
struct VoidPolicy {
    by: Vec<RuleId>,
    proxy: String,
    proof: Option<Proof>,
}

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let attached = context
        .policies
        .iter()
        .filter(|policy| !policy.written.target_refs.is_empty());
    let folders: BTreeSet<&Folder> = attached.map(|policy| policy.document.source.folder()).collect();
    if folders.is_empty() {
        return Vec::new();
    }
    let proxies = proxies::of(context);
    folders
        .into_iter()
        .flat_map(|folder| in_folder(context, folder, &proxies))
        .collect()
}

/// The policies of a folder, as sibling folders may be for different clusters.
fn in_folder(context: &Context<'_>, folder: &Folder, proxies: &[Workload]) -> Vec<Diagnostic> {
    // For each policy, the number of proxies that it applies to, and the results where it is ineffective.
    let mut applies: BTreeMap<usize, usize> = BTreeMap::new();
    let in_folder: Vec<(usize, &Policy<'_>)> = (context.policies.iter().enumerate())
        .filter(|(_, policy)| policy.document.source.folder() == folder && policy.decides())
        .collect();
    let mut void: BTreeMap<usize, Vec<VoidPolicy>> = BTreeMap::new();
    for proxy in proxies {
        let policies: Vec<(usize, &Policy<'_>)> = in_folder
            .iter()
            .copied()
            .filter(|(_, policy)| {
                context.is_near(&policy.written.metadata.namespace, &proxy.namespace) && !policy.is_replaced
            })
            .filter(|(_, policy)| {
                Resource::AuthorizationPolicy(policy.written.clone()).applies_to(&context.mesh, proxy)
            })
            .collect();
        policies
            .iter()
            .for_each(|(index, _)| *applies.entry(*index).or_default() += 1);
        for (index, found) in at(context, proxy, &policies) {
            void.entry(index).or_default().push(found);
        }
    }
    void.retain(|index, found| applies.get(index) == Some(&found.len()));
    let mut said = BTreeSet::new();
    let mut found = Vec::new();
    for (index, why) in &void {
        let Some(why) = why.first() else { continue };
        let by: Vec<&Policy<'_>> = why
            .by
            .iter()
            .filter_map(|by| context.rule(by))
            .map(|(policy, _)| policy)
            .collect();
        // If two make each other ineffective, one has to stay.
        if by.iter().any(|policy| said.contains(&policy.title())) {
            continue;
        }
        let policy = &context.policies[*index];
        said.insert(policy.title());
        found.push(finding(policy, why, &by));
    }
    found
}

fn finding(policy: &Policy<'_>, why: &VoidPolicy, by: &[&Policy<'_>]) -> Diagnostic {
    let message = format!(
        "this policy restricts nothing at {}: everything that it allows is also allowed by {}, which allows more",
        why.proxy,
        proof::rules(&why.by)
    );
    let help = "ALLOW policies add up: narrow the wider one, or write the restriction as a DENY policy with `not…` fields";
    let finding = Finding::new(Path::keys(["spec"]), message, help);
    let finding = match &why.proof {
        Some(proof) => finding.shown(proof),
        None => finding,
    };
    let mut found = finding.in_policy(&LINT, policy);
    for other in by.iter().take(3) {
        let place = other.document.place(&Path::keys(["metadata", "name"]), false);
        found = found.also(place, "the wider one");
    }
    found
}

/// The ALLOW policies that are void at a proxy.
fn at(
    context: &Context<'_>,
    proxy: &Workload,
    policies: &[(usize, &Policy<'_>)],
) -> Vec<(usize, VoidPolicy)> {
    let rules = |policy: &Policy<'_>| policy.written.rules.iter().flatten().count();
    let allowing = policies
        .iter()
        .filter(|(_, policy)| policy.written.action == Action::Allow);
    if allowing.clone().count() < 2 || policies.iter().map(|(_, policy)| rules(policy)).sum::<usize>() > RULES
    {
        return Vec::new();
    }
    let resources = policies.iter().map(|(_, policy)| policy.written.clone());
    let config = Config {
        mesh: context.mesh.clone(),
        resources: resources.map(Resource::AuthorizationPolicy).collect(),
        workload: Some(proxy.clone()),
        protocol: Protocol::Http,
        ..Config::default()
    };
    let Some(program) = Program::compile(&config).ok() else {
        return Vec::new();
    };
    let Ok(standings) = rules::standing(&program) else {
        return Vec::new();
    };
    let is_of = |by: &RuleId, policy: &Policy<'_>| {
        let metadata = &policy.written.metadata;
        *metadata.namespace == *by.namespace && *metadata.name == *by.name
    };
    let mut found = Vec::new();
    for (index, policy) in allowing.filter(|(_, policy)| rules(policy) > 0) {
        let own = standings.iter().filter(|standing| is_of(&standing.by, policy));
        let shadows: Option<Vec<&Vec<RuleId>>> = own
            .map(|standing| match &standing.standing {
                Standing::Shadowed { by, .. } => Some(by),
                Standing::Decides(_) | Standing::NeverMatches | Standing::Refused { .. } => None,
            })
            .collect();
        let mut by: Vec<RuleId> = Vec::new();
        for shadow in shadows.iter().flatten().copied().flatten() {
            if !is_of(shadow, policy) && !by.contains(shadow) {
                by.push(shadow.clone());
            }
        }
        if by.is_empty() {
            continue;
        }
        let wider = standings.iter().filter(|standing| by.contains(&standing.by));
        let more: Option<&Traffic> = wider.into_iter().find_map(|standing| match &standing.standing {
            Standing::Decides(traffic) => Some(&**traffic),
            Standing::NeverMatches | Standing::Refused { .. } | Standing::Shadowed { .. } => None,
        });
        // Without traffic that only the other allows, both are equivalent.
        let Some(more) = more else { continue };
        found.push((
            *index,
            VoidPolicy {
                by,
                proxy: title(proxy),
                proof: Proof::of(&program, more, |decision| decision.verdict == Verdict::Allow),
            },
        ));
    }
    found
}

fn title(proxy: &Workload) -> String {
    match proxy.services.first() {
        Some(service) => format!("the waypoint of {}/{}", service.namespace, service.name),
        None => {
            let what = match proxy.kind {
                WorkloadKind::Waypoint => "waypoint",
                WorkloadKind::Gateway | WorkloadKind::Sidecar => "gateway",
            };
            let name = proxy.labels.get(GATEWAY_NAME).map_or("", String::as_str);
            format!("the {what} {}/{name}", proxy.namespace)
        }
    }
}
