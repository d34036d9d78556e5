//! Hosts, unchanged and as Envoy can be configured to normalise them.

use anyhow::Result;
use peerwarden_lab::client::ClientRequest;
use peerwarden_lab::config::Http;
use serde_json::json;

use super::HoleLab;
use super::RequestResult::{Answered, Denied, Passed};
use crate::fixture::{FRONTEND, policy};

#[tokio::test]
async fn ports_and_trailing_dots_are_stripped_by_envoy_or_named() -> Result<()> {
    let rules = json!([{"to": [{"operation": {"hosts": ["admin.lab"]}}]}]);
    let stripped = Http::default()
        .with("strip_any_host_port", json!(true))
        .with("strip_trailing_host_dot", json!(true));
    let settings = [Http::as_it_comes(), stripped];
    let wire = HoleLab::start(&settings, json!([policy("admin", "DENY", rules)])).await?;
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
    let wire = HoleLab::start(&[Http::as_it_comes()], json!([policy("admin", "DENY", rules)])).await?;
    for host in [b"admin.lab".as_slice(), b"ADMIN.lab:80", b"admin.lab:"] {
        assert_eq!(
            wire.ask(0, b"/", host, &[]).await?,
            Denied,
            "{}",
            host.escape_ascii()
        );
    }
    assert_eq!(wire.ask(0, b"/", b"shop.lab", &[]).await?, Passed);
    // The target counts, not the header beside it.
    assert_eq!(wire.ask(0, b"http://admin.lab/", b"shop.lab", &[]).await?, Denied);
    Ok(())
}

/// Values of `:authority` that Envoy accepts, over HTTP/1.1 and over HTTP/2, with a DENY for one host and an ALLOW for
/// all others.
#[tokio::test]
async fn what_is_not_a_host_passes_no_rule_on_hosts() -> Result<()> {
    let rules = |field: &str| json!([{"to": [{"operation": {field: ["admin.lab", "admin.lab:*"]}}]}]);
    let policies = [
        policy("admin", "DENY", rules("hosts")),
        policy("others", "ALLOW", rules("notHosts")),
    ];
    let cases: [(&str, _, _); 14] = [
        ("my_service:8080", Passed, Passed),
        ("[::1]:8080", Passed, Passed),
        ("[fe80::1%25eth0]:80", Passed, Passed),
        ("xn--bcher-kva.lab", Passed, Passed),
        ("10.0.0.7:80", Passed, Passed),
        // HTTP/1.1 removes the white space around a value before any filter.
        (" shop.lab ", Passed, Answered(0)),
        ("%61dmin.lab", Denied, Answered(0)),
        ("ok.lab,admin.lab", Denied, Denied),
        ("admin.lab:80:80", Denied, Answered(0)),
        ("admin.lab;x", Denied, Denied),
        // gRPC clients in C++ and Python call a Unix socket like this, unless `grpc.default_authority` is set.
        ("tmp%2Fapp.sock", Denied, Answered(0)),
        // Over HTTP/2 Envoy itself ends the stream; the client cannot send those above with 0.
        ("x@admin.lab", Denied, Answered(0)),
        ("", Denied, Answered(0)),
        ("admin lab", Answered(400), Answered(0)),
    ];
    let mut wrong = Vec::new();
    for policy in policies {
        let wire = HoleLab::start(&[Http::as_it_comes()], json!([policy])).await?;
        for (host, by_http1, by_http2) in cases {
            let got = wire.ask(0, b"/", host.as_bytes(), &[]).await?;
            if got != by_http1 {
                wrong.push(format!("{host}: {got:?}"));
            }
            if by_http2 != Answered(0) {
                let got = wire.ask_by_http2(0, ClientRequest::get("/").host(host)).await?;
                if got != by_http2 {
                    wrong.push(format!("{host} by HTTP/2: {got:?}"));
                }
            }
        }
        let caller = wire.mesh.caller(FRONTEND)?;
        // Neither reaches the module.
        for request in [
            b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n".as_slice(),
            b"GET / HTTP/1.0\r\n\r\n",
        ] {
            let got = wire.send(&caller, 0, request).await?;
            if !matches!(got, Answered(400 | 426)) {
                wrong.push(format!("{}: {got:?}", request.escape_ascii()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

/// `CONNECT` has the host of its target, with the port, whatever `host` says. A request that the module allows has no
/// route here.
#[tokio::test]
async fn a_connect_is_for_the_host_and_port_of_its_target() -> Result<()> {
    let rules =
        json!([{"to": [{"operation": {"methods": ["CONNECT"], "hosts": ["admin.lab", "admin.lab:*"]}}]}]);
    let http = Http::as_it_comes().with("upgrade_configs", json!([{"upgrade_type": "CONNECT"}]));
    let wire = HoleLab::start(&[http], json!([policy("admin", "DENY", rules)])).await?;
    let caller = wire.mesh.caller(FRONTEND)?;
    for (target, host, expected) in [
        ("admin.lab:443", "admin.lab:443", Denied),
        ("admin.lab:443", "shop.lab", Denied),
        ("ADMIN.lab:1", "shop.lab", Denied),
        ("shop.lab:443", "admin.lab", Answered(404)),
        ("[::1]:443", "admin.lab", Answered(404)),
        // In HTTP/1.1 a target without a port is invalid.
        ("admin.lab", "admin.lab", Answered(400)),
    ] {
        let request = format!("CONNECT {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let outcome = wire.send(&caller, 0, request.as_bytes()).await?;
        assert_eq!(outcome, expected, "{target} {host}");
    }
    Ok(())
}
