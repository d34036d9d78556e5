//! The HTTP connection manager and the filters in it.

use std::path::Path;

use serde_json::{Value, json};

use super::{Lock, Module, Tcp, access_log, direct_remote_address, typed};

/// The settings of HTTP. The defaults are those of an Istio sidecar, and of docs/envoy.md.
#[derive(Debug, Clone)]
pub struct Http {
    /// Whether `/a/../b` becomes `/b` before any filter sees it.
    pub normalize_path: bool,
    /// Whether `//a` becomes `/a`.
    pub merge_slashes: bool,
    /// Whether the peer's address is the direct peer's, whatever `X-Forwarded-For` says.
    pub use_remote_address: bool,
    /// The number of trusted proxies in front of this one.
    pub xff_num_trusted_hops: u32,
    /// Whether a filter ahead of the connection manager sets the direct peer for the module, which headers cannot forge.
    pub direct_remote_address: bool,
    /// Filters ahead of the module, as Envoy documents them.
    pub before: Vec<Value>,
    /// Network filters ahead of the connection manager.
    pub network: Vec<Value>,
    /// Filters behind the module.
    pub behind: Vec<Value>,
    /// Further fields of the connection manager, as Envoy documents them.
    pub more: Value,
}

// === impl Http ===

impl Default for Http {
    fn default() -> Self {
        Self {
            normalize_path: true,
            merge_slashes: true,
            use_remote_address: false,
            xff_num_trusted_hops: 0,
            direct_remote_address: true,
            before: Vec::new(),
            network: Vec::new(),
            behind: Vec::new(),
            more: json!({}),
        }
    }
}

impl Http {
    /// Without normalisation: Envoy's own defaults.
    pub fn as_it_comes() -> Self {
        Self {
            normalize_path: false,
            merge_slashes: false,
            ..Self::default()
        }
    }

    /// With the second lock behind the module.
    pub fn locked() -> Self {
        Self {
            behind: vec![Lock::Request.filter()],
            ..Self::default()
        }
    }

    /// Adds a field of the connection manager.
    pub fn with(mut self, field: &str, value: Value) -> Self {
        self.more[field] = value;
        self
    }

    /// A filter that writes dynamic metadata, as `jwt_authn` or an ext_authz would.
    pub fn set_metadata(namespace: &str, value: &Value) -> Value {
        let kind = "envoy.extensions.filters.http.set_metadata.v3.Config";
        let fields = json!({"metadata": [{"metadata_namespace": namespace, "value": value}]});
        json!({"name": "envoy.filters.http.set_metadata", "typed_config": typed(kind, fields)})
    }

    /// The filter that sets the direct peer for the module, again with each request.
    pub fn set_direct_remote_address() -> Value {
        let kind = "envoy.extensions.filters.http.set_filter_state.v3.Config";
        let fields = json!({"on_request_headers": [direct_remote_address()]});
        json!({"name": "envoy.filters.http.set_filter_state", "typed_config": typed(kind, fields)})
    }

    pub(super) fn render(&self, name: &str, module: Option<&Module>, access_log: &Path) -> Value {
        let mut filters = self.before.clone();
        filters.extend(module.map(Module::http_filter));
        filters.extend(self.behind.clone());
        let router = typed("envoy.extensions.filters.http.router.v3.Router", json!({}));
        filters.push(json!({"name": "envoy.filters.http.router", "typed_config": router}));
        let kind = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
        let mut manager = json!({
            "stat_prefix": name,
            "codec_type": "AUTO",
            "normalize_path": self.normalize_path,
            "merge_slashes": self.merge_slashes,
            "use_remote_address": self.use_remote_address,
            "xff_num_trusted_hops": self.xff_num_trusted_hops,
            "access_log": [access_log::render(name, access_log)],
            "http_filters": filters,
            "route_config": {"virtual_hosts": [{
                "name": name,
                "domains": ["*"],
                "routes": [{"match": {"prefix": "/"}, "route": {"cluster": name}}],
            }]},
        });
        for (field, value) in self.more.as_object().into_iter().flatten() {
            manager[field] = value.clone();
        }
        let manager = json!({"name": "envoy.filters.network.http_connection_manager", "typed_config": typed(kind, manager)});
        let direct = self.direct_remote_address.then(Tcp::set_direct_remote_address);
        direct
            .into_iter()
            .chain(self.network.clone())
            .chain([manager])
            .collect()
    }
}
