//! The description of a client: the workload, its mesh and certificates, and the services that it calls.
//!
//! ```yaml
//! workload: {namespace: web, serviceAccount: frontend, labels: {app: frontend}}
//! mesh: {trustDomain: cluster.local, rootNamespace: istio-system}    # these are the defaults
//! certificates: {directory: /etc/certs}                             # or {sds: /etc/sds}
//! admin: 127.0.0.1:15000                                            # none when left out
//! services:
//! - host: orders.shop.svc.cluster.local
//!   namespace: shop
//!   ports:
//!   - {port: 8080, targetPort: 8080, protocol: HTTP, listen: 15001}
//!   endpoints:
//!   - address: 10.0.0.7
//!     serviceAccount: orders
//!     labels: {app: orders, security.istio.io/tlsMode: istio}
//! ```

use std::net::IpAddr;

use peerwarden_engine::document::{At, Fields, Value};
use peerwarden_engine::{Mesh, Problem, Problems};

use crate::description::{Certificates, PortProtocol, Socket, port_number, required};

/// A client, and the services that it calls.
pub(super) struct ClientDescription {
    pub(super) namespace: String,
    /// Empty if unknown.
    pub(super) service_account: String,
    pub(super) labels: Vec<(String, String)>,
    pub(super) mesh: Mesh,
    pub(super) certificates: Certificates,
    /// The address of Envoy's administration, if any; none by default, as Istio's default belongs to the Envoy in front
    /// of the workload.
    pub(super) admin: Option<Socket>,
    pub(super) services: Vec<Service>,
}

/// A service that the client calls.
pub(super) struct Service {
    pub(super) host: String,
    pub(super) namespace: String,
    pub(super) ports: Vec<ServicePort>,
    pub(super) endpoints: Vec<ServiceEndpoint>,
}

/// A port of a service.
pub(super) struct ServicePort {
    pub(super) number: u16,
    /// The workload's own port.
    pub(super) target: u16,
    /// The port on loopback on which the client's Envoy listens for it.
    pub(super) listen: u16,
    pub(super) protocol: PortProtocol,
}

/// A pod behind a service.
pub(super) struct ServiceEndpoint {
    pub(super) address: String,
    pub(super) service_account: Option<String>,
    pub(super) labels: Vec<(String, String)>,
}

impl ServiceEndpoint {
    /// Whether it has the label that Istio's injection sets.
    pub(super) fn has_sidecar(&self) -> bool {
        let label =
            |(name, value): &(String, String)| name == "security.istio.io/tlsMode" && value == "istio";
        self.labels.iter().any(label)
    }
}

impl ClientDescription {
    pub(super) fn read(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        let empty = Value::Object(Vec::new());

        let at_workload = at.name("workload");
        let mut workload = Fields::of(fields.take("workload").unwrap_or(&empty), &at_workload, problems)?;
        let namespace = required(&mut workload, "namespace", &at_workload, problems);
        let service_account = workload.text("serviceAccount", problems).unwrap_or_default();
        let labels = workload.text_map("labels", problems).unwrap_or_default();
        workload.finish(problems);

        let at_mesh = at.name("mesh");
        let mut mesh_fields = Fields::of(fields.take("mesh").unwrap_or(&empty), &at_mesh, problems)?;
        let mut mesh = Mesh::default();
        for (name, value) in [
            ("rootNamespace", &mut mesh.root_namespace),
            ("trustDomain", &mut mesh.trust_domain),
        ] {
            if let Some(text) = mesh_fields.text(name, problems) {
                text.clone_into(value);
            }
        }
        mesh_fields.finish(problems);

        let at_certificates = at.name("certificates");
        let certificates = match fields.take("certificates") {
            Some(value) => Certificates::read(value, &at_certificates, problems),
            None => Some(Certificates::default()),
        };
        let admin = fields.text("admin", problems);
        let admin = admin.and_then(|text| Socket::loopback(text, &at.name("admin"), problems));

        let at_services = at.name("services");
        let written = fields.list("services", problems).unwrap_or(&[]);
        let services: Vec<Service> = written
            .iter()
            .enumerate()
            .filter_map(|(index, value)| Service::read(value, &at_services.index(index), problems))
            .collect();
        if written.is_empty() {
            let problem = Problem::new(&at_services, "`services` is missing or empty");
            problems.push(problem.help("name the services that the workload calls"));
        }
        fields.finish(problems);
        Some(Self {
            namespace: namespace?,
            service_account: service_account.to_owned(),
            labels,
            mesh,
            certificates: certificates?,
            admin,
            services,
        })
    }
}

impl Service {
    fn read(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        let host = required(&mut fields, "host", at, problems);
        let namespace = required(&mut fields, "namespace", at, problems);
        let at_ports = at.name("ports");
        let written = fields.list("ports", problems).unwrap_or(&[]);
        let ports: Vec<ServicePort> = written
            .iter()
            .enumerate()
            .filter_map(|(index, value)| ServicePort::read(value, &at_ports.index(index), problems))
            .collect();
        let at_endpoints = at.name("endpoints");
        let listed = fields.list("endpoints", problems).unwrap_or(&[]);
        let endpoints: Vec<ServiceEndpoint> = listed
            .iter()
            .enumerate()
            .filter_map(|(index, value)| ServiceEndpoint::read(value, &at_endpoints.index(index), problems))
            .collect();
        for (name, list) in [("ports", written), ("endpoints", listed)] {
            if list.is_empty() {
                problems.push(Problem::new(
                    &at.name(name),
                    format!("`{name}` is missing or empty"),
                ));
            }
        }
        fields.finish(problems);
        Some(Self {
            host: host?,
            namespace: namespace?,
            ports,
            endpoints,
        })
    }
}

impl ServicePort {
    fn read(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        let mut port = |name| {
            fields
                .take(name)
                .map(|value| port_number(value, &at.name(name), problems))
        };
        let (number, target, listen) = (port("port"), port("targetPort"), port("listen"));
        let protocol = fields.text("protocol", problems).unwrap_or("TCP");
        let protocol = PortProtocol::read(protocol, &at.name("protocol"), problems);
        for (name, port) in [("port", number), ("listen", listen)] {
            if port.is_none() {
                problems.push(Problem::new(&at.name(name), format!("`{name}` is missing")));
            }
        }
        fields.finish(problems);
        let number = number??;
        Some(Self {
            number,
            target: target.map_or(Some(number), |target| target)?,
            listen: listen??,
            protocol: protocol?,
        })
    }
}

impl ServiceEndpoint {
    fn read(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        let address = required(&mut fields, "address", at, problems);
        if let Some(address) = address
            .as_deref()
            .filter(|address| address.parse::<IpAddr>().is_err())
        {
            let problem = Problem::new(&at.name("address"), format!("`{address}` is not an IP address"));
            problems.push(problem.help("write the address of the pod"));
        }
        let service_account = fields.text("serviceAccount", problems).map(str::to_owned);
        let labels = fields.text_map("labels", problems).unwrap_or_default();
        fields.finish(problems);
        Some(Self {
            address: address?,
            service_account,
            labels,
        })
    }
}
