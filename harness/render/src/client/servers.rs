//! Which connections servers accept, by their `PeerAuthentication`s.

use std::collections::BTreeMap;

use peerwarden_engine::document::Value;
use peerwarden_engine::resource::{MtlsMode, Resource};
use peerwarden_engine::{Config, Problems, Program, Workload};

use super::description::{ClientDescription, Service, ServiceEndpoint, ServicePort};

/// The policies of the servers' mesh.
#[derive(Debug)]
pub(super) struct ServerPolicies {
    config: Config,
}

/// Which connections one endpoint accepts.
pub(super) struct EndpointModes {
    has_sidecar: bool,
    program: Program,
}

impl ServerPolicies {
    /// Reads the policies, and compiles all of them once, so that whatever the module would refuse is refused here.
    ///
    /// # Errors
    ///
    /// If they are invalid; all mistakes are reported.
    pub(super) fn read(description: &ClientDescription, policies: &[Value]) -> Result<Self, Problems> {
        let text = |text: &str| Value::String(text.to_owned());
        let mesh = vec![
            ("rootNamespace".to_owned(), text(&description.mesh.root_namespace)),
            ("trustDomain".to_owned(), text(&description.mesh.trust_domain)),
        ];
        let mut config = Config::read(&Value::Object(vec![
            ("mesh".to_owned(), Value::Object(mesh)),
            ("resources".to_owned(), Value::List(policies.to_vec())),
        ]))?;
        // Whether a document is valid does not depend on the workload.
        config.workload = Some(Workload::default());
        Program::compile(&config)?;
        config.resources.retain(|resource| match resource {
            Resource::PeerAuthentication(_) => true,
            Resource::AuthorizationPolicy(_) | Resource::RequestAuthentication(_) => false,
        });
        Ok(Self { config })
    }

    /// Which connections an endpoint of this service accepts.
    ///
    /// # Errors
    /// Only those that [`ServerPolicies::read`] would have returned.
    pub(super) fn takes(
        &mut self,
        service: &Service,
        endpoint: &ServiceEndpoint,
    ) -> Result<EndpointModes, Problems> {
        self.config.workload = Some(Workload {
            namespace: service.namespace.clone(),
            labels: endpoint.labels.iter().cloned().collect::<BTreeMap<_, _>>(),
            ..Workload::default()
        });
        Ok(EndpointModes {
            has_sidecar: endpoint.has_sidecar(),
            program: Program::compile(&self.config)?,
        })
    }
}

impl EndpointModes {
    /// Whether auto mutual TLS uses mutual TLS to this port.
    pub(super) fn mutual_tls(&self, port: &ServicePort) -> bool {
        self.has_sidecar && self.program.mtls_mode(port.target).0 != MtlsMode::Disable
    }
}
