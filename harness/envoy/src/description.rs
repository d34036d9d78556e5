//! What a person says of a workload, beside its policies, so that its Envoy can be configured.
//!
//! ```yaml
//! workload: {namespace: shop, serviceAccount: orders, labels: {app: orders}}
//! certificates: {directory: /etc/certs}
//! ports:
//! - {port: 8080, protocol: HTTP, upstream: "127.0.0.1:18080"}
//! - {port: 3306, protocol: MySQL, upstream: "127.0.0.1:13306"}
//! ```
//!
//! `workload`, `mesh` and `extensionProviders` are those of the plugin's configuration, and read by the engine.

mod certificates;
mod port;
mod socket;

pub use certificates::Certificates;
pub use port::{Port, PortProtocol};
pub use socket::{Endpoint, Socket};

use std::net::{IpAddr, Ipv4Addr};

use peerwarden_engine::document::{At, Fields, Value};
use peerwarden_engine::{Problem, Problems};

/// The description of one workload and of the Envoy before it.
#[derive(Debug, Clone)]
pub struct Description {
    /// Where Envoy finds the module; `/etc/envoy/peerwarden.wasm` when left out.
    pub module: String,
    /// What the workload shows and whom it trusts.
    pub certificates: Certificates,
    /// The address that the ports are bound to; `0.0.0.0` when left out.
    pub address: IpAddr,
    /// The workload's ports, at least one.
    pub ports: Vec<Port>,
    /// Where Envoy's administration listens, on loopback; `127.0.0.1:15000` when left out, as Istio has it.
    pub admin: Socket,
    /// Where Envoy writes its access log; `/dev/stdout` when left out.
    pub access_log: String,
}

impl Description {
    /// What is for the plugin's configuration and not read here.
    pub(crate) const OF_PLUGIN: [&'static str; 3] = ["workload", "mesh", "extensionProviders"];

    /// Reads a description, but for what is the plugin's.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its path from the description's root.
    pub fn read(value: &Value) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let at = &At::ROOT;
        let Some(mut fields) = Fields::of(value, at, &mut problems) else {
            return Err(problems);
        };
        fields.ignore(&Self::OF_PLUGIN);
        if value.get("workload").is_none() {
            let problem = Problem::new(at, "`workload` is missing");
            problems
                .push(problem.help("say whom the policies select: `workload: {namespace: …, labels: {…}}`"));
        }
        let module = fields
            .text("module", &mut problems)
            .unwrap_or("/etc/envoy/peerwarden.wasm");
        let access_log = fields.text("accessLog", &mut problems).unwrap_or("/dev/stdout");
        let certificates = match fields.take("certificates") {
            Some(value) => Certificates::read(value, &at.name("certificates"), &mut problems),
            None => Some(Certificates::default()),
        };
        let address = match fields.text("address", &mut problems) {
            Some(text) => socket::ip(text, &at.name("address"), &mut problems),
            None => Some(Ipv4Addr::UNSPECIFIED.into()),
        };
        let admin = match fields.text("admin", &mut problems) {
            Some(text) => Socket::loopback(text, &at.name("admin"), &mut problems),
            None => Some(Socket::new(Ipv4Addr::LOCALHOST.into(), 15000)),
        };
        let ports = port::read_all(&mut fields, at, &mut problems);
        fields.finish(&mut problems);
        let description = certificates
            .zip(address)
            .zip(admin)
            .map(|((certificates, address), admin)| Self {
                module: module.to_owned(),
                certificates,
                address,
                ports,
                admin,
                access_log: access_log.to_owned(),
            });
        problems.into_result(description)
    }
}
