//! The workloads and services beside the policies, as far as lints need them; anything malformed is skipped.

use std::collections::BTreeMap;
use std::sync::Arc;

use peerwarden_documents::documents::{Document, OtherDocuments};
use peerwarden_documents::source::{Place, Source};
use peerwarden_documents::yaml::{self, Node};
use peerwarden_engine::resource::MtlsMode;
use peerwarden_engine::{Program, RuleId};

/// The label, and formerly the annotation, that says whether a pod has its own Envoy.
pub(crate) const INJECT: &str = "sidecar.istio.io/inject";

/// A document that runs pods.
pub(crate) struct Workload<'d> {
    /// A title, such as `Deployment shop/orders`.
    pub(crate) title: String,
    pub(crate) namespace: String,
    labels: BTreeMap<String, String>,
    service_account: String,
    pub(crate) source: Arc<Source>,
    annotations: Option<&'d Node>,
    replicas: Option<&'d Node>,
    /// The containers of the application, and native sidecars; without init containers.
    pub(crate) containers: Vec<&'d Node>,
}

/// A port that a container declares.
pub(crate) struct ContainerPort<'d> {
    pub(crate) number: u16,
    pub(crate) name: &'d str,
    /// The node of its number.
    pub(crate) node: &'d Node,
}

/// A port of a service that leads to a port of a workload.
pub(crate) struct ServicePort<'d> {
    /// The host that clients call, `orders.shop`, and the service's namespace.
    pub(crate) service: &'d str,
    pub(crate) number: u16,
    pub(crate) name: &'d str,
    pub(crate) app_protocol: &'d str,
    /// The port of the workload.
    pub(crate) target: u16,
}

impl<'d> Workload<'d> {
    /// All that have an Envoy, as far as they say.
    pub(crate) fn all(others: &'d OtherDocuments) -> Vec<Self> {
        let of = |document| Self::of(document);
        others.workloads().filter_map(of).collect()
    }

    fn of(document: &'d Document) -> Option<Self> {
        let kind = document.text("kind");
        let pod = document.pod()?;
        let metadata = |name| document.node.at(&["metadata", name]).and_then(Node::as_str);
        let namespace = metadata("namespace").unwrap_or("default");
        let name = metadata("name")
            .or_else(|| metadata("generateName"))
            .unwrap_or_default();
        let account = pod.at(&["spec", "serviceAccountName"]).and_then(Node::as_str);
        let begin = pod
            .at(&["spec", "initContainers"])
            .and_then(Node::as_list)
            .unwrap_or(&[]);
        // <https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/>
        let stays =
            |container: &&Node| container.get("restartPolicy").and_then(Node::as_str) == Some("Always");
        let native_sidecars: Vec<&Node> = begin.iter().filter(stays).collect();
        let workload = Self {
            title: format!("{kind} {namespace}/{name}"),
            namespace: namespace.to_owned(),
            labels: texts(pod.at(&["metadata", "labels"])),
            service_account: account.unwrap_or("default").to_owned(),
            source: Arc::clone(&document.source),
            annotations: pod.at(&["metadata", "annotations"]),
            replicas: document.node.at(&["spec", "replicas"]),
            containers: [
                native_sidecars,
                pod.at(&["spec", "containers"])?.as_list()?.iter().collect(),
            ]
            .concat(),
        };
        let refuses = workload.labels.get(INJECT).map(String::as_str) == Some("false")
            || workload.annotation(INJECT).and_then(Node::as_str) == Some("false");
        (!refuses).then_some(workload)
    }

