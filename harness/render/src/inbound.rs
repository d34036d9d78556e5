//! The inbound side of a workload: a listener for each of its ports, with the module in each filter chain.
//!
//! Data flow: [`Inbound::new`] reads the description and compiles the policies with the engine, so that whatever the module would
//! refuse is refused here; `chain` lists the filter chains of a port, by its mutual TLS mode; `listener` fills the templates;
//! [`Inbound::file`] and [`Inbound::files`] combine them, in one file or in files that a running Envoy reloads when they are
//! replaced.

mod chain;
mod listener;

use peerwarden_engine::document::{At, Value};
use peerwarden_engine::{Problem, Problems};

use super::File;
use super::assembly::Assembly;
use super::bootstrap::{Layout, XdsResources};
use super::cluster;
use super::lock;
use super::plugin::{self, DecisionScope, Plugin};
use super::probes::Probes;
use super::refusal_log;
use super::tokens::Tokens;
use super::transport::{Bundle, Certificate, Roots, SanMatcher, SdsSecret, ServerTls, TrustDomainRoots};
use crate::description::{Certificates, Description, Port, PortProtocol};
use crate::template::TemplateError;
use crate::trust::Trust;

/// The inbound side of a workload, ready to be rendered.
#[derive(Debug)]
pub struct Inbound {
    description: Description,
    trust: Trust,
    plugins: Vec<Plugin>,
    assembly: Assembly,
    tokens: Tokens,
    probes: Option<Probes>,
}

impl Inbound {
    /// Reads a description, and the documents of the mesh.
    ///
    /// # Errors
    ///
    /// If either is invalid; all mistakes are reported. Paths that begin with `resources[…]` are in the documents, all
    /// others in the description.
    pub fn new(description: &Value, resources: &[Value]) -> Result<Self, Problems> {
        let read = Description::read(description);
        let assembly = Assembly::new("inbound", description, resources);
        let (description_read, assembly) = match (read, assembly) {
            (Ok(read), Ok(assembly)) => (read, assembly),
            (read, assembly) => return Err(plugin::all_problems(read.err(), assembly.err())),
        };
        let mut problems = Problems::default();
        let mesh = (&assembly.config.mesh, description.get("mesh"));
        let trust = Trust::read(mesh.0, mesh.1, &At::ROOT.name("mesh"), &mut problems);
        let trust = problems.into_result(Some(trust))?;
        let tokens = if description_read.ports.iter().any(|port| port.protocol.is_http()) {
            Tokens::new(&assembly.config, &description_read.proxy)?
        } else {
            Tokens::default()
        };
        let mut plugins: Vec<Plugin> = Vec::new();
        for port in &description_read.ports {
            let decides = DecisionScope::from(port);
            if !plugins.iter().any(|plugin| plugin.decides() == decides) {
                let lock = self::lock(&description_read, decides);
                plugins.push(Plugin::new(decides, description, resources, lock));
            }
        }
        Ok(Self {
            plugins,
            trust,
            description: description_read,
            assembly,
            tokens,
            probes: None,
        })
    }

    /// Also serves the kubelet's probes, on a separate port.
    ///
    /// # Errors
    ///
    /// If the workload itself uses this port.
    pub fn with_probes(mut self, probes: Probes) -> Result<Self, Problems> {
        let port = probes.port();
        if self.description.ports.iter().any(|own| own.port == port) {
            let mut problems = Problems::default();
            let problem = Problem::new(&At::ROOT, format!("{port} is also a port of the workload"));
            problems.push(problem.help("use another port for probes, here and in `render probes`"));
            return Err(problems);
        }
        self.probes = Some(probes);
        Ok(self)
    }

    /// The whole configuration in one file.
    ///
    /// # Errors
    /// If a template is wrong: a bug in this crate.
    pub fn file(&self) -> Result<File, TemplateError> {
        self.assembly
            .file(&self.description.proxy, &self.sides(Layout::Static)?)
    }

    /// The limit, in lines per second, on the log of what is refused before any filter, if [`Inbound::file`] cannot express it:
    /// Envoy reads the limit from a file of its own. `None` if no limit is set.
    pub fn limit_without_place(&self) -> Option<u32> {
        refusal_log::without_place(&self.description.proxy)
    }

