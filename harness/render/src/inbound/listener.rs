//! One listener: its filter chains, with the module in each.

use peerwarden_engine::Enforcement;
use peerwarden_engine::resource::MtlsMode;
use serde_json::json;

use super::{Inbound, Layout, chain, name};
use crate::description::{Port, PortProtocol};
use crate::refusal_log;
use crate::template::{self, TemplateError};

impl Inbound {
    pub(super) fn listener(&self, port: &Port, layout: Layout<'_>) -> Result<String, TemplateError> {
        let (mode, set_by) = self.assembly.program.mtls_mode(port.port);
        let mode = match mode {
            MtlsMode::Strict => "STRICT",
            MtlsMode::Disable => "DISABLE",
            MtlsMode::Permissive | MtlsMode::Unset => "PERMISSIVE",
        };
        let says = match set_by {
            Some(by) => format!("{mode}, by PeerAuthentication {}/{}", by.namespace, by.name),
            None => format!("{mode}: no PeerAuthentication sets a mode"),
        };
        let filter = self
            .plugin(port)
            .map(|plugin| plugin.filter(&self.description.proxy.module, layout));
        let context = json!({
            "name": name(port),
            "says": says,
            "port": {"port": port.port},
            "address": self.description.proxy.address,
            "mode": mode,
            "discovered": layout.is_discovered(),
            "inspected": self.is_inspected(port),
            // With TLS of the application's own, the client always sends first, and a policy may read the server name.
            "continues": port.protocol != PortProtocol::Tls,
            "chains": chain::all(self.assembly.program.mtls_mode(port.port).0, port.protocol),
            "http": port.protocol.is_http(),
            "holds": port.enforcement == Enforcement::Hold,
            "tls": self.tls(),
            "edge": null,
            "routes": "inbound/routes.yaml",
            "filter": filter.transpose()?,
            "tokens": self.tokens.filters()?,
            "refused_limit": refusal_log::limit(&self.description.proxy, layout),
            "access_log": self.description.proxy.access_log,
            "underscores": self.description.proxy.underscores.action(),
        });
        template::fill("inbound/listener.yaml", context)
    }

    /// Whether the client's first bytes are inspected for TLS and its server name. If neither can occur, an inspector
    /// would only wait, for ever if the server speaks first.
    fn is_inspected(&self, port: &Port) -> bool {
        match self.assembly.program.mtls_mode(port.port).0 {
            MtlsMode::Strict | MtlsMode::Permissive | MtlsMode::Unset => true,
            MtlsMode::Disable => port.protocol == PortProtocol::Tls,
        }
    }
}
