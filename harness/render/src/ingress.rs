//! The edge: an ingress that accepts only TLS.
//!
//! Data flow: `gateway`, `server` and `tls` read `Gateway` documents, `route` and `description` the rest; `check` refuses
//! inconsistencies; `virtual_host` chooses the hosts that a server answers for, and `listener` fills the templates. Plaintext is at
//! most redirected, and no client reaches a server's applications by another server's name.

mod check;
mod description;
mod gateway;
mod host;
mod listener;
mod route;
mod server;
mod tls;
mod virtual_host;

use std::collections::BTreeMap;

use peerwarden_engine::Problems;
use peerwarden_engine::document::{At, Value};

use super::File;
use super::assembly::Assembly;
use super::bootstrap::{Layout, XdsResources};
use super::cluster;
use super::plugin::{self, DecisionScope, Plugin};
use super::refusal_log;
use super::tokens::Tokens;
use crate::template::TemplateError;
use description::GatewayDescription;
use gateway::Gateway;
use server::Server;

/// A gateway at the edge, ready to be rendered.
#[derive(Debug)]
pub struct Ingress {
    description: GatewayDescription,
    servers: Vec<Server>,
    plugins: Vec<Plugin>,
    assembly: Assembly,
    tokens: Tokens,
}

impl Ingress {
    /// Reads a description, `Gateway` documents, and the policies of the mesh.
    ///
    /// # Errors
    ///
    /// If they are invalid; all mistakes are reported. Paths that begin with `gateways[…]` are in the `Gateway`s, those
    /// with `resources[…]` in the policies, all others in the description.
    pub fn new(description: &Value, gateways: &[Value], resources: &[Value]) -> Result<Self, Problems> {
        let read = GatewayDescription::read(description);
        let of_gateway = description::of_gateway(description);
        let assembly = Assembly::new("ingress", &of_gateway, resources);
        let (description, assembly) = match (read, assembly) {
            (Ok(read), Ok(assembly)) => (read, assembly),
            (read, assembly) => return Err(plugin::all_problems(read.err(), assembly.err())),
        };
        let mut problems = Problems::default();
        let mut servers = Vec::new();
        let at = At::ROOT.name("gateways");
        for (index, value) in gateways.iter().enumerate() {
            let gateway = Gateway::read(value, &at.index(index), &description.credentials, &mut problems);
            let selected = gateway.filter(|gateway| gateway.selects(&description.labels));
            servers.extend(selected.into_iter().flat_map(|gateway| gateway.servers));
        }
        problems.into_result(Some(()))?;
        check::all(&servers, &description.routes)?;
        let tokens = Tokens::new(&assembly.config, &description.proxy)?;
        let lock = Value::Bool(description.proxy.lock);
        Ok(Self {
            description,
            servers,
            plugins: vec![Plugin::new(DecisionScope::Requests, &of_gateway, resources, lock)],
            assembly,
            tokens,
        })
    }

    /// The whole configuration in one file.
    ///
    /// # Errors
    /// If a template is wrong: a bug in this crate.
    pub fn file(&self) -> Result<File, TemplateError> {
        self.assembly
            .file(&self.description.proxy, &self.sides(Layout::Static)?)
    }

    /// The limit, in lines per second, on the log of what is refused before any filter, if [`Ingress::file`] cannot express it:
    /// Envoy reads the limit from a file of its own. `None` if no limit is set.
    pub fn limit_without_place(&self) -> Option<u32> {
        refusal_log::without_place(&self.description.proxy)
    }

    /// The configuration in files that Envoy reloads while it runs, in the order in which they must be replaced. `folder` is where
    /// Envoy finds them.
    ///
    /// # Errors
    /// As [`Ingress::file`].
    pub fn files(&self, folder: &str) -> Result<Vec<File>, TemplateError> {
        let sides = self.sides(Layout::Discovered(folder))?;
        self.assembly
            .files(folder, &self.description.proxy, &self.plugins, &sides)
    }

    fn sides(&self, layout: Layout<'_>) -> Result<XdsResources, TemplateError> {
        let mut ports: BTreeMap<u16, Vec<&Server>> = BTreeMap::new();
        for server in &self.servers {
            ports.entry(server.port).or_default().push(server);
        }
        let listeners = ports
            .iter()
            .map(|(port, servers)| self.listener(*port, servers, layout));
        let routes = self.description.routes.iter();
        let clusters = routes.map(|route| cluster::context(&route.cluster(), &route.upstream, route.http2));
        Ok(XdsResources {
            listeners: listeners.collect::<Result<_, _>>()?,
            says: "The gateway's ports.",
            clusters: self.assembly.clusters(clusters, layout)?
                + &self.tokens.clusters(layout.is_discovered())?,
            clusters_say: "The application's endpoints.",
        })
    }
}
