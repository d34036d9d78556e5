//! The input of lints: every document that can be read, parsed once.

mod document;
mod gateways;
pub(crate) mod index;
mod injection;
mod programs;
pub(crate) mod standing;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use peerwarden_documents::charts::SkippedNames;
use peerwarden_documents::documents::{Document, OtherDocuments};
use peerwarden_documents::identity;
use peerwarden_documents::kinds::DEFAULT;
use peerwarden_documents::setup::Setup;
use peerwarden_documents::source::Source;
use peerwarden_engine::resource::{self, Resource, Selector};
use peerwarden_engine::{Mesh, Program, RuleId};
use peerwarden_render::trust::Trust;

use crate::workload::Workload;
pub(crate) use document::{DRY_RUN, Modes, Policy, Tokens};
use index::{SelectorIndex, WorkloadIndex};
use standing::{ProofGap, Standing, Standings};

/// Which documents belong to the same cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those in one folder, or in a folder above or below it: sibling folders may be for different clusters.
    Folders,
    /// All of them.
    Cluster,
}

/// What is known of documents beside what they say.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Which of them are for the same cluster.
    pub scope: Scope,
    /// What is beside them and was not read.
    pub skipped: SkippedDocuments,
}

/// What is beside documents and was not read: it may have what they lack.
#[derive(Debug, Clone, Default)]
pub struct SkippedDocuments {
    /// The names in it.
    pub names: SkippedNames,
    /// Whether the documents are a part of a cluster, as those on standard input.
    pub is_part: bool,
}

/// All documents.
pub(crate) struct Context<'d> {
    pub(crate) mesh: Mesh,
    /// Whether the mesh settings were given.
    pub(crate) mesh_is_given: bool,
    /// Whether the injector rewrites the probes of pods that do not set it themselves.
    pub(crate) rewrites_probes: bool,
    pub(crate) surroundings: &'d Surroundings,
    /// The documents that decide, as far as they can be read.
    pub(crate) documents: Vec<&'d Document>,
    /// The trust domains that it lets in.
    pub(crate) trust: Trust,
    pub(crate) policies: Vec<Policy<'d>>,
    pub(crate) peer_authentications: Vec<Modes<'d>>,
    pub(crate) request_authentications: Vec<Tokens<'d>>,
    /// Those that decide nothing.
    pub(crate) others: &'d OtherDocuments,
    /// Those among them that run pods.
    pub(crate) workloads: Vec<Workload<'d>>,
    /// Where each of the policies is.
    by_selector: SelectorIndex,
    /// Where the peer authentications of each namespace are.
    modes_by_namespace: SelectorIndex,
    /// Where each of the workloads is.
    by_label: WorkloadIndex,
    /// The labels that each gateway selects its pods by, with the text that it is in.
    gateways: Vec<(&'d Source, BTreeMap<String, String>)>,
    standings: Standings,
    programs: RefCell<BTreeMap<Key, Option<Rc<Program>>>>,
}

/// The key of a compiled program: namespace, labels, and whether it is for TCP.
type Key = (String, BTreeMap<String, String>, bool);

/// A workload that a policy applies to: one among the documents, or if there is none, one with the required labels.
pub(crate) struct Target<'c> {
    pub(crate) workload: peerwarden_engine::Workload,
    /// The workload's manifest, if it is among the documents.
    pub(crate) manifest: Option<&'c Workload<'c>>,
}

