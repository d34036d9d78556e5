//! The second lock behind the module, as `peerwarden render` writes it.

use serde_json::{Value, json};

use super::typed;

/// The filter that blocks everything that the module has not marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// For requests.
    Request,
    /// For connections.
    Connection,
}

impl Lock {
    /// The cluster without endpoints that `tcp_proxy` uses if the module names none.
    pub const NOWHERE: &str = "peerwarden-denied";

    /// The filter state that it checks.
    pub fn key(self) -> &'static str {
        match self {
            Self::Request => "wasm.peerwarden.request",
            Self::Connection => "wasm.peerwarden.connection",
        }
    }

    /// The filter.
    pub fn filter(self) -> Value {
        let principal = json!({"filter_state": {"key": self.key(), "string_match": {"exact": "1"}}});
        let policy = json!({"permissions": [{"any": true}], "principals": [principal]});
        let mut fields = json!({"rules": {"action": "ALLOW", "policies": {"allowed-by-peerwarden": policy}}});
        let place = match self {
            Self::Request => "http",
            Self::Connection => {
                fields["stat_prefix"] = "lock".into();
                "network"
            }
        };
        let kind = format!("envoy.extensions.filters.{place}.rbac.v3.RBAC");
        json!({"name": "peerwarden-lock", "typed_config": typed(&kind, fields)})
    }
}
