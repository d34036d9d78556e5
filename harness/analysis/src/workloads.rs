//! The workloads that documents distinguish.

use std::collections::{BTreeMap, BTreeSet};

use peerwarden_engine::resource::{AuthorizationPolicy, Resource};
use peerwarden_engine::{GATEWAY_NAME, Mesh, Service, ServiceKind, Workload, WorkloadKind};

use crate::LimitExceeded;

/// The largest number of workloads: each takes time, and nobody reads a longer report.
const WORKLOADS: usize = 20_000;

/// A workload that represents all workloads to which the same documents apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadClass {
    /// The representative, with the fewest labels.
    pub workload: Workload,
    /// The namespaces that its own represents.
    pub namespaces: Namespaces,
}

/// The namespaces that the namespace of a class represents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namespaces {
    /// Itself.
    One,
    /// All without documents.
    Others,
    /// All: there are no documents.
    All,
}

impl WorkloadClass {
    /// All workloads, where there are no documents.
    pub fn any() -> Self {
        Self {
            workload: Workload {
                namespace: nobodys(&BTreeSet::new()),
                ..Workload::default()
            },
            namespaces: Namespaces::All,
        }
    }
}

/// Labels required by selectors.
type Labels = BTreeMap<String, String>;

/// One workload for each set of documents, of all `resources` together, that apply to some workload; workloads without any document
/// are left out. Waypoints serve at most one service, of their own namespace, and gateways are those that a `targetRef` names;
/// others must be given.
///
/// # Errors
/// If there are too many.
pub fn workloads(resources: &[Resource], mesh: &Mesh) -> Result<Vec<WorkloadClass>, LimitExceeded> {
    let mut namespaces: BTreeSet<&str> = resources
        .iter()
        .map(|resource| resource.metadata().namespace.as_str())
        .collect();
    namespaces.insert(&mesh.root_namespace);
    let elsewhere = nobodys(&namespaces);
    let mut seen = BTreeSet::new();
    let mut classes = Vec::new();
    // If only the root namespace's documents apply, an unused namespace stands for all.
    for namespace in std::iter::once(elsewhere.as_str()).chain(namespaces) {
        for workload in of_namespace(resources, mesh, namespace)? {
            let applies = |(_, resource): &(usize, &Resource)| resource.applies_to(mesh, &workload);
            let applied: Vec<usize> = resources
                .iter()
                .enumerate()
                .filter(applies)
                .map(|(number, _)| number)
                .collect();
            if !applied.is_empty() && seen.insert((workload.kind.as_str(), applied)) {
                let namespaces = if workload.namespace == elsewhere {
                    Namespaces::Others
                } else {
                    Namespaces::One
                };
                classes.push(WorkloadClass { workload, namespaces });
            }
        }
        if classes.len() > WORKLOADS {
            return Err(LimitExceeded::Workloads { limit: WORKLOADS });
        }
    }
    Ok(classes)
}

/// A namespace that is not one of these.
fn nobodys(namespaces: &BTreeSet<&str>) -> String {
    let mut name = "elsewhere".to_owned();
    while namespaces.contains(name.as_str()) {
        name.push_str("-else");
    }
    name
}

/// The workloads of one namespace that may differ, those with fewer labels first.
fn of_namespace(
    resources: &[Resource],
    mesh: &Mesh,
    namespace: &str,
) -> Result<Vec<Workload>, LimitExceeded> {
    let here = |of: &str| of == namespace || of == mesh.root_namespace;
    let policies = || {
        resources.iter().filter_map(|resource| match resource {
            Resource::AuthorizationPolicy(policy) if here(&policy.metadata.namespace) => Some(policy),
            Resource::AuthorizationPolicy(_)
            | Resource::PeerAuthentication(_)
            | Resource::RequestAuthentication(_) => None,
        })
    };
    let mut selectors: BTreeSet<Labels> = BTreeSet::new();
    for policy in policies() {
        selectors.extend(policy.selector.as_ref().map(labels));
    }
    for resource in resources {
        match resource {
            Resource::PeerAuthentication(document) if document.metadata.namespace == namespace => {
                selectors.insert(labels(&document.selector));
            }
            Resource::RequestAuthentication(document) if here(&document.metadata.namespace) => {
                selectors.extend(document.selector.as_ref().map(labels));
            }
            Resource::PeerAuthentication(_)
            | Resource::RequestAuthentication(_)
            | Resource::AuthorizationPolicy(_) => {}
        }
    }
    let combined = combined(&selectors)?;
    let workload = |kind, labels: &Labels| Workload {
        kind,
        namespace: namespace.to_owned(),
        labels: labels.clone(),
        ..Workload::default()
    };
    let mut workloads: Vec<Workload> = combined
        .iter()
        .map(|labels| workload(WorkloadKind::Sidecar, labels))
        .collect();
    let targets = Targets::of(policies());
    for gateway in &targets.gateways {
        for labels in &combined {
            let mut labels = labels.clone();
            labels.insert(GATEWAY_NAME.to_owned(), gateway.clone());
            workloads.push(workload(WorkloadKind::Gateway, &labels));
        }
    }
    if targets.any {
        let names = std::iter::once(None).chain(targets.gateways.iter().map(Some));
        for name in names {
            let labels = name.map(|name| (GATEWAY_NAME.to_owned(), name.clone()));
            let waypoint = workload(WorkloadKind::Waypoint, &labels.into_iter().collect());
            workloads.push(waypoint.clone());
            for service in &targets.services {
                workloads.push(Workload {
                    services: vec![service.clone()],
                    ..waypoint.clone()
                });
            }
        }
    }
    Ok(workloads)
}

fn labels(selector: &peerwarden_engine::resource::Selector) -> Labels {
    selector.match_labels.iter().cloned().collect()
}

/// All unions of the labels of some selectors: for any workload, one of these is selected by the same selectors.
fn combined(selectors: &BTreeSet<Labels>) -> Result<Vec<Labels>, LimitExceeded> {
    let mut combined: BTreeSet<Labels> = BTreeSet::from([Labels::new()]);
    for selector in selectors {
        let joined: Vec<Labels> = combined
            .iter()
            .filter(|labels| {
                let agrees =
                    |(name, value): (&String, &String)| labels.get(name).is_none_or(|own| own == value);
                selector.iter().all(agrees)
            })
            .map(|labels| {
                labels
                    .iter()
                    .chain(selector)
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect()
            })
            .collect();
        combined.extend(joined);
        if combined.len() > WORKLOADS {
            return Err(LimitExceeded::Workloads { limit: WORKLOADS });
        }
    }
    let mut combined: Vec<Labels> = combined.into_iter().collect();
    combined.sort_by_key(Labels::len);
    Ok(combined)
}

/// The targets that `targetRefs` name.
#[derive(Default)]
struct Targets {
    gateways: BTreeSet<String>,
    services: Vec<Service>,
    any: bool,
}

impl Targets {
    fn of<'p>(policies: impl Iterator<Item = &'p AuthorizationPolicy>) -> Self {
        let mut targets = Self::default();
        for policy in policies {
            for target in &policy.target_refs {
                targets.any = true;
                let kind = match target.kind.as_str() {
                    "Gateway" => {
                        targets.gateways.insert(target.name.clone());
                        continue;
                    }
                    "Service" => ServiceKind::Service,
                    "ServiceEntry" => ServiceKind::ServiceEntry,
                    _ => continue,
                };
                let service = Service {
                    kind,
                    name: target.name.clone(),
                    namespace: policy.metadata.namespace.clone(),
                };
                if !targets.services.contains(&service) {
                    targets.services.push(service);
                }
            }
        }
        targets
    }
}
