//! One listener: its chains of filters, the module in each.

use peerwarden_engine::resource::MtlsMode;
use serde_json::json;

use super::{Inbound, Layout, chain, name};
use crate::description::{Port, PortProtocol};
use crate::template::{self, Unfilled};

impl Inbound {
    pub(super) fn listener(&self, port: &Port, layout: Layout<'_>) -> Result<String, Unfilled> {
        let (mode, set_by) = self.program.mtls_mode(port.port);
        let mode = match mode {
            MtlsMode::Strict => "STRICT",
            MtlsMode::Disable => "DISABLE",
            MtlsMode::Permissive | MtlsMode::Unset => "PERMISSIVE",
        };
        let says = match set_by {
            Some(by) => format!("{mode}, by PeerAuthentication {}/{}", by.namespace, by.name),
            None => format!("{mode}, as no PeerAuthentication says otherwise"),
        };
        let filter = match (self.plugin(port), layout) {
            (None, _) => None,
            (Some(plugin), Layout::Static) => Some((plugin.name(), plugin.filter(&self.description.module)?)),
            (Some(plugin), Layout::Discovered(folder)) => {
                Some((plugin.name(), plugin.filter_discovered(folder)?))
            }
        };
        let context = json!({
            "name": name(port),
            "says": says,
            "port": {"port": port.port},
            "address": self.description.address,
            "mode": mode,
            "discovered": layout != Layout::Static,
            "inspected": self.is_inspected(port),
            "chains": chain::all(self.program.mtls_mode(port.port).0, port.protocol),
            "http": port.protocol.is_http(),
            "certificates": self.certificates(),
            "trusted": self.trusted,
            "filter": filter.map(|(name, text)| json!({"name": name, "text": text})),
            "access_log": self.description.access_log,
        });
        template::fill("inbound/listener.yaml", context)
    }

    /// Whether the client's first bytes are looked at: for TLS, and for the server name in it. Where neither can come it would
    /// only wait, for ever on a protocol whose server speaks first.
    fn is_inspected(&self, port: &Port) -> bool {
        match self.program.mtls_mode(port.port).0 {
            MtlsMode::Strict | MtlsMode::Permissive | MtlsMode::Unset => true,
            MtlsMode::Disable => port.protocol == PortProtocol::Tls,
        }
    }
}
