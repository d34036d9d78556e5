//! Names of peers that resemble others, or are not names.

use anyhow::Result;
use peerwarden_lab::certificates::Certificate;
use peerwarden_lab::config::Http;
use serde_json::{Value, json};

use super::HoleLab;
use super::RequestResult::{self, Denied, Passed};
use crate::fixture::policy;

async fn ask(action: &str, source: Value, callers: Vec<(Certificate, RequestResult)>) -> Result<()> {
    let rules = json!([{"from": [{"source": source}]}]);
    let wire = HoleLab::start(&[Http::as_it_comes()], json!([policy("names", action, rules)])).await?;
    for (certificate, expected) in callers {
        let shown = format!("{action} {source} {certificate:?}");
        let caller = wire.mesh.with(certificate)?;
        let outcome = wire.ask_as(&caller, 0, b"/", b"shop.lab", &[]).await?;
        assert_eq!(outcome, expected, "{shown}");
    }
    Ok(())
}

/// CVE-2026-39350, and Istio's release notes 59992 and 59700.
#[tokio::test]
async fn a_regular_expressions_characters_are_characters() -> Result<()> {
    let peer = |id: &str| Certificate::spiffe(&format!("spiffe://td/ns/{id}"));
    let suffix = json!({"principals": ["*/sa/a.b+"]});
    ask(
        "ALLOW",
        suffix,
        vec![
            (peer("n/sa/a.b+"), Passed),
            (peer("n/sa/axb"), Denied),
            (peer("n/sa/a.bb"), Denied),
        ],
    )
    .await?;
    let namespace = json!({"namespaces": ["n.s"]});
    ask(
        "ALLOW",
        namespace,
        vec![(peer("n.s/sa/a"), Passed), (peer("nxs/sa/a"), Denied)],
    )
    .await?;
    let account = json!({"serviceAccounts": ["shop/a.b"]});
    ask(
        "ALLOW",
        account,
        vec![
            (peer("shop/sa/a.b"), Passed),
            (peer("shop/sa/a-b"), Denied),
            (peer("shop/sa/a.bc"), Denied),
        ],
    )
    .await
}

#[tokio::test]
async fn a_suffix_crosses_trust_domains() -> Result<()> {
    let anywhere = |domain: &str| Certificate::spiffe(&format!("spiffe://{domain}/ns/web/sa/frontend"));
    let callers = || {
        vec![
            (anywhere("cluster.local"), Denied),
            (anywhere("partner.example"), Denied),
        ]
    };
    ask("DENY", json!({"principals": ["*/ns/web/sa/frontend"]}), callers()).await?;
    let narrow = json!({"principals": ["*/ns/web/sa/frontend"], "trustDomains": ["cluster.local"]});
    let callers = vec![
        (anywhere("cluster.local"), Passed),
        (anywhere("partner.example"), Denied),
    ];
    ask("ALLOW", narrow, callers).await
}

/// A certificate whose name is not text: its identity cannot be established, so it is not allowed, and does not get
/// past a DENY.
#[tokio::test]
async fn a_name_that_is_no_text_is_not_established() -> Result<()> {
    let raw = || Certificate::raw_uri(b"spiffe://cluster.local/ns/web/sa/front\xffend");
    let text = || Certificate::raw_uri(b"spiffe://cluster.local/ns/web/sa/frontend");
    for (action, source, of_text) in [
        ("ALLOW", json!({"principals": ["cluster.local/ns/web/*"]}), Passed),
        (
            "ALLOW",
            json!({"notPrincipals": ["cluster.local/ns/shop/*"]}),
            Passed,
        ),
        ("DENY", json!({"principals": ["cluster.local/ns/shop/*"]}), Passed),
        (
            "DENY",
            json!({"notPrincipals": ["cluster.local/ns/web/*"]}),
            Passed,
        ),
    ] {
        ask(action, source, vec![(text(), of_text), (raw(), Denied)]).await?;
    }
    Ok(())
}
