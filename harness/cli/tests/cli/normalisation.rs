//! `peerwarden check` on paths that Envoy must normalise.

use crate::fixture::Folder;

/// Findings that depend on Envoy's normalisation name the setting.
#[test]
fn what_envoy_must_normalise_is_said() {
    let deny = |operation: &str| {
        let policy = format!(
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: p, namespace: shop}}\n\
             spec:\n  action: DENY\n  rules:\n  - to:\n    - operation:\n        ports: [\"8080\"]\n        {operation}\n"
        );
        Folder::with(&[("deny.yaml", &policy)]).run(&["check"])
    };
    for (operation, code, underlined, setting) in [
        (
            "paths: [\"/x*\", \"//admin*\"]",
            "PW005",
            "\"//admin*\"",
            "merge_slashes",
        ),
        (
            "notPaths: [\"/a/../b*\"]",
            "PW005",
            "\"/a/../b*\"",
            "normalize_path",
        ),
        (
            "paths: [\"/a/..;x/b*\"]",
            "PW005",
            "\"/a/..;x/b*\"",
            "normalize_path",
        ),
        (
            "paths: [\"/%61dmin*\"]",
            "PW005",
            "\"/%61dmin*\"",
            "normalize_path",
        ),
        (
            "paths: [\"/a%2Fb*\"]",
            "PW005",
            "\"/a%2Fb*\"",
            "UNESCAPE_AND_REDIRECT",
        ),
        ("paths: ['/a\\b*']", "PW005", "'/a\\b*'", "UNESCAPE_AND_REDIRECT"),
        (
            "paths: [\"/x*\", \"/a?b*\"]",
            "PW005",
            "\"/a?b*\"",
            "request.headers[:path]",
        ),
        ("paths: [\"/a b*\"]", "PW005", "\"/a b*\"", "`/a%20b*`"),
        (
            "notPaths: [\"/b\u{fc}cher*\"]",
            "PW005",
            "\"/b\u{fc}cher*\"",
            "`/b%C3%BCcher*`",
        ),
        (
            "hosts: [\"a.example\", \"a.example:*\", \"https://a.*\"]",
            "PW035",
            "\"https://a.*\"",
            "write the host alone",
        ),
        (
            "notHosts: [\"a.example\", \"b\u{fc}cher.example\"]",
            "PW035",
            "\"b\u{fc}cher.example\"",
            "`xn--bcher-kva.example`",
        ),
        ("paths: [\"/admin\"]", "PW006", "\"/admin\"", "write `/admin*`"),
        (
            "hosts: [\"a.example\"]",
            "PW007",
            "\"a.example\"",
            "strip_any_host_port",
        ),
        (
            "hosts: [\"*.example\"]",
            "PW007",
            "\"*.example\"",
            "strip_any_host_port",
        ),
        ("hosts: [\"[::1]\"]", "PW007", "\"[::1]\"", "strip_any_host_port"),
        (
            "hosts: [\"a.example.:*\"]",
            "PW008",
            "\"a.example.:*\"",
            "strip_trailing_host_dot",
        ),
        (
            "methods: [\"GET\"]\n    when: [{key: connection.sni, values: [a.example, \"*.example.\"]}]",
            "PW008",
            "\"*.example.\"",
            "RFC 6066",
        ),
    ] {
        let ran = deny(operation);
        ran.says(1, &[&format!("[{code}]"), setting]);
        assert_eq!(ran.underlined(), [underlined], "{operation}: {}", ran.out);
    }
    for fine in [
        "paths: [\"/admin*\"]",
        "paths: [\"/admin\", \"/admin/*\"]",
        "paths: [\"/a%20b*\", \"/a/{*}/b\", \"*.php\", \"/a;x*\", \"/...*\"]",
        "notPaths: [\"/public\"]",
        "hosts: [\"a.example\", \"a.example:*\"]",
        "hosts: [\"a.example:8080\", \"b.*\"]",
        "hosts: [\"*\"]",
        "methods: [\"GET\"]\n    when: [{key: connection.sni, values: [a.example, \"b.*\"]}]",
        "notHosts: [\"a.example\"]",
        "paths: [\"/b%C3%BCcher*\", \"/a!$&'()+,;:@=[]*\"]",
        "notHosts: [\"[::1]\", \"*.example:8080\", \"xn--bcher-kva.example\", \"A_b.*\"]",
    ] {
        let ran = deny(fine);
        assert_eq!(ran.code, 0, "{fine}: {}", ran.out);
    }
}

#[test]
fn a_spelling_that_envoy_normalises_is_underlined() {
    let policy = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: no-admin, namespace: shop}\nspec:\n  \
                  action: DENY\n  rules:\n  - to:\n    - operation:\n        hosts: [shop.example., shop.example]\n        ports: [\"8080\"]\n        \
                  paths: [/admin, /a//b*]\n";
    let ran = Folder::with(&[("deny.yaml", policy)]).run(&["check"]);
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(ran.out);
}
