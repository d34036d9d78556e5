//! Clusters: the application, and external authorizers.

use peerwarden_engine::document::Value;
use serde_json::json;

use super::lock;
use crate::description::Endpoint;

/// The context of a cluster's template.
pub(super) fn context(name: &str, endpoint: &Endpoint, http2: bool) -> serde_json::Value {
    json!({"name": name, "endpoint": endpoint, "http2": http2})
}

/// The cluster without endpoints.
pub(super) fn nowhere() -> serde_json::Value {
    json!({"name": lock::NOWHERE, "endpoint": null, "http2": false})
}

/// An external authorizer that `extensionProviders` names.
#[derive(Debug)]
pub(super) struct Authorizer {
    cluster: String,
    endpoint: Endpoint,
    http2: bool,
}

impl Authorizer {
    /// The authorizers of a description that the engine has accepted.
    pub(super) fn all(description: &Value) -> Vec<Self> {
        let providers = match description.get("extensionProviders") {
            Some(Value::List(providers)) => providers.as_slice(),
            Some(_) | None => &[],
        };
        providers.iter().filter_map(Self::of).collect()
    }

    fn of(provider: &Value) -> Option<Self> {
        let http = provider.get("envoyExtAuthzHttp");
        let service = http.or_else(|| provider.get("envoyExtAuthzGrpc"))?;
        let host = service.get("service")?.as_str()?;
        // `NAMESPACE/HOST` names a host too, as in Istio.
        let host = host.rsplit_once('/').map_or(host, |(_, host)| host);
        let port = match service.get("port") {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the engine took it for a port"
            )]
            Some(Value::Number(port)) => *port as u16,
            Some(_) | None => return None,
        };
        let named = service.get("cluster").and_then(Value::as_str);
        Some(Self {
            cluster: named.map_or_else(|| format!("outbound|{port}||{host}"), str::to_owned),
            endpoint: Endpoint {
                by_name: host.parse::<std::net::IpAddr>().is_err(),
                host: host.to_owned(),
                port,
            },
            http2: http.is_none(),
        })
    }

    pub(super) fn context(&self) -> serde_json::Value {
        context(&self.cluster, &self.endpoint, self.http2)
    }
}