impl<'d> Context<'d> {
    pub(crate) fn of(
        setup: &'d Setup,
        others: &'d OtherDocuments,
        rewrites_probes: bool,
        surroundings: &'d Surroundings,
    ) -> Self {
        let mut context = Self {
            surroundings,
            documents: Vec::new(),
            mesh: setup.own_mesh(),
            mesh_is_given: setup.mesh.is_some(),
            rewrites_probes,
            trust: setup.trust().unwrap_or_default(),
            policies: Vec::new(),
            peer_authentications: Vec::new(),
            request_authentications: Vec::new(),
            others,
            workloads: Workload::all(others),
            by_selector: SelectorIndex::default(),
            modes_by_namespace: SelectorIndex::default(),
            by_label: WorkloadIndex::default(),
            gateways: gateways::all(others),
            standings: Standings::default(),
            programs: RefCell::default(),
        };
        for (number, workload) in context.workloads.iter().enumerate() {
            let labels = workload.labels().iter();
            let labels = labels.map(|(name, value)| (name.as_str(), value.as_str()));
            context.by_label.add(&workload.namespace, labels, number);
        }
        let replaced = identity::replaced(setup.resources.iter());
        for (index, document) in setup.resources.iter().enumerate() {
            let is_replaced = replaced.contains(&index);
            let read = resource::read(&document.node.to_value()).unwrap_or_default();
            if !read.is_empty() {
                context.documents.push(document);
            }
            for resource in read {
                match resource {
                    Resource::AuthorizationPolicy(written) => {
                        let namespace = &written.metadata.namespace;
                        let number = context.policies.len();
                        context
                            .by_selector
                            .add(namespace, written.selector.as_ref(), number);
                        context.policies.push(Policy {
                            document,
                            written,
                            is_replaced,
                        });
                    }
                    Resource::PeerAuthentication(written) => {
                        let namespace = &written.metadata.namespace;
                        let number = context.peer_authentications.len();
                        context.modes_by_namespace.add(namespace, None, number);
                        context.peer_authentications.push(Modes {
                            document,
                            written,
                            is_replaced,
                        });
                    }
                    Resource::RequestAuthentication(written) => {
                        context.request_authentications.push(Tokens { document, written });
                    }
                }
            }
        }
        context
    }

    /// Whether two texts are for the same cluster, as far as known.
    pub(crate) fn is_beside(&self, one: &Source, other: &Source) -> bool {
        self.surroundings.scope == Scope::Cluster || one.is_beside(other)
    }

