//! The workload that the filter protects.

use std::collections::BTreeMap;

use crate::document::{At, Fields, Value, one_of};
use crate::problem::{Problem, Problems};

/// A workload as policies select it: by namespace, labels, and the kind of its proxy.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Workload {
    /// The kind of proxy.
    pub kind: WorkloadKind,
    /// Its namespace.
    pub namespace: String,
    /// Its service account; empty when unknown.
    pub service_account: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// For a waypoint: the services that this traffic is for.
    pub services: Vec<Service>,
}

/// A service that traffic through a waypoint is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Service {
    /// A Kubernetes `Service` or an Istio `ServiceEntry`.
    pub kind: ServiceKind,
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
}

/// The kind of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum ServiceKind {
    /// A Kubernetes `Service`.
    #[default]
    Service,
    /// An Istio `ServiceEntry`.
    ServiceEntry,
}

/// The label with the name of a gateway of the Gateway API; waypoints have it too.
pub const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";

/// The kind of proxy that runs the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum WorkloadKind {
    /// Beside one workload: `PeerAuthentication` governs it.
    #[default]
    Sidecar,
    /// At the edge: its own TLS settings decide, `PeerAuthentication` does not govern it.
    Gateway,
    /// In front of services of an ambient mesh: only policies that target it apply, and the peer is the one that the tunnel
    /// vouches for. `PeerAuthentication` does not govern it.
    Waypoint,
}

const KINDS: [(&str, WorkloadKind); 3] = [
    ("sidecar", WorkloadKind::Sidecar),
    ("gateway", WorkloadKind::Gateway),
    ("waypoint", WorkloadKind::Waypoint),
];

impl WorkloadKind {
    /// The spelling in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            WorkloadKind::Sidecar => "sidecar",
            WorkloadKind::Gateway => "gateway",
            WorkloadKind::Waypoint => "waypoint",
        }
    }

    fn read(text: &str, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        one_of(text, "workload kind", &KINDS, at, problems)
    }
}

impl Service {
    fn read(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        let kind = match fields.text("kind", problems) {
            None | Some("Service") => ServiceKind::Service,
            Some("ServiceEntry") => ServiceKind::ServiceEntry,
            Some(other) => {
                let problem = Problem::new(&at.name("kind"), format!("unknown kind of service `{other}`"));
                problems.push(problem.help("known kinds: `Service`, `ServiceEntry`"));
                ServiceKind::default()
            }
        };
        let mut required = |name| {
            let known = problems.len();
            let text = fields.text(name, problems).unwrap_or_default().to_owned();
            if text.is_empty() && problems.len() == known {
                let problem = Problem::new(&at.name(name), format!("`{name}` is missing or empty"));
                problems.push(problem.help("write the service that this traffic is for"));
            }
            text
        };
        let (name, namespace) = (required("name"), required("namespace"));
        fields.finish(problems);
        Some(Self {
            kind,
            name,
            namespace,
        })
    }
}

impl Workload {
    pub(crate) fn read(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        let kind = match fields.text("kind", problems) {
            Some(text) => WorkloadKind::read(text, &at.name("kind"), problems),
            None => Some(WorkloadKind::default()),
        };
        let known = problems.len();
        let namespace = fields.text("namespace", problems).unwrap_or_default().to_owned();
        if namespace.is_empty() && problems.len() == known {
            let problem = Problem::new(&at.name("namespace"), "`workload.namespace` is missing or empty");
            problems.push(problem.help("write it; it decides which policies apply"));
        }
        let service_account = fields
            .text("serviceAccount", problems)
            .unwrap_or_default()
            .to_owned();
        let mut labels = BTreeMap::new();
        for (name, value) in fields.text_map("labels", problems).unwrap_or_default() {
            labels.insert(name, value);
        }
        let at_services = at.name("services");
        let written = fields.list("services", problems).unwrap_or(&[]);
        let services: Vec<Service> = written
            .iter()
            .enumerate()
            .filter_map(|(index, value)| Service::read(value, &at_services.index(index), problems))
            .collect();
        if !written.is_empty() && kind.is_some_and(|kind| kind != WorkloadKind::Waypoint) {
            let problem = Problem::new(&at_services, "only a waypoint has `services`");
            problems.push(problem.help("write `kind: waypoint`, or remove them"));
        }
        fields.finish(problems);
        Some(Self {
            kind: kind?,
            namespace,
            service_account,
            labels,
            services,
        })
    }

    /// The name of the Gateway API gateway that it is a proxy of; `None` for an ordinary workload.
    pub(crate) fn gateway_name(&self) -> Option<&str> {
        self.labels.get(GATEWAY_NAME).map(String::as_str)
    }
}
