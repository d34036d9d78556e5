//! Which documents apply to a workload, and the mutual TLS modes of its ports.

use std::sync::Arc;

use crate::config::Config;
use crate::mesh::Mesh;
use crate::resource::{
    DocumentKind, Head, JwtRule, Metadata, MtlsMode, PeerAuthentication, RequestAuthentication, Resource,
    Selector, TargetKind, TargetRef, WrittenPolicy, match_all,
};
use crate::workload::{Service, ServiceKind, Workload, WorkloadKind};

/// The class whose gateways are waypoints; a policy for all of them is in the root namespace.
const WAYPOINT_CLASS: &str = "istio-waypoint";

/// Whether an authorization policy applies.
///
/// With `targetRefs` it is for what they name, and for nothing else: a workload that is not a proxy of a Gateway API gateway
/// ignores it. Without, it lives in the root namespace or in the workload's own, and its selector, if it has one, matches; a
/// selector in the root namespace reaches into every namespace. A waypoint takes only policies that target it, or what
/// the traffic is for.
pub(crate) fn applies(policy: &WrittenPolicy<'_>, mesh: &Mesh, workload: &Workload) -> bool {
    attached(
        &policy.metadata,
        policy.selector.as_ref(),
        &policy.target_refs,
        mesh,
        workload,
    )
}

/// Whether a document applies of which no more is known.
pub(crate) fn head_applies(head: &Head<'_>, mesh: &Mesh, workload: &Workload) -> bool {
    let selector = head.selector.as_ref();
    match head.kind {
        DocumentKind::PeerAuthentication => {
            let labels = selector.map_or(&[][..], |selector| &selector.match_labels);
            workload.kind == WorkloadKind::Sidecar
                && peer_scope(head.metadata.namespace, labels, mesh, workload).is_some()
        }
        DocumentKind::AuthorizationPolicy | DocumentKind::RequestAuthentication => {
            attached(head.metadata, selector, &head.target_refs, mesh, workload)
        }
    }
}

fn attached<S: AsRef<str>>(
    metadata: &Metadata<S>,
    selector: Option<&Selector<S>>,
    target_refs: &[TargetRef<S>],
    mesh: &Mesh,
    workload: &Workload,
) -> bool {
    let namespace = metadata.namespace.as_ref();
    let (in_root, in_own) = (namespace == mesh.root_namespace, namespace == workload.namespace);
    if target_refs.is_empty() {
        let selected = || selector.is_none_or(|selector| selector.matches(&workload.labels));
        return workload.kind != WorkloadKind::Waypoint && (in_root || in_own) && selected();
    }
    let waypoint = workload.kind == WorkloadKind::Waypoint;
    let is_for = |kind, name: &str| {
        let same = |service: &Service| {
            service.kind == kind && service.name == name && service.namespace == namespace
        };
        waypoint && workload.services.iter().any(same)
    };
    target_refs.iter().any(|target| match target.target_kind() {
        Some(TargetKind::Gateway) => in_own && workload.gateway_name() == Some(target.name.as_ref()),
        Some(TargetKind::GatewayClass) => waypoint && in_root && target.name.as_ref() == WAYPOINT_CLASS,
        Some(TargetKind::Service) => is_for(ServiceKind::Service, target.name.as_ref()),
        Some(TargetKind::ServiceEntry) => is_for(ServiceKind::ServiceEntry, target.name.as_ref()),
        None => false,
    })
}

impl Resource {
    /// Whether the document applies to the workload; of several `PeerAuthentication`s in one scope it is the oldest that counts.
    pub fn applies_to(&self, mesh: &Mesh, workload: &Workload) -> bool {
        match self {
            Resource::AuthorizationPolicy(policy) => attached(
                &policy.metadata,
                policy.selector.as_ref(),
                &policy.target_refs,
                mesh,
                workload,
            ),
            Resource::PeerAuthentication(policy) => {
                workload.kind == WorkloadKind::Sidecar && scope_of(policy, mesh, workload).is_some()
            }
            // As Istio attaches an `AuthorizationPolicy`.
            Resource::RequestAuthentication(document) => attached(
                &document.metadata,
                document.selector.as_ref(),
                &document.target_refs,
                mesh,
                workload,
            ),
        }
    }
}

/// A rule about tokens that applies to a workload.
#[derive(Debug, Clone, Copy)]
pub struct TokenRule<'c> {
    /// The rule.
    pub rule: &'c JwtRule,
    /// The document that it is in.
    pub document: &'c RequestAuthentication,
    /// Its number in the document, from 0.
    pub index: usize,
}

