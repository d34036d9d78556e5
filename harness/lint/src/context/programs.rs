//! The compiled programs of workloads: with all that decides for them, or with one policy alone.

use std::collections::BTreeMap;
use std::rc::Rc;

use peerwarden_engine::resource::{MtlsMode, Resource};
use peerwarden_engine::{Config, Lookup, Peer, Program, Protocol, Traffic};

use super::{Context, Policy, Target};

impl<'d> Context<'d> {
    /// The program of everything that decides for a workload; `None` if one of the documents would be refused.
    pub(crate) fn program(
        &self,
        workload: &peerwarden_engine::Workload,
        protocol: Protocol,
    ) -> Option<Rc<Program>> {
        let key = (
            workload.namespace.clone(),
            workload.labels.clone(),
            protocol == Protocol::Tcp,
        );
        if let Some(known) = self.programs.borrow().get(&key) {
            return known.clone();
        }
        let policies = self.selecting(&workload.namespace, &workload.labels);
        let policies = policies.into_iter().map(|number| &self.policies[number]);
        let policies = policies.filter(|policy| !policy.is_replaced);
        let policies = policies.filter(|policy| self.applies(policy, &workload.namespace, &workload.labels));
        let policies = policies.map(|policy| Resource::AuthorizationPolicy(policy.written.clone()));
        let config = self.config(workload, protocol, policies.collect());
        let program = Program::compile(&config).ok().map(Rc::new);
        self.programs.borrow_mut().insert(key, program.clone());
        program
    }

    /// A policy alone.
    pub(crate) fn alone(
        &self,
        policy: &Policy<'_>,
        target: &Target<'_>,
        protocol: Protocol,
    ) -> Option<Program> {
        let policy = Resource::AuthorizationPolicy(policy.written.clone());
        let config = Config {
            mesh: self.mesh.clone(),
            resources: vec![policy],
            workload: Some(target.workload.clone()),
            protocol,
            ..Config::default()
        };
        Program::compile(&config).ok()
    }

    /// A configuration of these documents, and those that set the modes of the workload's ports.
    fn config(
        &self,
        workload: &peerwarden_engine::Workload,
        protocol: Protocol,
        mut resources: Vec<Resource>,
    ) -> Config {
        let near = [workload.namespace.as_str(), self.mesh.root_namespace.as_str()];
        let modes = self.modes_by_namespace.selecting(near, &BTreeMap::new());
        let modes = modes.into_iter().map(|number| &self.peer_authentications[number]);
        let modes = modes
            .filter(|modes| !modes.is_replaced)
            .map(|modes| &modes.written);
        resources.extend(modes.cloned().map(Resource::PeerAuthentication));
        Config {
            mesh: self.mesh.clone(),
            resources,
            workload: Some(workload.clone()),
            protocol,
            ..Config::default()
        }
    }

    /// Traffic as the workload's ports let it in: where they are STRICT, that of a peer with a certificate.
    pub(crate) fn let_in(&self, workload: &peerwarden_engine::Workload, traffic: &Traffic) -> Traffic {
        let port = match traffic.destination_port {
            Lookup::Found(port) => port,
            Lookup::Missing | Lookup::Unavailable => 0,
        };
        let is_plaintext = !matches!(traffic.peer, Lookup::Found(_));
        let modes = self.modes(workload).filter(|_| is_plaintext);
        if modes.is_none_or(|modes| modes.mtls_mode(port).0 != MtlsMode::Strict) {
            return traffic.clone();
        }
        let peer = format!(
            "spiffe://{}/ns/{}/sa/default",
            self.mesh.trust_domain, workload.namespace
        );
        Traffic {
            peer: Lookup::Found(Peer::from_uri(peer)),
            tls: Lookup::Found(true),
            ..traffic.clone()
        }
    }

    /// The mutual TLS modes of a workload's ports: what the documents of its namespace and of the root namespace make together.
    pub(crate) fn modes(&self, workload: &peerwarden_engine::Workload) -> Option<Program> {
        Program::compile(&self.config(workload, Protocol::Tcp, Vec::new())).ok()
    }
}
