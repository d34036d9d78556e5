//! Hosts, as they come and as Envoy can be told to tidy them up.

use anyhow::Result;
use peerwarden_lab::client::Ask;
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

/// What Envoy lets through as `:authority`, and what becomes of it where a DENY is about a host and an ALLOW about another.
#[tokio::test]
async fn what_is_not_a_host_passes_no_rule_on_hosts() -> Result<()> {
    let hosts = json!([{"to": [{"operation": {"hosts": ["admin.lab", "admin.lab:*"]}}]}]);
    let others = json!([{"to": [{"operation": {"notHosts": ["admin.lab", "admin.lab:*"]}}]}]);
    let deny = Wire::start(&[Http::as_it_comes()], json!([policy("admin", "DENY", hosts)])).await?;
    let allow = Wire::start(&[Http::as_it_comes()], json!([policy("others", "ALLOW", others)])).await?;
    let cases: [(&[u8], _); 0] = [];
    let mut wrong = Vec::new();
    for host in [
        b"my_service:8080".as_slice(),
        b"[::1]:8080",
        b"[fe80::1%25eth0]:80",
        b"xn--bcher-kva.lab",
        b"10.0.0.7:80",
        b"localhost",
        b"x@admin.lab",
        b"%61dmin.lab",
        b"ok.lab,admin.lab",
        b"ok.lab, admin.lab",
        b"admin lab",
        b"admin.lab:",
        b"admin.lab:80:80",
        b"admin.lab/x",
        b"admin.lab;x",
        b"b\xc3\xbccher.lab",
        b"%2Frun%2Fapp.sock",
        b"unix:/run/app.sock",
        b"a*b",
        b"",
        b"ok.lab\tadmin.lab",
        b"a\\b",
        b"'x'",
        b"a=b&c",
        b"(x)",
        b"x!",
        b"x~",
        b"x+y",
        b"x$y",
    ] {
        let got = (
            deny.ask(0, b"/", host, &[]).await?,
            allow.ask(0, b"/", host, &[]).await?,
        );
        let h2 = std::str::from_utf8(host)
            .ok()
            .map(|host| Ask::get("/").host(host));
        let by_http2 = match h2 {
            Some(ask) => format!("{:?}", deny.ask_by_http2(0, ask).await.map_err(|e| e.to_string())),
            None => String::new(),
        };
        wrong.push(format!("{}: {got:?} {by_http2}", host.escape_ascii()));
    }
    let caller = deny.mesh.caller(crate::fixture::FRONTEND)?;
    for raw in [
        b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n".as_slice(),
        b"GET / HTTP/1.0\r\n\r\n",
        b"CONNECT [::1]:8080 HTTP/1.1\r\nhost: [::1]:8080\r\n\r\n",
        b"CONNECT x@admin.lab:80 HTTP/1.1\r\nhost: x\r\n\r\n",
    ] {
        let got = deny.send(&caller, 0, raw).await.map_err(|e| e.to_string());
        wrong.push(format!("{}: {got:?}", raw.escape_ascii()));
    }
    assert!(cases.len() > 1, "{wrong:#?}");
    Ok(())
}
