//! Hosts, as they come and as Envoy can be told to tidy them up.

use anyhow::Result;
use peerwarden_lab::config::Http;
use serde_json::json;

use super::Outcome::{Answered, Denied, Passed};
use super::Wire;
use crate::fixture::policy;

#[tokio::test]
async fn ports_and_trailing_dots_are_stripped_by_envoy_or_named() -> Result<()> {
    let rules = json!([{"to": [{"operation": {"hosts": ["admin.lab"]}}]}]);
    let stripped = Http::default()
        .with("strip_any_host_port", json!(true))
        .with("strip_trailing_host_dot", json!(true));
    let settings = [Http::as_it_comes(), stripped];
    let wire = Wire::start(&settings, json!([policy("admin", "DENY", rules)])).await?;
    let cases: [(&[u8], _, _); 8] = [
        (b"admin.lab", Denied, Denied),
        (b"ADMIN.Lab", Denied, Denied),
        (b"admin.lab:80", Passed, Denied),
        (b"Admin.LAB:8443", Passed, Denied),
        (b"admin.lab.", Passed, Denied),
        (b"admin.lab.:80", Passed, Denied),
        (b"shop.lab", Passed, Passed),
        (b"admin.lab\xff", Answered(400), Answered(400)),
    ];
    let mut wrong = Vec::new();
    for (host, as_it_comes, stripped) in cases {
        let got = (
            wire.ask(0, b"/", host, &[]).await?,
            wire.ask(1, b"/", host, &[]).await?,
        );
        if got != (as_it_comes, stripped) {
            wrong.push(format!("{}: {got:?}", host.escape_ascii()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

#[tokio::test]
async fn the_twin_with_a_port_does_without_envoy() -> Result<()> {
    let rules = json!([{"to": [{"operation": {"hosts": ["admin.lab", "admin.lab:*"]}}]}]);
    let wire = Wire::start(&[Http::as_it_comes()], json!([policy("admin", "DENY", rules)])).await?;
    for host in [b"admin.lab".as_slice(), b"ADMIN.lab:80", b"admin.lab:"] {
        assert_eq!(
            wire.ask(0, b"/", host, &[]).await?,
            Denied,
            "{}",
            host.escape_ascii()
        );
    }
    assert_eq!(wire.ask(0, b"/", b"shop.lab", &[]).await?, Passed);
    // What stands in the target counts, not the header beside it.
    assert_eq!(wire.ask(0, b"http://admin.lab/", b"shop.lab", &[]).await?, Denied);
    Ok(())
}
