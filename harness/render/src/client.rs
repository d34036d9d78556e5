//! The client side: what a workload's Envoy does with outbound connections.
//!
//! For each port of each service there is a listener on loopback and a cluster behind it. Whether the cluster uses TLS, and which,
//! follows from the `DestinationRule` that applies, as in Istio. If none sets it, auto mutual TLS applies: an endpoint whose pod
//! has the label `security.istio.io/tlsMode: istio`, and whose `PeerAuthentication` is not DISABLE, gets mutual TLS, any other
//! plaintext (`pilot/pkg/networking/core/cluster_tls.go`).

mod choose;
mod description;
mod rule;
mod servers;
mod tls;
mod unique;

use peerwarden_engine::Problems;
use peerwarden_engine::document::{At, Value};
use serde_json::json;

use super::File;
use super::bootstrap::{Bootstrap, Layout, XdsResources};
use crate::description::{PortProtocol, Socket};
use crate::template::{self, TemplateError};
use description::{ClientDescription, Service, ServicePort};
use rule::DestinationRule;
use servers::ServerPolicies;

/// The outbound side of a workload, ready to be rendered.
#[derive(Debug)]
pub struct Client {
    bootstrap: Bootstrap,
    admin: Option<Socket>,
    /// For each port of each service, the context of the templates of its listener and its cluster.
    ports: Vec<serde_json::Value>,
}

impl Client {
    /// Reads a description, as `render client` documents it, `DestinationRule`s, and the servers' policies.
    ///
    /// # Errors
    ///
    /// If they are invalid; all mistakes are reported. A path begins with `rules[N]` for the Nth rule, with
    /// `resources[N]` for the Nth policy, and is from the description's root otherwise.
    pub fn new(description: &Value, rules: &[Value], policies: &[Value]) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let read = ClientDescription::read(description, &At::ROOT, &mut problems);
        let at_rules = At::ROOT.name("rules");
        let read_rules: Vec<DestinationRule> = rules
            .iter()
            .enumerate()
            .filter_map(|(index, rule)| DestinationRule::read(rule, &at_rules.index(index), &mut problems))
            .collect();
        let description = problems.into_result(read)?;
        let mut problems = Problems::default();
        unique::check(&description.services, description.admin.as_ref(), &mut problems);
        problems.into_result(Some(()))?;
        let mut servers = ServerPolicies::read(&description, policies)?;

        let mut problems = Problems::default();
        let mut ports = Vec::new();
        let at = At::ROOT.name("services");
        for (index, service) in description.services.iter().enumerate() {
            let at = at.index(index);
            let endpoints = service.endpoints.iter();
            let endpoints: Vec<_> = endpoints
                .map(|endpoint| servers.takes(service, endpoint))
                .collect::<Result<_, _>>()?;
            let rule = choose::choose(&read_rules, &description, service, &mut problems);
            for port in &service.ports {
                let takes: Vec<bool> = endpoints
                    .iter()
                    .map(|endpoint| endpoint.mutual_tls(port))
                    .collect();
                let sockets =
                    tls::ClusterTransport::of(&description, service, port, rule, &takes, &at, &mut problems);
                ports.extend(sockets.map(|sockets| filled(service, port, rule, &takes, &sockets)));
            }
        }
        Ok(Self {
            bootstrap: Bootstrap::new("client", &description.namespace, &description.service_account),
            admin: description.admin,
            ports: problems.into_result(Some(ports))?,
        })
    }

    /// The whole configuration in one file.
    ///
    /// # Errors
    /// If a template is wrong: a bug in this crate.
    pub fn file(&self) -> Result<File, TemplateError> {
        self.bootstrap
            .file(self.admin.as_ref(), &self.sides(Layout::Static)?)
    }

    /// The configuration in files that Envoy reloads while it runs, in the order in which they must be replaced. `folder` is where
    /// Envoy finds them.
    ///
    /// # Errors
    /// As [`Client::file`].
    pub fn files(&self, folder: &str) -> Result<Vec<File>, TemplateError> {
        let sides = self.sides(Layout::Discovered(folder))?;
        self.bootstrap.files(folder, self.admin.as_ref(), &sides)
    }

    fn sides(&self, layout: Layout<'_>) -> Result<XdsResources, TemplateError> {
        let all = |name: &str| -> Result<String, TemplateError> {
            let fill = |port: &serde_json::Value| {
                let mut port = port.clone();
                port["discovered"] = layout.is_discovered().into();
                template::fill(name, port)
            };
            self.ports.iter().map(fill).collect()
        };
        Ok(XdsResources {
            listeners: all("client/listener.yaml")?,
            says: "Listeners for the services that the workload calls.",
            clusters: all("client/cluster.yaml")?,
            clusters_say: "Clusters for the ports of these services.",
        })
    }
}

fn filled(
    service: &Service,
    port: &ServicePort,
    rule: Option<&DestinationRule>,
    takes: &[bool],
    sockets: &tls::ClusterTransport,
) -> serde_json::Value {
    let endpoints = service.endpoints.iter().zip(takes).map(|(endpoint, takes)| {
        json!({"address": endpoint.address, "port": port.target, "mutual": sockets.auto && *takes})
    });
    json!({
        "name": format!("outbound|{}||{}", port.number, service.host),
        "listen": port.listen,
        "http": port.protocol.is_http(),
        "http2": port.protocol == PortProtocol::Http2,
        "why": sockets.why(rule),
        "ignored": rule.map(|rule| rule.ignored.join(", ")).unwrap_or_default(),
        "auto": sockets.auto,
        "socket": sockets.socket,
        "endpoints": endpoints.collect::<Vec<_>>(),
    })
}