    pub(crate) fn annotation(&self, name: &str) -> Option<&'d Node> {
        self.annotations?.get(name)
    }

    /// How many pods it runs, if it says.
    pub(crate) fn replicas(&self) -> Option<u16> {
        self.replicas?.as_port()
    }

    pub(crate) fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(String::as_str)
    }

    pub(crate) fn place(&self, node: &Node) -> Place {
        yaml::place(&self.source, &node.location)
    }

    /// The ports that its containers declare.
    pub(crate) fn ports(&self) -> Vec<ContainerPort<'d>> {
        let of_container =
            |container: &&'d Node| container.get("ports").and_then(Node::as_list).unwrap_or(&[]);
        let port = |port: &'d Node| {
            let node = port.get("containerPort")?;
            Some(ContainerPort {
                number: node.as_port()?,
                name: port.get("name").and_then(Node::as_str).unwrap_or_default(),
                node,
            })
        };
        self.containers
            .iter()
            .flat_map(of_container)
            .filter_map(port)
            .collect()
    }

    /// The ports that probes and the Prometheus annotation mention.
    pub(crate) fn asked_ports(&self) -> Vec<u16> {
        let probes = ["livenessProbe", "readinessProbe", "startupProbe"];
        let ways = ["httpGet", "tcpSocket", "grpc"];
        let asked = self.containers.iter().flat_map(|container| {
            let probes = probes.iter().filter_map(|probe| container.get(probe));
            probes.flat_map(|probe| ways.iter().filter_map(|way| probe.at(&[way, "port"])))
        });
        let scraped = self.annotation("prometheus.io/port");
        asked
            .chain(scraped)
            .filter_map(|port| self.resolve(port))
            .collect()
    }

    /// The ports of the services that lead here.
    pub(crate) fn services<'o>(&self, others: &'o OtherDocuments) -> Vec<ServicePort<'o>> {
        let mut found = Vec::new();
        for service in others.of_namespace("Service", &self.namespace) {
            let metadata = |name| service.node.at(&["metadata", name]).and_then(Node::as_str);
            let selector = texts(service.node.at(&["spec", "selector"]));
            let selects = !selector.is_empty()
                && selector
                    .iter()
                    .all(|(name, value)| self.labels.get(name) == Some(value));
            if !selects {
                continue;
            }
            let ports = service
                .node
                .at(&["spec", "ports"])
                .and_then(Node::as_list)
                .unwrap_or(&[]);
            found.extend(ports.iter().filter_map(|port| {
                let text = |name| port.get(name).and_then(Node::as_str).unwrap_or_default();
                let number = port.get("port")?.as_port()?;
                let target = match port.get("targetPort") {
                    None => number,
                    Some(target) => self.resolve(target)?,
                };
                Some(ServicePort {
                    service: metadata("name")?,
                    number,
                    name: text("name"),
                    app_protocol: text("appProtocol"),
                    target,
                })
            }));
        }
        found
    }

    /// Its ports, and whether each carries HTTP, by the names and `appProtocol`s of services and containers
    /// (<https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/>).
    pub(crate) fn protocols(&self, others: &OtherDocuments) -> BTreeMap<u16, Option<bool>> {
        let mut ports: BTreeMap<u16, Option<bool>> = BTreeMap::new();
        let mut say = |port, says: Option<bool>| {
            let known = ports.entry(port).or_default();
            // One service with another protocol is enough.
            *known = match (*known, says) {
                (Some(known), Some(says)) => Some(known && says),
                (known, says) => known.or(says),
            };
        };
        for service in self.services(others) {
            say(
                service.target,
                carries_http(service.app_protocol).or_else(|| carries_http(service.name)),
            );
        }
        for port in self.ports() {
            say(port.number, carries_http(port.name));
        }
        ports
    }

    /// The number of a port, given by number or by a container's name for it.
    pub(crate) fn resolve(&self, port: &Node) -> Option<u16> {
        let named = || {
            let name = port.as_str()?;
            let ports = self.ports();
            let known = ports.iter().find(|port| port.name == name);
            known.map(|port| port.number).or_else(|| name.parse().ok())
        };
        port.as_port().or_else(named)
    }

    pub(crate) fn labels(&self) -> &BTreeMap<String, String> {
        &self.labels
    }

    /// The workload in the engine's terms.
    pub(crate) fn selected(&self) -> peerwarden_engine::Workload {
        peerwarden_engine::Workload {
            namespace: self.namespace.clone(),
            service_account: self.service_account.clone(),
            labels: self.labels.clone(),
            ..peerwarden_engine::Workload::default()
        }
    }
}

/// Whether a port of this name carries HTTP, if the name tells: its first part, as Istio reads it. TLS that the
/// application terminates itself is not HTTP to Envoy.
fn carries_http(name: &str) -> Option<bool> {
    let first = name.split('-').next().unwrap_or_default().to_ascii_lowercase();
    match first.as_str() {
        "http" | "http2" | "grpc" | "h2c" | "kubernetes.io/h2c" | "kubernetes.io/ws" => Some(true),
        "tcp" | "udp" | "tls" | "https" | "mysql" | "mongo" | "redis" | "postgres" | "postgresql"
        | "kafka" | "amqp" => Some(false),
        _ => None,
    }
}

/// The document that gives a port this mode. Without one, documents elsewhere may set it.
pub(crate) fn sets(program: &Program, port: u16, wanted: MtlsMode) -> Option<&RuleId> {
    let (mode, by) = program.mtls_mode(port);
    by.filter(|_| mode == wanted)
}

/// `PeerAuthentication NAMESPACE/NAME`.
pub(crate) fn title(by: &RuleId) -> String {
    format!("PeerAuthentication {}/{}", by.namespace, by.name)
}

fn texts(node: Option<&Node>) -> BTreeMap<String, String> {
    let entries = node.map(Node::entries).unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| Some((entry.name.clone(), entry.value.as_str()?.to_owned())))
        .collect()
}