    /// The workloads near a document, if there are any, as sibling folders may be for different clusters; otherwise all
    /// that name their namespace.
    fn near<'c>(&self, document: &Document, workloads: Vec<&'c Workload<'d>>) -> Vec<&'c Workload<'d>> {
        let near = |workload: &&Workload<'_>| self.is_beside(&document.source, &workload.source);
        if workloads.iter().any(near) {
            workloads.into_iter().filter(near).collect()
        } else {
            let is_placed = |workload: &&Workload<'_>| workload.namespace != DEFAULT;
            workloads.into_iter().filter(is_placed).collect()
        }
    }

    /// The folder whose policies are analysed together with this one; empty if all folders are for one cluster.
    pub(crate) fn folder<'p>(&self, policy: &Policy<'p>) -> &'p std::path::Path {
        match self.surroundings.scope {
            Scope::Folders => policy.document.source.folder(),
            Scope::Cluster => std::path::Path::new(""),
        }
    }

    /// Whether a policy applies to a sidecar's workload.
    fn applies(&self, policy: &Policy<'_>, namespace: &str, labels: &BTreeMap<String, String>) -> bool {
        let written = &policy.written;
        let selected = || {
            written
                .selector
                .as_ref()
                .is_none_or(|selector| selector.matches(labels))
        };
        self.is_near(&written.metadata.namespace, namespace) && written.target_refs.is_empty() && selected()
    }

    /// The same for a workload in the engine's terms.
    pub(crate) fn applies_to(&self, policy: &Policy<'_>, workload: &peerwarden_engine::Workload) -> bool {
        self.applies(policy, &workload.namespace, &workload.labels)
    }

    /// Whether a document's namespace is a workload's, or the one of the whole mesh.
    pub(crate) fn is_near(&self, namespace: &str, of_workload: &str) -> bool {
        namespace == of_workload || namespace == self.mesh.root_namespace
    }

    /// The workloads that a policy applies to; empty if `targetRefs` name a gateway or a waypoint.
    pub(crate) fn targets<'c>(&'c self, policy: &Policy<'_>) -> Vec<Target<'c>> {
        let written = &policy.written;
        let manifests = self.selected(&written.metadata.namespace, written.selector.as_ref());
        let manifests =
            manifests.filter(|manifest| self.applies(policy, &manifest.namespace, manifest.labels()));
        let manifests = self.near(policy.document, manifests.collect());
        let target = |manifest: &'c Workload<'_>| Target {
            workload: manifest.selected(),
            manifest: Some(manifest),
        };
        let mut targets: Vec<Target<'c>> = manifests.into_iter().map(target).collect();
        if targets.is_empty() && policy.written.target_refs.is_empty() {
            // With these labels and no others: whatever applies to it applies to everything that the policy selects.
            let labels = policy
                .written
                .selector
                .iter()
                .flat_map(|selector| &selector.match_labels);
            targets.push(Target {
                workload: peerwarden_engine::Workload {
                    namespace: policy.written.metadata.namespace.clone(),
                    labels: labels.cloned().collect(),
                    ..peerwarden_engine::Workload::default()
                },
                manifest: None,
            });
        }
        targets
    }

    /// The workloads that a policy of a namespace may apply to, or some more.
    fn selected<'c>(
        &'c self,
        namespace: &str,
        selector: Option<&Selector>,
    ) -> Box<dyn Iterator<Item = &'c Workload<'d>> + 'c> {
        if namespace == self.mesh.root_namespace {
            return Box::new(self.workloads.iter());
        }
        let numbers = self.by_label.selected(namespace, selector);
        Box::new(numbers.iter().map(|number| &self.workloads[*number]))
    }

    /// Whether an authorization policy or a peer authentication is of a namespace.
    pub(crate) fn has_policies_of(&self, namespace: &str) -> bool {
        self.by_selector.has(namespace) || self.modes_by_namespace.has(namespace)
    }

    /// The workloads of a namespace.
    pub(crate) fn workloads_of(&self, namespace: &str) -> impl Iterator<Item = &Workload<'d>> {
        let numbers = self.by_label.selected(namespace, None);
        numbers.iter().map(|number| &self.workloads[*number])
    }

    /// The policies that may apply to a workload, in the order in which they were read: those that do are among them.
    fn selecting(&self, namespace: &str, labels: &BTreeMap<String, String>) -> BTreeSet<usize> {
        let namespaces = [namespace, self.mesh.root_namespace.as_str()];
        self.by_selector.selecting(namespaces, labels)
    }

    /// The workloads whose ports a `PeerAuthentication` has modes for: with a selector, in a namespace other than the root.
    pub(crate) fn governed(&self, modes: &Modes<'_>) -> Vec<&Workload<'d>> {
        let written = &modes.written;
        let is_of_workload = |workload: &&Workload<'d>| {
            workload.namespace == written.metadata.namespace && written.selector.matches(workload.labels())
        };
        let is_ignored = written.selector.match_labels.is_empty()
            || written.metadata.namespace == self.mesh.root_namespace;
        let workloads = self.workloads_of(&written.metadata.namespace);
        let workloads = workloads.filter(is_of_workload);
        self.near(modes.document, workloads.filter(|_| !is_ignored).collect())
    }

    /// The policy of a rule, and the rule's index.
    pub(crate) fn rule(&self, by: &RuleId) -> Option<(&Policy<'d>, usize)> {
        let is = |policy: &&Policy<'_>| {
            let metadata = &policy.written.metadata;
            !policy.is_replaced && *metadata.namespace == *by.namespace && *metadata.name == *by.name
        };
        Some((self.policies.iter().find(is)?, by.rule?))
    }

    /// The rules that decide nothing.
    pub(crate) fn idle_rules(&self) -> &[Standing] {
        self.standings.of(self)
    }

    /// Policies whose rules could not be analysed, and why, for people.
    pub(crate) fn unproved(&self) -> Vec<String> {
        let unproved = self.standings.unproved(self).iter();
        let text = |unproved: &ProofGap| {
            let mut policies = unproved
                .policies
                .iter()
                .map(|index| self.policies[*index].title());
            let first = policies.next()?;
            let others = match policies.count() {
                0 => String::new(),
                others => format!(" and {others} more"),
            };
            Some(format!("{first}{others}: {}", unproved.why))
        };
        unproved.filter_map(text).collect()
    }
}
