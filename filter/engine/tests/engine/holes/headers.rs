//! Headers that are repeated, empty, long, or not text.

use peerwarden_engine::{Config, Lookup, Traffic};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::{allows, request};
use super::when;

fn rule(action: &str, field: &str, value: &str) -> Config {
    when(
        action,
        &format!(r#""key": "request.headers[X-Team]", "{field}": ["{value}"]"#),
    )
}

fn with(lines: &[&[u8]]) -> Traffic {
    let line = |value: &&[u8]| ("x-team".to_owned(), value.to_vec());
    Traffic {
        headers: Lookup::Found(lines.iter().map(line).collect()),
        ..Traffic::default()
    }
}

/// CVE-2020-25017 and CVE-2026-26308: each line counts by itself, wherever it is.
#[test]
fn every_line_of_a_repeated_header_counts() {
    let deny = rule("DENY", "values", "red");
    let others = rule("DENY", "notValues", "blue");
    let allow = rule("ALLOW", "values", "red");
    for lines in [[b"red".as_slice(), b"blue"], [b"blue", b"red"]] {
        assert!(!allows(&deny, &with(&lines)));
        assert!(allows(&allow, &with(&lines)));
    }
    assert!(allows(&deny, &with(&[b"blue", b"green"])));
    assert!(!allows(&others, &with(&[b"red", b"green"])));
    // One line is one value, commas and all.
    assert!(allows(&deny, &with(&[b"blue,red"])) && !allows(&allow, &with(&[b"blue,red"])));
}

#[test]
fn the_names_of_headers_have_no_case() {
    for name in ["x-team", "X-Team", "X-TEAM"] {
        let config = when(
            "DENY",
            &format!(r#""key": "request.headers[{name}]", "values": ["red"]"#),
        );
        assert!(!allows(&config, &with(&[b"red"])), "{name}");
    }
    assert!(
        allows(&rule("DENY", "values", "red"), &with(&[b"Red"])),
        "values have"
    );
}

/// An empty header is present: `*` requires no more of headers.
#[test]
fn an_empty_header_is_there() {
    assert!(allows(&rule("ALLOW", "values", "*"), &with(&[b""])));
    assert!(!allows(&rule("ALLOW", "values", "*"), &with(&[])));
    assert!(!allows(&rule("ALLOW", "notValues", "*"), &with(&[b""])));
    assert!(allows(&rule("ALLOW", "notValues", "*"), &with(&[])));
    assert!(!allows(&rule("DENY", "values", "*"), &with(&[b""])));
}

/// envoyproxy/envoy#28285: HTTP/2 delivers white space around a value, and an application removes it (RFC 9110, section
/// 5.5).
#[test]
fn white_space_around_a_value_hides_nothing() {
    let blank = [b"".as_slice(), b" ", b"\t", b" \t  "];
    for (before, behind) in blank
        .iter()
        .flat_map(|before| blank.map(|behind| (*before, behind)))
    {
        let line: &[u8] = &[before, b"red", behind].concat();
        for value in ["red", "r*", "*d"] {
            assert!(
                !allows(&rule("DENY", "values", value), &with(&[line])),
                "{line:?}"
            );
            assert!(
                allows(&rule("ALLOW", "values", value), &with(&[line])),
                "{line:?}"
            );
            assert!(!allows(
                &rule("ALLOW", "notValues", value),
                &with(&[b"blue", line])
            ));
        }
        let empty: &[u8] = &[before, behind].concat();
        assert!(
            !allows(&rule("DENY", "values", "*"), &with(&[empty])),
            "{empty:?}"
        );
        assert!(
            !allows(&rule("ALLOW", "notValues", "*"), &with(&[empty])),
            "{empty:?}"
        );
        assert!(
            !allows(&rule("DENY", "notValues", "red"), &with(&[empty])),
            "{empty:?}"
        );
    }
    assert!(allows(&rule("DENY", "values", "red"), &with(&[b"re d"])));
    assert!(allows(
        &rule("DENY", "values", "red"),
        &with(&["red\u{a0}".as_bytes()])
    ));
    // Pseudo-headers are not fields: a path that ends with a space is another path.
    let path = when("DENY", r#""key": "request.headers[:path]", "values": ["/red"]"#);
    let request = |path: &str| request(None, "GET", "shop", path, &[]);
    assert!(!allows(&path, &request("/red")) && allows(&path, &request("/red ")));
}

/// CVE-2026-73552: bytes that are not UTF-8 cause no failure, for ALLOW or DENY.
#[test]
fn bytes_that_are_no_text_are_bytes() {
    assert!(!allows(&rule("DENY", "values", "red*"), &with(&[b"red\xff"])));
    assert!(!allows(&rule("DENY", "values", "*red"), &with(&[b"\xffred"])));
    assert!(!allows(&rule("DENY", "notValues", "red"), &with(&[b"red\xff"])));
    assert!(!allows(&rule("ALLOW", "values", "red"), &with(&[b"red\xff"])));
    assert!(!allows(&rule("DENY", "values", "*"), &with(&[b"\xff\xfe"])));
}

#[test]
fn very_long_values_are_values() {
    let long = [b"x".repeat(1_000_000), b"red".to_vec()].concat();
    assert!(!allows(&rule("DENY", "values", "*red"), &with(&[&long])));
    assert!(allows(&rule("DENY", "values", "red*"), &with(&[&long])));
    let many: Vec<&[u8]> = std::iter::repeat_n(b"blue".as_slice(), 10_000)
        .chain([b"red".as_slice()])
        .collect();
    assert!(!allows(&rule("DENY", "values", "red"), &with(&many)));
}
