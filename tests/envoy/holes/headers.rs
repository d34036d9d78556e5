//! Headers that are repeated, empty, long, or not text.

use anyhow::{Context, Result};
use peerwarden_lab::client::ClientRequest;
use peerwarden_lab::config::Http;
use serde_json::{Value, json};

use super::HoleLab;
use super::RequestResult::{Denied, Passed};
use crate::fixture::policy;

async fn try_each(
    action: &str,
    field: &str,
    value: &str,
    cases: &[(&[&[u8]], super::RequestResult)],
) -> Result<()> {
    let rules: Value = json!([{"when": [{"key": "request.headers[X-Team]", field: [value]}]}]);
    let wire = HoleLab::start(&[Http::as_it_comes()], json!([policy("team", action, rules)])).await?;
    for (lines, expected) in cases {
        let outcome = wire.ask(0, b"/", b"shop.lab", lines).await?;
        let shown: Vec<_> = lines
            .iter()
            .map(|line| line.get(..40).unwrap_or(line).escape_ascii().to_string())
            .collect();
        assert_eq!(outcome, *expected, "{action} {field} {shown:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_deny_on_a_header_holds_for_every_line_and_any_case_of_its_name() -> Result<()> {
    let long = [b"x-team: ".as_slice(), &b"y".repeat(50_000)].concat();
    let cases: [(&[&[u8]], _); 9] = [
        (&[b"x-team: red"], Denied),
        (&[b"X-TEAM: red"], Denied),
        (&[b"x-Team:red  "], Denied),
        (&[b"x-team: blue", b"x-team: red"], Denied),
        (&[b"x-team: red", b"X-Team: blue"], Denied),
        (&[&long, b"x-team: red"], Denied),
        (&[b"x-team: \xff", b"x-team: red"], Denied),
        (&[b"x-team: blue,red"], Passed),
        (&[b"x-team: Red"], Passed),
    ];
    try_each("DENY", "values", "red", &cases).await
}

#[tokio::test]
async fn what_is_not_the_value_is_denied_whatever_it_is() -> Result<()> {
    let cases: [(&[&[u8]], _); 5] = [
        (&[b"x-team: red"], Passed),
        (&[b"x-team: red\xff"], Denied),
        (&[b"x-team: \xc3\x28"], Denied),
        (&[b"x-team:"], Denied),
        (&[], Denied),
    ];
    try_each("DENY", "notValues", "red", &cases).await
}

#[tokio::test]
async fn an_empty_header_is_there() -> Result<()> {
    let cases: [(&[&[u8]], _); 3] = [
        (&[b"x-team:"], Passed),
        (&[b"X-Team: "], Passed),
        (&[b"x-teams: red"], Denied),
    ];
    try_each("ALLOW", "values", "*", &cases).await
}

/// HTTP/1.1 removes white space around a value before any filter; HTTP/2 delivers it, and an upstream gets it.
#[tokio::test]
async fn white_space_around_a_value_hides_nothing_over_http2() -> Result<()> {
    let rule =
        |name: &str, action: &str, condition: Value| policy(name, action, json!([{"when": [condition]}]));
    let policies = json!([
        rule(
            "role",
            "DENY",
            json!({"key": "request.headers[x-role]", "values": ["admin", "*tor"]})
        ),
        rule(
            "team",
            "DENY",
            json!({"key": "request.headers[x-team]", "notValues": ["red"]})
        ),
        rule(
            "debug",
            "DENY",
            json!({"key": "request.headers[x-debug]", "values": ["*"]})
        ),
        rule(
            "tenant",
            "ALLOW",
            json!({"key": "request.headers[x-tenant]", "values": ["acme"]})
        ),
    ]);
    let wire = HoleLab::start(&[Http::as_it_comes()], policies).await?;
    let ask = |name: &str, value: &str| {
        let ask = ClientRequest::get("/").header(name, value);
        let ask = if name == "x-team" {
            ask
        } else {
            ask.header("x-team", "\tred ")
        };
        if name == "x-tenant" {
            ask
        } else {
            ask.header("x-tenant", " acme\t")
        }
    };
    for (name, value, expected) in [
        ("x-role", "guest", Passed),
        ("x-role", "ad min", Passed),
        ("x-role", "admin", Denied),
        ("x-role", "admin ", Denied),
        ("x-role", "\tadmin", Denied),
        ("x-role", "auditor\t", Denied),
        ("x-debug", "", Denied),
        ("x-debug", " ", Denied),
        ("x-debug", "\t ", Denied),
        ("x-team", " red", Passed),
        ("x-team", " blue", Denied),
        ("x-tenant", "acme ", Passed),
        ("x-tenant", "acme x", Denied),
    ] {
        let outcome = wire.ask_by_http2(0, ask(name, value)).await?;
        assert_eq!(outcome, expected, "{name}: {value:?}");
    }
    let heads = wire.upstream.heads();
    let first = String::from_utf8_lossy(heads.first().context("nothing came")?).into_owned();
    assert!(
        first.contains("x-tenant:  acme\t\r\n") && first.contains("x-team: \tred \r\n"),
        "the upstream gets what the client sent: {first:?}"
    );
    Ok(())
}
