//! A foreign trust domain on the rendered listener: it is accepted with its own roots, and only for its own names.

use anyhow::Result;
use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::client::ClientRequest;
use peerwarden_lab::client::http::Version;
use serde_json::{Value, json};

use crate::fixture::{FRONTEND, policy};
use crate::rendered::RenderedWorkload;

const NIGHTLY: &str = "spiffe://partner.example/ns/batch/sa/nightly";

/// The frontend reads orders, the partner's nightly job exports them.
fn policies() -> [Value; 1] {
    let admits = |uri: &str, path: &str| {
        let principal = uri.trim_start_matches("spiffe://");
        json!({
            "from": [{"source": {"principals": [principal]}}],
            "to": [{"operation": {"paths": [path]}}],
        })
    };
    [policy(
        "orders",
        "ALLOW",
        json!([admits(FRONTEND, "/orders"), admits(NIGHTLY, "/export")]),
    )]
}

/// The outcome of a request: the status, or 0 without an answer.
async fn outcome(
    orders: &RenderedWorkload,
    issuer: &Authority,
    certificate: Certificate,
    path: &str,
) -> Result<u16> {
    let caller = orders.caller(issuer, certificate)?;
    let reply = orders
        .ask(&caller, Version::Http1, ClientRequest::get(path))
        .await;
    Ok(reply.map_or(0, |reply| reply.status))
}

/// Tries each, and compares the outcome with the expected one.
async fn try_all(
    orders: &RenderedWorkload,
    partner: &Authority,
    cases: impl IntoIterator<Item = (&str, bool, Certificate, &str, u16)>,
) -> Result<()> {
    for (what, of_mesh, certificate, path, expected) in cases {
        let issuer = if of_mesh { &orders.authority } else { partner };
        assert_eq!(
            outcome(orders, issuer, certificate, path).await?,
            expected,
            "{what}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_foreign_trust_domain_gets_in_with_its_own_roots_and_no_others() -> Result<()> {
    let partner = Authority::new("partner.example")?;
    let mesh = json!({"caCertificates": [{"trustDomains": ["partner.example"], "pem": partner.pem()}]});
    let orders = RenderedWorkload::start(json!({"mesh": mesh}), &policies()).await?;
    let (frontend, nightly) = (|| Certificate::spiffe(FRONTEND), || Certificate::spiffe(NIGHTLY));
    let other = || Certificate::spiffe("spiffe://other.example/ns/web/sa/frontend");
    try_all(
        &orders,
        &partner,
        [
            (
                "the mesh, where its policy allows it",
                true,
                frontend(),
                "/orders",
                200,
            ),
            ("the mesh elsewhere", true, frontend(), "/export", 403),
            (
                "the partner, where its policy allows it",
                false,
                nightly(),
                "/export",
                200,
            ),
            ("the partner elsewhere", false, nightly(), "/orders", 403),
            (
                "the partner's name by the mesh's authority",
                true,
                nightly(),
                "/export",
                0,
            ),
            (
                "the mesh's name by the partner's authority",
                false,
                frontend(),
                "/orders",
                0,
            ),
            (
                "another trust domain by the mesh's authority",
                true,
                other(),
                "/orders",
                0,
            ),
            (
                "another trust domain by the partner's authority",
                false,
                other(),
                "/orders",
                0,
            ),
            (
                "no SPIFFE ID",
                true,
                Certificate::nameless().dns("web.example"),
                "/orders",
                0,
            ),
        ],
    )
    .await
}

/// Envoy reads only the first name. The module reads every name, and trusts none in a certificate with two trust
/// domains.
#[tokio::test]
async fn a_certificate_that_names_two_trust_domains_is_neither() -> Result<()> {
    let partner = Authority::new("partner.example")?;
    let mesh = json!({"caCertificates": [{"trustDomains": ["partner.example"], "pem": partner.pem()}]});
    let orders = RenderedWorkload::start(json!({"mesh": mesh}), &policies()).await?;
    let two = || Certificate::spiffe(NIGHTLY).uri(FRONTEND);
    try_all(
        &orders,
        &partner,
        [
            ("as the mesh's frontend", false, two(), "/orders", 403),
            ("as the partner", false, two(), "/export", 403),
            (
                "the other way round",
                false,
                Certificate::spiffe(FRONTEND).uri(NIGHTLY),
                "/orders",
                0,
            ),
            (
                "by the mesh's authority",
                true,
                Certificate::spiffe(FRONTEND).uri(NIGHTLY),
                "/export",
                403,
            ),
        ],
    )
    .await
}

#[tokio::test]
async fn without_its_roots_a_foreign_trust_domain_is_refused_at_the_handshake() -> Result<()> {
    let partner = Authority::new("partner.example")?;
    let orders = RenderedWorkload::start(json!({}), &policies()).await?;
    let nightly = || Certificate::spiffe(NIGHTLY);
    try_all(
        &orders,
        &partner,
        [
            ("by the partner's authority", false, nightly(), "/export", 0),
            ("by the mesh's", true, nightly(), "/export", 0),
            (
                "the mesh itself",
                true,
                Certificate::spiffe(FRONTEND),
                "/orders",
                200,
            ),
        ],
    )
    .await
}
