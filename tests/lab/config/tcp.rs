//! The TCP proxy and the filters ahead of it.

use std::path::Path;

use serde_json::{Value, json};

use super::{Lock, Module, access_log, direct_remote_address, typed};

/// The settings of TCP. The defaults suit any protocol, including server-first ones: nothing is dialled before the handshake is
/// over, so that the module has seen the peer when the upstream's first byte arrives.
#[derive(Debug, Clone)]
pub struct Tcp {
    /// When the upstream is dialled.
    pub connect_mode: ConnectMode,
    /// What the client may send before that; required unless the mode is immediate.
    pub max_early_data_bytes: Option<u32>,
    /// Filters ahead of the module, as Envoy documents them.
    pub before: Vec<Value>,
    /// Filters behind the module.
    pub behind: Vec<Value>,
    /// The cluster that `tcp_proxy` names; the listener's own when left out.
    pub cluster: Option<&'static str>,
}

/// When `tcp_proxy` dials the upstream (Envoy 1.37 and later).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectMode {
    /// At accept: Envoy's default.
    Immediate,
    /// At the client's first data.
    OnDownstreamData,
    /// After the handshake.
    OnDownstreamTlsHandshake,
}

// === impl Tcp ===

impl Default for Tcp {
    fn default() -> Self {
        Self {
            connect_mode: ConnectMode::OnDownstreamTlsHandshake,
            max_early_data_bytes: Some(0),
            before: Vec::new(),
            behind: Vec::new(),
            cluster: None,
        }
    }
}

impl Tcp {
    /// Envoy's own defaults, in any version.
    pub fn immediate() -> Self {
        Self {
            connect_mode: ConnectMode::Immediate,
            max_early_data_bytes: None,
            before: Vec::new(),
            behind: Vec::new(),
            cluster: None,
        }
    }

    /// With both locks for TCP: a cluster without endpoints, and the filter behind the module.
    pub fn locked(self) -> Self {
        Self {
            behind: vec![Lock::Connection.filter()],
            cluster: Some(Lock::NOWHERE),
            ..self
        }
    }

    /// The filter that sets the direct peer for the module, whatever a PROXY header says.
    pub fn set_direct_remote_address() -> Value {
        let kind = "envoy.extensions.filters.network.set_filter_state.v3.Config";
        let fields = json!({"on_new_connection": [direct_remote_address()]});
        json!({"name": "envoy.filters.network.set_filter_state", "typed_config": typed(kind, fields)})
    }

    pub(super) fn render(&self, name: &str, module: Option<&Module>, access_log: &Path) -> Value {
        let mut proxy = json!({
            "stat_prefix": name,
            "cluster": self.cluster.unwrap_or(name),
            "access_log": [access_log::render(name, access_log)],
        });
        // Omitted for the default: Envoy before 1.37 does not know the field.
        if self.connect_mode != ConnectMode::Immediate {
            proxy["upstream_connect_mode"] = self.connect_mode.as_str().into();
        }
        if let Some(bytes) = self.max_early_data_bytes {
            proxy["max_early_data_bytes"] = bytes.into();
        }
        let mut filters = self.before.clone();
        filters.extend(module.map(Module::network_filter));
        filters.extend(self.behind.clone());
        let kind = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy";
        filters.push(json!({"name": "envoy.filters.network.tcp_proxy", "typed_config": typed(kind, proxy)}));
        filters.into()
    }
}

// === impl ConnectMode ===

impl ConnectMode {
    fn as_str(self) -> &'static str {
        match self {
            Self::Immediate => "IMMEDIATE",
            Self::OnDownstreamData => "ON_DOWNSTREAM_DATA",
            Self::OnDownstreamTlsHandshake => "ON_DOWNSTREAM_TLS_HANDSHAKE",
        }
    }
}
