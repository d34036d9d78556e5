//! The permissions of each caller, by its certificate.

use anyhow::Result;
use peerwarden_lab::client::ClientRequest;
use serde_json::{Value, json};

use super::edge::{ADMIN, Edge, ExpectedResponse, FRONTEND, OPERATOR, SHOP, VERSIONS};

/// A policy of the gateway.
pub(super) fn policy(name: &str, action: &str, rule: Value) -> Value {
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": name, "namespace": "istio-ingress"},
        "spec": {
            "selector": {"matchLabels": {"istio": "ingressgateway"}},
            "action": action,
            "rules": [rule],
        },
    })
}

pub(super) async fn try_all(edge: &mut Edge) -> Result<()> {
    let policies = [
        policy(
            "goods",
            "ALLOW",
            json!({"to": [{"operation": {"hosts": [SHOP], "paths": ["/goods*"]}}]}),
        ),
        policy(
            "operators",
            "ALLOW",
            json!({
                "from": [{"source": {"principals": ["cluster.local/ns/ops/sa/operator"]}}],
                "to": [{"operation": {"hosts": [ADMIN]}}],
            }),
        ),
        // A mesh-wide STRICT does not apply to a gateway, whose servers have their own settings.
        json!({
            "apiVersion": "security.istio.io/v1",
            "kind": "PeerAuthentication",
            "metadata": {"name": "default", "namespace": "istio-system"},
            "spec": {"mtls": {"mode": "STRICT"}},
        }),
    ];
    let _envoy = edge.open(0, &policies).await?;
    let shop = edge.anybody(SHOP)?;
    let (operator, frontend) = (edge.peer(OPERATOR, ADMIN)?, edge.peer(FRONTEND, ADMIN)?);
    // A certificate that was not requested is ignored.
    let unasked = edge.peer(OPERATOR, SHOP)?;
    let denied = ExpectedResponse::Status(403);
    for version in VERSIONS {
        for (caller, host, path, wanted) in [
            (&shop, SHOP, "/goods/1", ExpectedResponse::Served),
            (&shop, SHOP, "/other", denied),
            (&shop, SHOP, "/goods/../other", denied),
            (&shop, SHOP, "//other", denied),
            (&shop, ADMIN, "/goods/1", denied),
            (&unasked, ADMIN, "/goods/1", denied),
            (&operator, ADMIN, "/", ExpectedResponse::Served),
            (&frontend, ADMIN, "/", denied),
        ] {
            for forged in [None, Some(OPERATOR)] {
                let mut ask = ClientRequest::get(path).host(host);
                if let Some(uri) = forged {
                    ask = ask.header("x-forwarded-client-cert", &format!("By=a;Hash=00;URI={uri}"));
                }
                let what = format!("{host}{path} with a forged certificate: {}", forged.is_some());
                edge.ask(&what, caller, version, ask, wanted).await?;
            }
        }
    }
    Ok(())
}
