//! Paths that two parsers read differently.

use peerwarden_engine::{Lookup, Program, Traffic, Verdict, reference};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::{allows, config_with, get, policy};
use super::operation;

/// Whether a DENY on the exact path `/admin` lets a request for `path` pass.
fn passes_a_deny(path: &str) -> bool {
    allows(&operation("DENY", r#""paths": ["/admin"]"#), &get(None, path))
}

/// Whether an ALLOW on the exact path `/admin` allows it.
fn is_let_in(path: &str) -> bool {
    allows(&operation("ALLOW", r#""paths": ["/admin"]"#), &get(None, path))
}

/// CVE-2020-8595 and CVE-2021-32779: what follows `?` or `#` is not part of the path.
#[test]
fn queries_and_fragments_are_no_part_of_a_path() {
    for path in [
        "/admin",
        "/admin?",
        "/admin?x=/",
        "/admin#",
        "/admin#/../x",
        "/admin#?x",
        "/admin?#",
    ] {
        assert!(!passes_a_deny(path) && is_let_in(path), "{path}");
    }
    let suffix = operation("DENY", r#""paths": ["*.php"]"#);
    assert!(!allows(&suffix, &get(None, "/a.php#.html")) && !allows(&suffix, &get(None, "/a.php?.html")));
    // Escaped they are characters like any other.
    for path in ["/admin%3f", "/admin%23"] {
        assert!(passes_a_deny(path) && !is_let_in(path), "{path}");
    }
}

/// CVE-2021-29492, CVE-2021-31920, CVE-2026-73511, CVE-2026-73551 and others: only Envoy can make these spellings
/// equal. None of them is allowed where only `/admin` is; a DENY on exactly `/admin` needs Envoy, or must be written
/// the other way round.
#[test]
fn what_envoy_normalises_is_another_path_until_it_has() {
    let no_other = operation("DENY", r#""notPaths": ["/public", "/public/*"]"#);
    for path in [
        "//admin",
        "/admin/",
        "/./admin",
        "/public/../admin",
        "/%2e/admin",
        "/public/%2e%2e/admin",
        "/public%2f..%2fadmin",
        "/%61dmin",
        "/admin%2f",
        "/admin;a=b",
        "/;a/admin",
        "/public;/../admin",
        "\\admin",
        "/admin%00",
        "/%252e/admin",
    ] {
        assert!(!is_let_in(path), "{path}");
        assert!(passes_a_deny(path), "{path}");
        // In the recommended style, `notPaths` in DENY, a surprise falls on the side of denial.
        let below_public = path.starts_with("/public/");
        assert_eq!(allows(&no_other, &get(None, path)), below_public, "{path}");
    }
}

/// Envoy does not change case. For an application that ignores case, do not deny by naming paths.
#[test]
fn paths_have_case() {
    for path in ["/Admin", "/ADMIN"] {
        assert!(passes_a_deny(path) && !is_let_in(path), "{path}");
    }
}

/// CVE-2026-73553: `;params` on a prefix or in a template do not escape from it.
#[test]
fn prefixes_and_templates_hold_path_parameters() {
    let config = operation("DENY", r#""paths": ["/admin*", "/a/{*}/b", "/c/{**}"]"#);
    for path in ["/admin;x=y", "/a/1;x=y/b", "/c/1;x/2;y"] {
        assert!(!allows(&config, &get(None, path)), "{path}");
    }
    assert!(
        allows(&config, &get(None, "/a/1/b;x")),
        "the last segment is literal"
    );
}

/// CVE-2025-46821: a star in a path is an ordinary character, for templates too.
#[test]
fn templates_take_a_star_for_a_character() {
    let config = operation("DENY", r#""paths": ["/a/{*}", "/b/{**}"]"#);
    for path in ["/a/*", "/a/x*y", "/b/*/*"] {
        assert!(!allows(&config, &get(None, path)), "{path}");
    }
}

/// CVE-2026-73552: bytes that are not UTF-8 are compared byte by byte, and escape no rule.
#[test]
fn bytes_that_are_no_text_are_bytes() {
    let with = |path: &[u8]| Traffic {
        headers: Lookup::Found(vec![(":path".to_owned(), path.to_vec())]),
        ..Traffic::default()
    };
    let prefix = operation("DENY", r#""paths": ["/admin*"]"#);
    let suffix = operation("DENY", r#""paths": ["*.php"]"#);
    let others = operation("DENY", r#""notPaths": ["/public*"]"#);
    let any = operation("ALLOW", r#""paths": ["*"]"#);
    assert!(!allows(&prefix, &with(b"/admin\xff\xfe")));
    assert!(!allows(&suffix, &with(b"/\xff.php")));
    assert!(!allows(&others, &with(b"/\xffpublic")));
    assert!(allows(&any, &with(b"/\xff")));
    // The replacement character is not the byte that it replaces elsewhere.
    let replaced = operation("ALLOW", r#""paths": ["/\ufffd"]"#);
    assert!(!allows(&replaced, &with(b"/\xff")) && allows(&replaced, &with("/\u{fffd}".as_bytes())));
}

#[test]
fn very_long_paths_are_paths() {
    let tail = "a/".repeat(200_000);
    let prefix = operation("DENY", r#""paths": ["/admin*"]"#);
    let template = operation("DENY", r#""paths": ["/{**}/z"]"#);
    assert!(!allows(&prefix, &get(None, &format!("/admin/{tail}"))));
    assert!(!allows(&template, &get(None, &format!("/{tail}z"))));
    assert!(allows(&template, &get(None, &format!("/{tail}y"))));
}

/// With `paths: strict`, a path that an application may read differently passes no rule on paths; rules on other fields
/// are unaffected.
#[test]
fn strict_paths_are_read_in_one_way() {
    let judge = |settings: &str, rule: &str, path: &str| {
        let document = policy("p", rule);
        let config = config_with(&document, settings).unwrap();
        let traffic = get(None, path);
        let verdict = Program::compile(&config)
            .unwrap()
            .judge(&traffic, &traffic)
            .decision
            .verdict;
        let reference = reference::explain(&config, &traffic, &traffic).outcome.verdict;
        assert_eq!(verdict, reference, "{settings} {rule} {path}");
        verdict == Verdict::Allow
    };
    let on_paths = [
        r#"{"action": "DENY", "rules": [{"to": [{"operation": {"paths": ["/admin", "/admin/*"]}}]}]}"#,
        r#"{"action": "ALLOW", "rules": [{"to": [{"operation": {"notPaths": ["/admin*"]}}]}]}"#,
        r#"{"action": "ALLOW", "rules": [{"to": [{"operation": {"paths": ["/{**}"]}}]}]}"#,
        r#"{"action": "ALLOW", "rules": [{"when": [{"key": "request.headers[:path]", "values": ["/*"]}]}]}"#,
        r#"{"action": "DENY", "rules": [{"when": [{"key": "request.headers[:path]", "values": ["/admin"]}]}]}"#,
    ];
    let strict = r#""paths": "strict""#;
    for rule in on_paths {
        for path in [
            "/wiki/Who%3F",
            "/x%3fy",
            "/x%23",
            "/%252e%252e/admin",
            "/%2561dmin",
            "/100%25",
            "/v1/items%3adelete",
            "/a%2Bb",
            "/x/..;/admin",
            "/x/.;y",
        ] {
            assert!(!judge(strict, rule, path), "{rule} {path}");
            assert!(judge("", rule, path), "{rule} {path}");
            assert!(judge(r#""paths": "lenient""#, rule, path), "{rule} {path}");
        }
        for path in [
            "/shop",
            "/a%20b",
            "/b%C3%BCcher",
            "/a;x=y/..z",
            "/a?x=%3f%252e/..;",
        ] {
            assert!(judge(strict, rule, path), "{rule} {path}");
        }
    }
    let methods = r#"{"action": "ALLOW", "rules": [{"to": [{"operation": {"methods": ["GET"]}}]}]}"#;
    assert!(judge(strict, methods, "/x%3f"));
    let wrong = config_with("", r#""paths": "Strict""#).unwrap_err().to_string();
    assert!(wrong.contains("did you mean `strict`?"), "{wrong}");
}

/// An escape does not get past a DENY on a suffix.
#[test]
fn a_strict_suffix_has_no_escapes() {
    let document = policy(
        "p",
        r#"{"action": "DENY", "rules": [{"to": [{"operation": {"paths": ["*:delete"]}}]}]}"#,
    );
    let allowed =
        |settings: &str, path: &str| allows(&config_with(&document, settings).unwrap(), &get(None, path));
    for path in ["/v1/items%3adelete", "/v1/items%3Adelete"] {
        assert!(allowed("", path), "{path}");
        assert!(!allowed(r#""paths": "strict""#, path), "{path}");
    }
    assert!(!allowed("", "/v1/items:delete"));
    assert!(allowed(r#""paths": "strict""#, "/v1/items:get"));
}
