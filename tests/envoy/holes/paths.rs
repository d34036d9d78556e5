//! Paths, unchanged and as Envoy normalises them.

use anyhow::Result;
use peerwarden_lab::client::ClientRequest;
use peerwarden_lab::config::Http;
use serde_json::json;

use super::RequestResult::{Answered, Denied, Passed};
use super::{HoleLab, recommended};
use crate::fixture::policy;

/// A DENY on exactly `/admin`: the result for each target without any settings, and with those of docs/envoy.md.
#[tokio::test]
async fn a_deny_on_an_exact_path_needs_envoy() -> Result<()> {
    let rules = json!([{"to": [{"operation": {"paths": ["/admin"]}}]}]);
    let resources = json!([policy("admin", "DENY", rules)]);
    let wire = HoleLab::start(&[Http::as_it_comes(), recommended()], resources).await?;
    let cases: [(&[u8], _, _); 24] = [
        (b"/admin", Denied, Denied),
        (b"/admin?x=1", Denied, Denied),
        (b"/admin?", Denied, Denied),
        // A fragment is not part of a request's target.
        (b"/admin#x", Answered(400), Answered(400)),
        (b"/admin?x#y", Answered(400), Answered(400)),
        // To many applications these are one path, and Envoy makes them equal.
        (b"//admin", Passed, Denied),
        (b"/./admin", Passed, Denied),
        (b"/x/../admin", Passed, Denied),
        (b"/%2e/admin", Passed, Denied),
        (b"/x/%2e%2E/admin", Passed, Denied),
        (b"/%61dmin", Passed, Denied),
        (b"\\admin", Answered(400), Answered(400)),
        (b"/x\\..\\admin", Passed, Denied),
        // Escaped slashes are unescaped, and the client is redirected.
        (b"/%2fadmin", Passed, Answered(307)),
        (b"/x%2f..%2Fadmin", Passed, Answered(307)),
        (b"/x%5c..%5Cadmin", Passed, Answered(307)),
        // Nothing makes these equal: policies name them, or name what is allowed instead.
        (b"/admin/", Passed, Passed),
        (b"/Admin", Passed, Passed),
        (b"/admin;x=y", Passed, Passed),
        (b"/x;/../admin", Passed, Denied),
        (b"/%252e/admin", Passed, Passed),
        (b"/admin%3fx", Passed, Passed),
        (b"/admin%00", Passed, Answered(400)),
        // HTTP/1 has no such bytes in a target.
        (b"/admin\xff", Answered(400), Answered(400)),
    ];
    let mut wrong = Vec::new();
    for (target, as_it_comes, recommended) in cases {
        let got = (
            wire.ask(0, target, b"shop.lab", &[]).await?,
            wire.ask(1, target, b"shop.lab", &[]).await?,
        );
        if got != (as_it_comes, recommended) {
            wrong.push(format!("{}: {got:?}", target.escape_ascii()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

/// An ALLOW on exactly `/admin`, and a DENY on all else: no spelling that is not normalised is allowed.
#[tokio::test]
async fn an_allow_on_an_exact_path_needs_nothing() -> Result<()> {
    let rules = json!([{"to": [{"operation": {"paths": ["/admin"]}}]}]);
    let resources = json!([policy("admin", "ALLOW", rules)]);
    let wire = HoleLab::start(&[Http::as_it_comes(), recommended()], resources).await?;
    for target in [b"/admin".as_slice(), b"/admin?x=/"] {
        for listener in [0, 1] {
            assert_eq!(wire.ask(listener, target, b"shop.lab", &[]).await?, Passed);
        }
    }
    for target in [
        b"//admin".as_slice(),
        b"/x/../admin",
        b"/%61dmin",
        b"/admin/",
        b"/Admin",
        b"/admin;x=y",
        b"/admin%00",
    ] {
        let outcome = wire.ask(0, target, b"shop.lab", &[]).await?;
        assert_eq!(outcome, Denied, "{}", target.escape_ascii());
    }
    // The upstream gets the path that was decided on.
    assert_eq!(wire.ask(1, b"/x/..//admin", b"shop.lab", &[]).await?, Passed);
    assert_eq!(
        wire.upstream.targets().last().map(Vec::as_slice),
        Some(b"/admin".as_slice())
    );
    Ok(())
}

/// Prefixes, suffixes and `notPaths` handle bytes that are not text, and paths of any length that Envoy accepts.
#[tokio::test]
async fn odd_and_long_paths_escape_no_rule() -> Result<()> {
    let rules = json!([
        {"to": [{"operation": {"paths": ["/admin*", "*.php"]}}]},
        {"to": [{"operation": {"notPaths": ["/public*", "/x*"]}}]},
    ]);
    let wire = HoleLab::start(&[recommended()], json!([policy("odd", "DENY", rules)])).await?;
    let long = [b"/admin/".as_slice(), &b"a".repeat(40_000)].concat();
    let long_suffix = [b"/x/".as_slice(), &b"a".repeat(40_000), b".php"].concat();
    for (target, expected) in [
        (b"/admin\xff\xfe".as_slice(), Answered(400)),
        (b"/admin%ff", Denied),
        (b"/x%ff.php", Denied),
        (b"/%ffpublic", Denied),
        (b"/public%ff", Passed),
        (&long, Denied),
        (&long_suffix, Denied),
    ] {
        let outcome = wire.ask(0, target, b"shop.lab", &[]).await?;
        let shown = target.get(..20).unwrap_or(target).escape_ascii();
        assert_eq!(outcome, expected, "{shown}");
    }
    Ok(())
}

/// With `paths: strict` a path that Envoy leaves to be decoded or resolved passes no rule on paths.
#[tokio::test]
async fn strict_paths_are_read_in_one_way() -> Result<()> {
    let rules = json!([{"to": [{"operation": {"paths": ["/admin"]}}]}]);
    let resources = json!([policy("admin", "DENY", rules)]);
    let wire = HoleLab::start_with(&[recommended()], resources, json!({"paths": "strict"})).await?;
    for (target, expected) in [
        (b"/wiki/Who".as_slice(), Passed),
        (b"/a%20b%C3%BC", Passed),
        (b"/a;x=y", Passed),
        (b"/~%7euser", Passed),
        (b"/shop?x=%3f", Passed),
        (b"/wiki/Who%3F", Denied),
        (b"/admin%3fx", Denied),
        (b"/admin%23x", Denied),
        (b"/%2561dmin", Denied),
        (b"/%252e/admin", Denied),
        (b"/100%25", Denied),
        (b"/v1/items%3adelete", Denied),
        (b"/a%2Bb", Denied),
        (b"/x/..;/admin", Denied),
        (b"/x/%2e%2e;/admin", Denied),
        (b"/%u0061dmin", Denied),
        (b"/100%", Denied),
        (b"/%zz", Denied),
        (b"/%C0%AE%C0%AE/admin", Denied),
        (b"/%C1%A1dmin", Denied),
        (b"/admin%80", Denied),
        (b"/x%C3/%BC", Denied),
        (b"/x%E2%82%AC%F0%9F%98%80", Passed),
        // From some version on, Envoy turns `/.;a/b` into `/b`, which is one path to everyone.
        (b"/%2e;a/b", Denied),
    ] {
        assert_eq!(
            wire.ask(0, target, b"shop.lab", &[]).await?,
            expected,
            "{}",
            target.escape_ascii()
        );
    }
    Ok(())
}

/// The spelling in which characters arrive, which PW005 names: blanks never, others as Envoy escapes them, and escapes
/// unchanged.
#[tokio::test]
async fn characters_arrive_as_envoy_spells_them() -> Result<()> {
    let wire = HoleLab::start(&[recommended()], json!([])).await?;
    let cases: [(&str, &str); 13] = [
        ("/a%20b", "/a%20b"),
        ("/a%09b", "/a%09b"),
        ("/b%C3%BCcher", "/b%C3%BCcher"),
        ("/b%c3%bccher", "/b%c3%bccher"),
        ("/a\"b", "/a%22b"),
        ("/a<b", "/a%3Cb"),
        ("/a>b", "/a%3Eb"),
        ("/a^b", "/a%5Eb"),
        ("/a`b", "/a%60b"),
        ("/a{b", "/a%7Bb"),
        ("/a|b", "/a%7Cb"),
        ("/a}b", "/a%7Db"),
        ("/a!$&'()*+,;:@=[]~b", "/a!$&'()*+,;:@=[]~b"),
    ];
    let mut wrong = Vec::new();
    for (target, arrives) in cases {
        let outcome = wire.ask(0, target.as_bytes(), b"shop.lab", &[]).await?;
        let targets = wire.upstream.targets();
        if outcome != Passed || targets.last().map(Vec::as_slice) != Some(arrives.as_bytes()) {
            wrong.push(format!("{target}: {outcome:?} {:?}", targets.last()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for blank in [b"/a b".as_slice(), b"/a\tb"] {
        assert_eq!(wire.ask(0, blank, b"shop.lab", &[]).await?, Answered(400));
    }
    // HTTP/1.1 has no such bytes in a target.
    let ask = ClientRequest::get("/b\u{fc}cher").host("shop.lab");
    assert_eq!(wire.ask_by_http2(0, ask).await?, Passed);
    let targets = wire.upstream.targets();
    assert_eq!(
        targets.last().map(Vec::as_slice),
        Some(b"/b%C3%BCcher".as_slice())
    );
    Ok(())
}
