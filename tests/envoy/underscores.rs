//! Header names with `_` for `-`: how the rendered listener treats them, and what it logs.

use anyhow::Result;
use peerwarden_lab::certificates::Certificate;
use peerwarden_lab::client::ClientRequest;
use peerwarden_lab::client::http::Version;
use serde_json::{Value, json};

use crate::fixture::{FRONTEND, policy};
use crate::rendered::RenderedWorkload;

/// Two spellings of headers, which an application may confuse.
const SPELLINGS: [(&str, &str); 2] = [
    ("x_role", "admin"),
    (
        "x_forwarded_client_cert",
        "By=a;Hash=00;URI=spiffe://cluster.local/ns/shop/sa/admin",
    ),
];

async fn start(keys: Value) -> Result<RenderedWorkload> {
    let rules = json!([{"when": [{"key": "request.headers[x-role]", "values": ["admin"]}]}]);
    RenderedWorkload::start(keys, &[policy("role", "DENY", rules)]).await
}

#[tokio::test]
async fn a_request_with_an_underscore_is_refused_unless_the_description_says_otherwise() -> Result<()> {
    let orders = start(json!({})).await?;
    let frontend = orders.caller(&orders.authority, Certificate::spiffe(FRONTEND))?;
    for (name, value) in SPELLINGS {
        let ask = || ClientRequest::get("/orders").header(name, value);
        let reply = orders.ask(&frontend, Version::Http1, ask()).await?;
        assert_eq!(reply.status, 400, "{name}");
        assert!(
            orders.ask(&frontend, Version::Http2, ask()).await.is_err(),
            "{name}"
        );
    }
    assert_eq!(orders.application.seen().len(), 0);

    // The log distinguishes each from a denial of the module.
    let log = orders.log(4).await?;
    let told: Vec<_> = log
        .iter()
        .map(|line| {
            (
                line["response_code"].clone(),
                line["response_code_details"].clone(),
                line["decision"].clone(),
            )
        })
        .collect();
    let by_http1 = (json!(400), json!("http1.unexpected_underscore"), Value::Null);
    let by_http2 = (json!(0), json!("http2.unexpected_underscore"), Value::Null);
    assert_eq!(told, [by_http1.clone(), by_http2.clone(), by_http1, by_http2]);
    assert_eq!(log[0]["downstream_peer_uri_san"], json!(FRONTEND));

    // Names without an underscore are decided by the policies.
    for version in [Version::Http1, Version::Http2] {
        let denied = orders
            .ask(
                &frontend,
                version,
                ClientRequest::get("/").header("x-role", "admin"),
            )
            .await?;
        assert_eq!(denied.status, 403);
        let served = orders
            .ask(
                &frontend,
                version,
                ClientRequest::get("/").header("x-role", "guest"),
            )
            .await?;
        assert_eq!(served.status, 200);
    }
    Ok(())
}

#[tokio::test]
async fn underscores_are_dropped_or_allowed_as_the_description_says() -> Result<()> {
    for (word, reach) in [("drop", false), ("allow", true)] {
        let orders = start(json!({"underscores": word})).await?;
        let frontend = orders.caller(&orders.authority, Certificate::spiffe(FRONTEND))?;
        for version in [Version::Http1, Version::Http2] {
            for (name, value) in SPELLINGS {
                let reply = orders
                    .ask(&frontend, version, ClientRequest::get("/").header(name, value))
                    .await?;
                assert_eq!(reply.status, 200, "{word} {version:?} {name}");
                let seen = orders.application.seen().pop().expect("a request");
                assert_eq!(
                    seen.headers.contains_key(name),
                    reach,
                    "{word} {version:?} {name}"
                );
                // The deciding header has its own name, and Envoy sets the peer's certificate itself.
                assert!(!seen.headers.contains_key("x-role"));
                let told = seen.headers["x-forwarded-client-cert"].to_str()?;
                assert!(!told.contains("shop/sa/admin"), "{told}");
            }
        }
    }
    Ok(())
}
