//! `RequestAuthentication` documents as `render` handles them, on a real Envoy: with signed tokens, together with
//! policies about them.

mod edge;
mod keys;
mod outputs;
mod places;
mod refused;
mod several;

use anyhow::Result;
use http::Method;
use peerwarden_lab::certificates::Certificate;
use peerwarden_lab::client::http::Version;
use peerwarden_lab::client::{Caller, ClientRequest, Reply};
use peerwarden_lab::token::Issuer;
use peerwarden_lab::upstream::ReceivedRequest;
use serde_json::{Value, json};

use crate::fixture::{FRONTEND, policy};
use crate::jwt::{ISSUER, claims};
use crate::rendered::RenderedWorkload;

/// The second issuer.
const PARTNER: &str = "https://partner.example";

/// A rendered workload that verifies tokens, and one caller of the mesh.
struct VerifyingWorkload {
    workload: RenderedWorkload,
    caller: Caller,
}

impl VerifyingWorkload {
    /// With these documents, and these keys of the description.
    async fn start(keys: Value, documents: &[Value]) -> Result<Self> {
        let workload = RenderedWorkload::start(keys, documents).await?;
        let caller = workload.caller(&workload.authority, Certificate::spiffe(FRONTEND))?;
        Ok(Self { workload, caller })
    }

    async fn ask(&self, ask: ClientRequest) -> Result<Reply> {
        self.workload.ask(&self.caller, Version::Http2, ask).await
    }

    async fn status(&self, ask: ClientRequest) -> Result<u16> {
        Ok(self.ask(ask).await?.status)
    }

    /// The last request that reached the application.
    fn reached(&self) -> Option<ReceivedRequest> {
        self.workload.application.seen().pop()
    }
}

/// A `RequestAuthentication` of the workload, with these rules.
fn document(name: &str, rules: &[Value]) -> Value {
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "RequestAuthentication",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"selector": {"matchLabels": {"app": "orders"}}, "jwtRules": rules},
    })
}

/// The rule of an issuer whose keys are in the document, with more fields.
fn rule(issuer: &Issuer, name: &str, more: &Value) -> Value {
    let mut rule = json!({"issuer": name, "jwks": issuer.jwks().to_string()});
    for (name, value) in more.as_object().into_iter().flatten() {
        rule[name] = value.clone();
    }
    rule
}

/// A token of the issuer with this name.
fn token(issuer: &Issuer, name: &str, more: &Value) -> Result<String> {
    let mut all = claims(more);
    all["iss"] = name.into();
    issuer.sign(&all)
}

/// A token of [`ISSUER`] for alice.
fn alice(issuer: &Issuer) -> Result<String> {
    token(issuer, ISSUER, &json!({}))
}

/// Requires a token of any issuer.
fn requires_a_token() -> Value {
    policy(
        "token",
        "ALLOW",
        json!([{"from": [{"source": {"requestPrincipals": ["*"]}}]}]),
    )
}

/// Allows one path for each of these request principals.
fn a_path_each(principals: &[(&str, &str)]) -> Value {
    let rules = principals.iter().map(|(path, principal)| {
        json!({
            "from": [{"source": {"requestPrincipals": [principal]}}],
            "to": [{"operation": {"paths": [path]}}],
        })
    });
    policy("paths", "ALLOW", rules.collect())
}

fn with_bearer(ask: ClientRequest, token: &str) -> ClientRequest {
    ask.header("authorization", &format!("Bearer {token}"))
}

fn bearer(token: &str) -> ClientRequest {
    with_bearer(ClientRequest::get("/"), token)
}

/// A CORS preflight request, which `jwt_authn` does not verify.
fn preflight() -> ClientRequest {
    ClientRequest::new(Method::OPTIONS, "/")
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "GET")
}
