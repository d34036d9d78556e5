//! The client side: what a workload's Envoy does with the connections that the workload opens.
//!
//! For each port of each service there is a listener on loopback and a cluster behind it. Whether the cluster speaks TLS, and
//! which, is what Istio makes of the `DestinationRule` that applies; where none says anything it is auto mutual TLS: an endpoint
//! whose pod has the label `security.istio.io/tlsMode: istio`, and whose `PeerAuthentication` is not DISABLE, gets mutual TLS,
//! any other plaintext (`pilot/pkg/networking/core/cluster_tls.go`).

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
use super::bootstrap::{Bootstrap, Layout, Sides};
use crate::description::{PortProtocol, Socket};
use crate::template::{self, Unfilled};
use description::{Description, Port, Service};
use rule::DestinationRule;
use servers::Servers;

/// A workload's side of the connections that it opens, ready to be written.
#[derive(Debug)]
pub struct Client {
    bootstrap: Bootstrap,
    admin: Option<Socket>,
    /// Of each port of each service, what the templates of its listener and of its cluster are filled with.
    ports: Vec<serde_json::Value>,
}

impl Client {
    /// Reads a description, as `render client` documents it, `DestinationRule`s, and the servers' policies.
    ///
    /// # Errors
    /// Everything that is wrong. A path begins with `rules[N]` for the Nth rule, with `resources[N]` for the Nth policy, and is from
    /// the description's root otherwise.
    pub fn new(description: &Value, rules: &[Value], policies: &[Value]) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let read = Description::read(description, &At::ROOT, &mut problems);
        let places: Vec<String> = (0..rules.len()).map(|index| format!("rules[{index}]")).collect();
        let read_rules: Vec<DestinationRule> = rules
            .iter()
            .zip(&places)
            .filter_map(|(rule, place)| DestinationRule::read(rule, &At::place(place), &mut problems))
            .collect();
        let description = problems.into_result(read)?;
        let mut problems = Problems::default();
        unique::check(&description.services, description.admin.as_ref(), &mut problems);
        problems.into_result(Some(()))?;
        let mut servers = Servers::read(&description, policies)?;

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
                let sockets = tls::Sockets::of(&description, service, port, rule, &takes, &at, &mut problems);
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
    /// A template that is wrong: a mistake of this crate.
    pub fn file(&self) -> Result<File, Unfilled> {
        self.bootstrap
            .file(self.admin.as_ref(), &self.sides(Layout::Static)?)
    }

    /// The configuration in files that Envoy takes in while it runs, in the order in which they are to be replaced. `folder` is where
    /// Envoy finds them.
    ///
    /// # Errors
    /// As [`Client::file`].
    pub fn files(&self, folder: &str) -> Result<Vec<File>, Unfilled> {
        let sides = self.sides(Layout::Discovered(folder))?;
        self.bootstrap.files(folder, self.admin.as_ref(), &sides)
    }

    fn sides(&self, layout: Layout<'_>) -> Result<Sides, Unfilled> {
        let all = |name: &str| -> Result<String, Unfilled> {
            let fill = |port: &serde_json::Value| {
                let mut port = port.clone();
                port["discovered"] = layout.is_discovered().into();
                template::fill(name, port)
            };
            self.ports.iter().map(fill).collect()
        };
        Ok(Sides {
            listeners: all("client/listener.yaml")?,
            says: "Where the workload calls its services.",
            clusters: all("client/cluster.yaml")?,
            clusters_say: "How each port of a service is called.",
        })
    }
}

fn filled(
    service: &Service,
    port: &Port,
    rule: Option<&DestinationRule>,
    takes: &[bool],
    sockets: &tls::Sockets,
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
