//! Policies that apply to the same workloads and are evaluated together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;

use peerwarden_engine::resource::{Action, Resource, TargetRef};
use peerwarden_engine::{
    Config, GATEWAY_NAME, Program, Protocol, RuleId, Service, ServiceKind, Workload, WorkloadKind,
};

use super::{Place, ProofGap};
use crate::context::index::SelectorIndex;
use crate::context::{Context, Policy};

/// The largest number of rules that are analysed together: with more, the analysis takes too long for a lint.
const RULES: usize = 200;

/// Some of the context's policies.
pub(crate) struct Group {
    policies: BTreeSet<usize>,
    config: Config,
    /// Each policy by namespace and name.
    by_name: BTreeMap<(String, String), usize>,
}

impl Group {
    /// Their indexes in the context.
    pub(super) fn policies(&self) -> impl Iterator<Item = usize> {
        self.policies.iter().copied()
    }

    /// The indexes of a rule in the context.
    pub(crate) fn place(&self, by: &RuleId) -> Option<Place> {
        let name = (by.namespace.to_string(), by.name.to_string());
        Some((*self.by_name.get(&name)?, by.rule?))
    }

    /// Whether a policy is one of them.
    pub(crate) fn has(&self, policy: usize) -> bool {
        self.policies.contains(&policy)
    }

    /// What they decide for.
    pub(crate) fn workload(&self) -> Option<&Workload> {
        self.config.workload.as_ref()
    }

    /// What decides; `None` when one of them would be refused.
    pub(crate) fn program(&self, protocol: Protocol) -> Option<Program> {
        let config = Config {
            protocol,
            ..self.config.clone()
        };
        Program::compile(&config).ok()
    }

    /// The same without one rule, for HTTP.
    pub(crate) fn without(&self, (policy, rule): Place) -> Option<Program> {
        let position = self.policies.iter().position(|index| *index == policy)?;
        let mut config = self.config.clone();
        let Resource::AuthorizationPolicy(changed) = config.resources.get_mut(position)? else {
            return None;
        };
        let rules = changed.rules.as_mut().filter(|rules| rule < rules.len())?;
        rules.remove(rule);
        // A DENY policy without rules has no effect; an ALLOW policy without rules allows nothing, and counts.
        if rules.is_empty() && changed.action == Action::Deny {
            config.resources.remove(position);
        }
        Program::compile(&config).ok()
    }
}

/// A policy with its index in the context.
type NumberedPolicy<'c, 'd> = (usize, &'c Policy<'d>);

/// Sets of policies, by their numbers; none of one that is too large.
type FoundGroups = BTreeMap<BTreeSet<usize>, Option<Rc<Group>>>;

/// The sets of policies that apply together, each once, and those that are too large.
pub(super) fn all(context: &Context<'_>) -> (Vec<Rc<Group>>, Vec<ProofGap>) {
    let policies = context.policies.iter().enumerate();
    let deciding: Vec<NumberedPolicy<'_, '_>> = policies.filter(|(_, policy)| policy.decides()).collect();
    let mut found = FoundGroups::new();
    // Those that can apply beside a policy are of its folder.
    let mut near: BTreeMap<&Path, SelectorIndex> = BTreeMap::new();
    for (index, policy) in &deciding {
        let written = &policy.written;
        let of_folder = near.entry(context.folder(policy)).or_default();
        of_folder.add(&written.metadata.namespace, written.selector.as_ref(), *index);
    }
    let root = context.mesh.root_namespace.as_str();
    for (index, policy) in &deciding {
        let Some(near) = near.get(context.folder(policy)) else {
            continue;
        };
        for target in context.targets(policy) {
            let own = target.workload.namespace.as_str();
            let mut beside = near.selecting([own, root], &target.workload.labels);
            beside.retain(|index| context.applies_to(&context.policies[*index], &target.workload));
            // A cluster has one document of each name: the policy itself, and of others the last.
            let mut last: BTreeMap<(&str, &str), usize> = BTreeMap::new();
            for other in beside {
                let last = last.entry(name(&context.policies[other])).or_insert(other);
                *last = (*last).max(other);
            }
            last.insert(name(policy), *index);
            let policies: BTreeSet<usize> = last.into_values().collect();
            found
                .entry(policies)
                .or_insert_with_key(|policies| group(context, policies, target.workload));
        }
    }
    of_targets(context, &deciding, &mut found);
    let mut unproved = Vec::new();
    let mut groups = Vec::new();
    for (policies, group) in found {
        match group {
            Some(group) => groups.push(group),
            None => unproved.push(ProofGap {
                policies,
                why: format!("more than {RULES} rules apply together"),
            }),
        }
    }
    (groups, unproved)
}

/// Those that `targetRefs` attach to one proxy.
fn of_targets(context: &Context<'_>, deciding: &[NumberedPolicy<'_, '_>], found: &mut FoundGroups) {
    for (index, policy) in deciding {
        for target in &policy.written.target_refs {
            let Some(proxy) = proxy(&policy.written.metadata.namespace, target) else {
                continue;
            };
            let mut last: BTreeMap<(&str, &str), usize> = BTreeMap::new();
            for (other, written) in deciding {
                let applies = Resource::AuthorizationPolicy(written.written.clone());
                if context.folder(written) == context.folder(policy)
                    && applies.applies_to(&context.mesh, &proxy)
                {
                    last.insert(name(written), *other);
                }
            }
            last.insert(name(policy), *index);
            let policies: BTreeSet<usize> = last.into_values().collect();
            found
                .entry(policies)
                .or_insert_with_key(|policies| group(context, policies, proxy));
        }
    }
}

/// What a policy is attached to.
fn proxy(namespace: &str, target: &TargetRef) -> Option<Workload> {
    let service = |kind| Service {
        kind,
        name: target.name.clone(),
        namespace: namespace.to_owned(),
    };
    let (name, services) = match target.kind.as_str() {
        "Gateway" => (target.name.clone(), Vec::new()),
        "Service" => ("waypoint".to_owned(), vec![service(ServiceKind::Service)]),
        "ServiceEntry" => ("waypoint".to_owned(), vec![service(ServiceKind::ServiceEntry)]),
        _ => return None,
    };
    Some(Workload {
        kind: WorkloadKind::Waypoint,
        namespace: namespace.to_owned(),
        labels: BTreeMap::from([(GATEWAY_NAME.to_owned(), name)]),
        services,
        ..Workload::default()
    })
}

fn group(context: &Context<'_>, policies: &BTreeSet<usize>, workload: Workload) -> Option<Rc<Group>> {
    let written = || policies.iter().map(|index| &context.policies[*index].written);
    let rules: usize = written()
        .map(|policy| policy.rules.iter().flatten().count())
        .sum();
    if rules > RULES {
        return None;
    }
    let config = Config {
        mesh: context.mesh.clone(),
        resources: written().cloned().map(Resource::AuthorizationPolicy).collect(),
        workload: Some(workload),
        ..Config::default()
    };
    let by_name = policies.iter().map(|index| {
        let (namespace, name) = name(&context.policies[*index]);
        ((namespace.to_owned(), name.to_owned()), *index)
    });
    Some(Rc::new(Group {
        policies: policies.clone(),
        config,
        by_name: by_name.collect(),
    }))
}

/// The namespace and the name.
fn name<'p>(policy: &'p Policy<'_>) -> (&'p str, &'p str) {
    let metadata = &policy.written.metadata;
    (&metadata.namespace, &metadata.name)
}