impl Config {
    /// The rules about tokens that apply to the workload, those of all documents in one list, as Istio merges them
    /// (`pilot/pkg/security/authn`): sorted by issuer, and those of one issuer as the documents come: the root namespace's first, then the
    /// oldest, then by name. Empty if the configuration does not name the workload.
    pub fn token_rules(&self) -> Vec<TokenRule<'_>> {
        let Some(workload) = &self.workload else {
            return Vec::new();
        };
        let applying = self
            .resources
            .iter()
            .filter(|resource| resource.applies_to(&self.mesh, workload));
        let mut documents: Vec<&RequestAuthentication> = applying
            .filter_map(|resource| match resource {
                Resource::RequestAuthentication(document) => Some(document),
                Resource::AuthorizationPolicy(_) | Resource::PeerAuthentication(_) => None,
            })
            .collect();
        documents.sort_by_key(|document| {
            let metadata = &document.metadata;
            let is_elsewhere = metadata.namespace != self.mesh.root_namespace;
            (
                is_elsewhere,
                metadata.created,
                &metadata.name,
                &metadata.namespace,
            )
        });
        let rules = documents.into_iter().flat_map(|document| {
            let rules = document.rules.iter().enumerate();
            rules.map(move |(index, rule)| TokenRule {
                rule,
                document,
                index,
            })
        });
        let mut rules: Vec<TokenRule<'_>> = rules.collect();
        rules.sort_by_key(|rule| &rule.rule.issuer);
        rules
    }
}

/// The mutual TLS modes of a workload's ports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct MtlsModes {
    /// The mode of every port without one of its own.
    pub(crate) workload: PortMode,
    /// Ports with a mode of their own.
    pub(crate) ports: Vec<(u16, PortMode)>,
}

/// A mode, and the document that set it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct PortMode {
    pub(crate) mode: MtlsMode,
    /// Namespace and name; `None` for the default.
    pub(crate) set_by: Option<(Arc<str>, Arc<str>)>,
}

impl Default for PortMode {
    /// By default, both plaintext and mutual TLS are accepted.
    fn default() -> Self {
        Self {
            mode: MtlsMode::Permissive,
            set_by: None,
        }
    }
}

impl MtlsModes {
    /// The modes that `resources` give `workload`. No document governs a gateway, whose own TLS settings decide, or a waypoint,
    /// whose peers come by a tunnel that is mutual TLS.
    ///
    /// One document wins in each scope (mesh, namespace, workload), the oldest, then the first by name; the others of
    /// that scope are ignored whole. The narrower scope overrides unless its mode is UNSET.
    pub(crate) fn of(resources: &[Resource], mesh: &Mesh, workload: &Workload) -> Self {
        let mut modes = Self::default();
        match workload.kind {
            WorkloadKind::Gateway | WorkloadKind::Waypoint => return modes,
            WorkloadKind::Sidecar => {}
        }
        let governs =
            |resource: &&PeerAuthentication, scope| scope_of(resource, mesh, workload) == Some(scope);
        for scope in [PeerScope::Mesh, PeerScope::Namespace, PeerScope::Workload] {
            let candidates = peer_authentications(resources).filter(|resource| governs(resource, scope));
            let winner =
                candidates.min_by_key(|resource| (resource.metadata.created, &resource.metadata.name));
            let Some(winner) = winner else { continue };
            let namespace: Arc<str> = winner.metadata.namespace.as_str().into();
            let name: Arc<str> = winner.metadata.name.as_str().into();
            let set_by = |mode| PortMode {
                mode,
                set_by: Some((Arc::clone(&namespace), Arc::clone(&name))),
            };
            if winner.mode != MtlsMode::Unset {
                modes.workload = set_by(winner.mode);
            }
            if scope == PeerScope::Workload {
                let own = winner
                    .port_level
                    .iter()
                    .filter(|(_, mode)| *mode != MtlsMode::Unset);
                modes.ports = own.map(|(port, mode)| (*port, set_by(*mode))).collect();
            }
        }
        modes
    }

    /// The mode of `port`.
    pub(crate) fn of_port(&self, port: u16) -> &PortMode {
        self.ports
            .iter()
            .find(|(own, _)| *own == port)
            .map_or(&self.workload, |(_, mode)| mode)
    }
}

fn peer_authentications(resources: &[Resource]) -> impl Iterator<Item = &PeerAuthentication> {
    resources.iter().filter_map(|resource| match resource {
        Resource::PeerAuthentication(policy) => Some(policy),
        Resource::AuthorizationPolicy(_) | Resource::RequestAuthentication(_) => None,
    })
}

/// How much of the mesh a `PeerAuthentication` speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PeerScope {
    Mesh,
    Namespace,
    Workload,
}

/// The scope in which a document governs the workload; `None` when it does not. With a selector in the root namespace it
/// governs nothing.
fn scope_of(document: &PeerAuthentication, mesh: &Mesh, workload: &Workload) -> Option<PeerScope> {
    let labels = &document.selector.match_labels;
    peer_scope(&document.metadata.namespace, labels, mesh, workload)
}

fn peer_scope<S: AsRef<str>>(
    namespace: &str,
    labels: &[(S, S)],
    mesh: &Mesh,
    workload: &Workload,
) -> Option<PeerScope> {
    if namespace == mesh.root_namespace {
        labels.is_empty().then_some(PeerScope::Mesh)
    } else if namespace != workload.namespace {
        None
    } else if labels.is_empty() {
        Some(PeerScope::Namespace)
    } else {
        match_all(labels, &workload.labels).then_some(PeerScope::Workload)
    }
}
