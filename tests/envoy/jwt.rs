//! Verified tokens: Envoy's `jwt_authn` verifies them, the module decides on their claims.

mod claims;
mod harness;
mod places;
mod refused;

use std::time::{Duration, SystemTime};

use anyhow::Result;
use peerwarden_lab::client::{Caller, ClientRequest, http};
use peerwarden_lab::config::{Bootstrap, Http, Listener, Protocol, Transport};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::token::Issuer;
use peerwarden_lab::upstream::HttpEcho;
use serde_json::{Value, json};

use crate::fixture::{FRONTEND, Mesh, configuration, module, policy};

pub(crate) const ISSUER: &str = "https://issuer.example";
/// The audience of the tokens.
const AUDIENCE: &str = "orders";

/// A listener for each configuration, all of which verify the tokens of one issuer.
struct Tokens {
    issuer: Issuer,
    envoy: Envoy,
    upstream: HttpEcho,
    caller: Caller,
}

/// One listener: how tokens are verified, and the module's configuration.
struct Setting {
    jwt_authn: Value,
    jwt: Value,
    resources: Value,
}

impl Setting {
    /// Istio's configuration of both, with these policies.
    fn istio(issuer: &Issuer, resources: Value) -> Self {
        Self {
            jwt_authn: jwt_authn(&istio_provider(issuer), &json!({"allow_missing": {}})),
            jwt: json!({}),
            resources,
        }
    }
}

impl Tokens {
    async fn start(issuer: Issuer, settings: Vec<Setting>) -> Result<Self> {
        let mesh = Mesh::new()?;
        let upstream = HttpEcho::start().await?;
        let mut bootstrap = Bootstrap::new();
        for (n, setting) in settings.into_iter().enumerate() {
            let mut configuration = configuration("http", setting.resources);
            configuration["jwt"] = setting.jwt;
            let http = Http {
                before: vec![setting.jwt_authn],
                ..Http::default()
            };
            let transport = Transport::mutual(&mesh.server);
            let listener = Listener::http(&n.to_string(), transport, upstream.address());
            let listener = listener.protocol(Protocol::Http(http));
            bootstrap = bootstrap.listener(listener.module(module(configuration)?));
        }
        Ok(Self {
            issuer,
            envoy: Envoy::start(bootstrap).await?,
            upstream,
            caller: mesh.caller(FRONTEND)?,
        })
    }

    /// The listener's answer to a request with this token.
    async fn with(&self, listener: usize, token: &str) -> Result<u16> {
        let bearer = format!("Bearer {token}");
        self.ask(listener, ClientRequest::get("/").header("authorization", &bearer))
            .await
    }

    async fn ask(&self, listener: usize, ask: ClientRequest) -> Result<u16> {
        let address = self.envoy.address(&listener.to_string())?;
        Ok(http::once(address, &self.caller, http::Version::Http2, ask)
            .await?
            .status)
    }
}

/// The claims that a valid token of the issuer needs, and these additional ones.
pub(crate) fn claims(more: &Value) -> Value {
    let mut claims = json!({"iss": ISSUER, "sub": "alice", "aud": AUDIENCE, "exp": seconds_from_now(3600)});
    for (name, value) in more.as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    claims
}

/// Seconds since 1970, this many from now.
pub(crate) fn seconds_from_now(seconds: i64) -> i64 {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    i64::try_from(now.as_secs())
        .unwrap_or(i64::MAX)
        .saturating_add(seconds)
}

/// The provider that Istio creates for a `RequestAuthentication`.
fn istio_provider(issuer: &Issuer) -> Value {
    json!({
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "local_jwks": {"inline_string": issuer.jwks().to_string()},
        "payload_in_metadata": "payload",
        "normalize_payload_in_metadata": {"space_delimited_claims": ["permission", "scope"]},
    })
}

/// The filter with one provider; a request must meet it or the alternative requirement.
fn jwt_authn(provider: &Value, otherwise: &Value) -> Value {
    let requirements = json!([{"provider_name": "issuer"}, otherwise]);
    json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": {"issuer": provider},
            "rules": [{"match": {"prefix": "/"}, "requires": {"requires_any": {"requirements": requirements}}}],
        },
    })
}

/// Allows requests with one of the values under the key.
fn allow(key: &str, values: &Value) -> Value {
    when("ALLOW", key, "values", values)
}

fn when(action: &str, key: &str, field: &str, values: &Value) -> Value {
    json!([policy(
        "token",
        action,
        json!([{"when": [{"key": key, field: values}]}])
    )])
}

/// Allows these request principals.
fn allow_principals(principals: &Value) -> Value {
    json!([policy(
        "token",
        "ALLOW",
        json!([{"from": [{"source": {"requestPrincipals": principals}}]}])
    )])
}
