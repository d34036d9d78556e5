//! What lints look at: every document that can be read, read once.

use peerwarden_engine::resource::{self, AuthorizationPolicy, PeerAuthentication, Resource};
use peerwarden_engine::{Config, Mesh, Program};

use super::workload::Workload;
use crate::documents::{Document, Others};
use crate::setup::{Protocol, Setup};

/// All documents.
pub(super) struct Context<'d> {
    pub(super) mesh: Mesh,
    pub(super) policies: Vec<Policy<'d>>,
    pub(super) peer_authentications: Vec<Modes<'d>>,
    /// Those that decide nothing.
    pub(super) others: &'d Others,
}

/// An authorization policy and the document that it is.
pub(super) struct Policy<'d> {
    pub(super) document: &'d Document,
    pub(super) written: AuthorizationPolicy,
}

/// A `PeerAuthentication` and the document that it is.
pub(super) struct Modes<'d> {
    pub(super) document: &'d Document,
    pub(super) written: PeerAuthentication,
}

impl Policy<'_> {
    /// `AuthorizationPolicy NAMESPACE/NAME`.
    pub(super) fn title(&self) -> String {
        let metadata = &self.written.metadata;
        format!("AuthorizationPolicy {}/{}", metadata.namespace, metadata.name)
    }
}

impl Modes<'_> {
    /// `PeerAuthentication NAMESPACE/NAME`.
    pub(super) fn title(&self) -> String {
        let metadata = &self.written.metadata;
        format!("PeerAuthentication {}/{}", metadata.namespace, metadata.name)
    }
}

impl<'d> Context<'d> {
    pub(super) fn of(setup: &'d Setup, others: &'d Others) -> Self {
        let around = Setup {
            mesh: setup.mesh.clone(),
            ..Setup::default()
        };
        let config = Config::parse(around.to_json(Protocol::Http).as_bytes());
        let mut context = Self {
            mesh: config.map(|config| config.mesh).unwrap_or_default(),
            policies: Vec::new(),
            peer_authentications: Vec::new(),
            others,
        };
        for document in &setup.resources {
            let read = resource::read(&document.node.to_value()).unwrap_or_default();
            for resource in read {
                match resource {
                    Resource::AuthorizationPolicy(written) => {
                        context.policies.push(Policy { document, written });
                    }
                    Resource::PeerAuthentication(written) => {
                        context.peer_authentications.push(Modes { document, written });
                    }
                }
            }
        }
        context
    }

    /// Whether a policy applies to a workload beside it: a sidecar, as its manifest makes one.
    pub(super) fn applies(&self, policy: &Policy<'_>, workload: &Workload<'_>) -> bool {
        let written = &policy.written;
        let namespace = &written.metadata.namespace;
        let near = *namespace == workload.namespace || *namespace == self.mesh.root_namespace;
        let selected = || {
            written
                .selector
                .as_ref()
                .is_none_or(|selector| selector.matches(workload.labels()))
        };
        near && written.target_refs.is_empty() && selected()
    }

    /// The mutual TLS modes of a workload's ports: what the documents of its namespace and of the root namespace make together.
    pub(super) fn modes(&self, workload: &Workload<'_>) -> Option<Program> {
        let workload = workload.selected();
        let near = |namespace: &str| namespace == workload.namespace || namespace == self.mesh.root_namespace;
        let modes = self.peer_authentications.iter().map(|modes| &modes.written);
        let modes = modes.filter(|modes| near(&modes.metadata.namespace)).cloned();
        let config = Config {
            mesh: self.mesh.clone(),
            resources: modes.map(Resource::PeerAuthentication).collect(),
            workload: Some(workload),
            ..Config::default()
        };
        Program::compile(&config).ok()
    }
}
