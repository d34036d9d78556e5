//! Hosts that two parsers read differently.

use peerwarden_engine::{Lookup, Traffic};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::{allows, request};
use super::{operation, when};

fn passes(config: &peerwarden_engine::Config, host: &str) -> bool {
    allows(config, &request(None, "GET", host, "/", &[]))
}

/// CVE-2021-39155: hosts are case-insensitive.
#[test]
fn hosts_have_no_case() {
    let deny = operation("DENY", r#""hosts": ["admin.example"]"#);
    let others = operation("DENY", r#""notHosts": ["Shop.Example"]"#);
    for host in ["admin.example", "ADMIN.example", "aDmIn.eXaMpLe"] {
        assert!(!passes(&deny, host), "{host}");
    }
    assert!(passes(&others, "SHOP.example") && !passes(&others, "ADMIN.example"));
}

/// The port is part of the text, as in Istio: policies name both `HOST` and `HOST:*`.
#[test]
fn a_host_with_a_port_is_named_by_its_twin() {
    let alone = operation("DENY", r#""hosts": ["admin.example"]"#);
    let both = operation("DENY", r#""hosts": ["admin.example", "admin.example:*"]"#);
    for host in ["admin.example:80", "ADMIN.example:443"] {
        assert!(passes(&alone, host) && !passes(&both, host), "{host}");
    }
    let literal = operation("DENY", r#""hosts": ["[::1]", "[::1]:*"]"#);
    assert!(!passes(&literal, "[::1]") && !passes(&literal, "[::1]:80"));
}

#[test]
fn a_trailing_dot_makes_another_host() {
    let deny = operation("DENY", r#""hosts": ["admin.example"]"#);
    let others = operation("DENY", r#""notHosts": ["shop.example"]"#);
    assert!(passes(&deny, "admin.example."));
    assert!(
        !passes(&others, "shop.example."),
        "a surprise falls on the side of denial"
    );
}

/// `Host` is `:authority`, however the condition spells it.
#[test]
fn the_host_header_is_the_authority() {
    for name in ["host", "Host", "HOST", ":authority"] {
        let config = when(
            "DENY",
            &format!(r#""key": "request.headers[{name}]", "values": ["admin.example"]"#),
        );
        assert!(
            !passes(&config, "admin.example") && passes(&config, "shop.example"),
            "{name}"
        );
    }
}

/// envoyproxy/envoy#35602: a text that is not a host may name another host to a different parser, so it passes no rule.
#[test]
fn what_is_not_a_host_passes_no_rule_on_hosts() {
    let rules = [
        operation("DENY", r#""hosts": ["admin.example", "admin.example:*"]"#),
        operation("DENY", r#""notHosts": ["shop.example"]"#),
        operation("ALLOW", r#""hosts": ["*"]"#),
        operation("ALLOW", r#""notHosts": ["admin.example", "admin.example:*"]"#),
        when(
            "DENY",
            r#""key": "request.headers[host]", "values": ["admin.example"]"#,
        ),
        when(
            "ALLOW",
            r#""key": "request.headers[:authority]", "notValues": ["admin.example"]"#,
        ),
    ];
    for rule in &rules {
        assert!(passes(rule, "shop.example"), "{rule:?}");
        for host in [
            "x@admin.example",
            "%61dmin.example",
            "ok.example,admin.example",
            "admin.example ",
            "admin.example\t",
            "shop.example@x",
            "b\u{fc}cher.example",
            "%2Frun%2Fshop.sock",
            "",
        ] {
            assert!(!passes(rule, host), "{rule:?} {host:?}");
        }
    }
    // Rules on anything else do not ask.
    let path = operation("ALLOW", r#""paths": ["/"]"#);
    assert!(passes(&path, "x@admin.example"));
}

/// Both must be hosts: the second of two lines could be the one that counts.
#[test]
fn every_line_of_a_host_counts() {
    let deny = operation("DENY", r#""hosts": ["admin.example"]"#);
    let line = |host: &str| (":authority".to_owned(), host.as_bytes().to_vec());
    let with = |hosts: [&str; 2]| Traffic {
        headers: Lookup::Found(hosts.map(line).to_vec()),
        ..Traffic::default()
    };
    assert!(allows(&deny, &with(["shop.example", "b.example"])));
    assert!(!allows(&deny, &with(["shop.example", "admin.example"])));
    assert!(!allows(&deny, &with(["shop.example", "x@b.example"])));
}
