//! The description of a workload that a person writes beside its policies, so that its Envoy can be configured.
//!
//! ```yaml
//! workload: {namespace: shop, serviceAccount: orders, labels: {app: orders}}
//! certificates: {directory: /etc/certs}
//! ports:
//! - {port: 8080, protocol: HTTP, upstream: "127.0.0.1:18080"}
//! - {port: 3306, protocol: MySQL, upstream: "127.0.0.1:13306", enforcement: hold}
//! ```
//!
//! `workload`, `mesh`, `extensionProviders` and `openConnections` are those of the plugin's configuration; the engine reads them.

mod certificates;
mod field;
mod port;
mod proxy;
mod socket;
mod underscores;

pub use certificates::Certificates;
pub use port::{Port, PortProtocol};
pub use proxy::Proxy;
pub use socket::{Endpoint, Socket};
pub use underscores::Underscores;

pub(crate) use field::{ObjectName, port_number, required};
pub(crate) use socket::{is_name, shown};

use peerwarden_engine::document::{At, Fields, Value};
use peerwarden_engine::{Problem, Problems};

/// The description of one workload and of the Envoy in front of it.
#[derive(Debug, Clone)]
pub struct Description {
    /// The Envoy.
    pub proxy: Proxy,
    /// The workload's certificate, and the roots that it trusts.
    pub certificates: Certificates,
    /// The workload's ports; at least one.
    pub ports: Vec<Port>,
}

impl Description {
    /// Fields for the plugin's configuration, which are not read here.
    pub(crate) const OF_PLUGIN: [&'static str; 6] = [
        "workload",
        "mesh",
        "extensionProviders",
        "openConnections",
        "paths",
        "report",
    ];

    /// Reads a description, except the fields for the plugin.
    ///
    /// # Errors
    ///
    /// If it is invalid; all mistakes are reported, each with its path from the description's root.
    pub fn read(value: &Value) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let at = &At::ROOT;
        let Some(mut fields) = Fields::of(value, at, &mut problems) else {
            return Err(problems);
        };
        fields.ignore(&Self::OF_PLUGIN);
        if value.get("workload").is_none() {
            let problem = Problem::new(at, "`workload` is missing");
            problems.push(problem.help(
                "write the workload that the policies select: `workload: {namespace: …, labels: \
                                    {…}}`",
            ));
        }
        let proxy = Proxy::read(&mut fields, at, &mut problems);
        let certificates = match fields.take("certificates") {
            Some(value) => Certificates::read(value, &at.name("certificates"), &mut problems),
            None => Some(Certificates::default()),
        };
        let ports = port::read_all(&mut fields, at, &mut problems);
        fields.finish(&mut problems);
        if let Some(proxy) = &proxy {
            port::collide(&ports, proxy, &mut problems);
        }
        let description = proxy.zip(certificates).map(|(proxy, certificates)| Self {
            proxy,
            certificates,
            ports,
        });
        problems.into_result(description)
    }
}