    /// The configuration in files that Envoy reloads while it runs, in the order in which they must be replaced:
    /// policies first, as they decide what the listeners allow. `folder` is where Envoy finds them.
    ///
    /// # Errors
    ///
    /// As [`Inbound::file`].
    pub fn files(&self, folder: &str) -> Result<Vec<File>, TemplateError> {
        let sides = self.sides(Layout::Discovered(folder))?;
        self.assembly
            .files(folder, &self.description.proxy, &self.plugins, &sides)
    }

    fn sides(&self, layout: Layout<'_>) -> Result<XdsResources, TemplateError> {
        let ports = &self.description.ports;
        let listeners = ports.iter().map(|port| self.listener(port, layout));
        let mut listeners: String = listeners.collect::<Result<_, _>>()?;
        let own = ports.iter().map(|port| {
            let http2 = port.protocol == PortProtocol::Http2;
            cluster::context(&name(port), &port.upstream, http2)
        });
        let decides_connections = ports.iter().any(|port| !port.protocol.is_http());
        let nowhere = (self.description.proxy.lock && decides_connections).then(cluster::nowhere);
        let mut clusters = self.assembly.clusters(own.chain(nowhere), layout)?;
        clusters += &self.tokens.clusters(layout.is_discovered())?;
        if let Some(probes) = &self.probes {
            listeners += &probes.listener(self.description.proxy.address, layout.is_discovered())?;
            clusters += &probes.clusters(ports, layout.is_discovered())?;
        }
        Ok(XdsResources {
            listeners,
            says: "The workload's ports.",
            clusters,
            clusters_say: "The application's endpoints.",
        })
    }

    fn plugin(&self, port: &Port) -> Option<&Plugin> {
        let decides = DecisionScope::from(port);
        self.plugins.iter().find(|plugin| plugin.decides() == decides)
    }

    /// Mutual TLS with the certificates of the mesh.
    fn tls(&self) -> ServerTls {
        let (certificate, roots, folder) = match &self.description.certificates {
            Certificates::Directory(folder) => (
                Certificate::files(format!("{folder}/cert-chain.pem"), format!("{folder}/key.pem")),
                Roots::file(format!("{folder}/root-cert.pem")),
                folder,
            ),
            Certificates::Sds(folder) => {
                let secret = |name: &str, file: &str| SdsSecret {
                    sds: folder.clone(),
                    file: file.to_owned(),
                    name: name.to_owned(),
                };
                (
                    Certificate::Sds(secret("default", "certificate.yaml")),
                    Roots::sds(secret("ROOTCA", "validation.yaml")),
                    folder,
                )
            }
        };
        let own = self.trust.own();
        let (roots, names) = if self.trust.foreign().is_empty() {
            let prefixes = own
                .iter()
                .map(|domain| SanMatcher::uri_prefix(format!("spiffe://{domain}/")));
            (roots, prefixes.collect())
        } else {
            // The configuration of the SPIFFE validator does not come by SDS.
            (
                Roots::domains(self.domains(&format!("{folder}/root-cert.pem"))),
                Vec::new(),
            )
        };
        ServerTls {
            minimum: "TLSv1_2",
            certificate,
            validation: Some(roots),
            says: "Clients without a certificate of the mesh do not reach the filters.",
            names,
            names_say: "Only names of the mesh's trust domain and its aliases, as in Istio.",
        }
    }

    /// Each trust domain with its roots; `mesh` is the file of the mesh's roots.
    fn domains(&self, mesh: &str) -> Vec<TrustDomainRoots> {
        let own = self.trust.own().iter().map(|name| TrustDomainRoots {
            name: name.clone(),
            roots: Bundle::Filename(mesh.to_owned()),
        });
        let foreign = self.trust.foreign().iter().map(|foreign| TrustDomainRoots {
            name: foreign.name.clone(),
            roots: Bundle::InlineString(foreign.roots.clone()),
        });
        own.chain(foreign).collect()
    }
}

/// `lock` of the module's configuration for the ports with this kind of decision.
fn lock(description: &Description, decides: DecisionScope) -> Value {
    if !description.proxy.lock || decides == DecisionScope::Requests {
        return Value::Bool(description.proxy.lock);
    }
    let ports = description.ports.iter();
    let same = ports.filter(|port| DecisionScope::from(*port) == decides);
    let clusters: Vec<_> = same.map(|port| (port.port, name(port))).collect();
    lock::of_connections(&clusters)
}

/// The name of a port's listener, cluster and statistics.
fn name(port: &Port) -> String {
    format!("inbound-{}", port.port)
}
