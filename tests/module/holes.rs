//! Bytes that no client library sends, through the shipped module: what Envoy may still pass on.

use peerwarden_host::{HttpOutcome, Request};
use serde_json::{Value, json};

use crate::fixture::{FRONTEND, ask, configuration, peer, policy, vm};

fn request(path: &[u8], lines: &[(&[u8], &[u8])]) -> Request {
    let pseudo: [(&[u8], &[u8]); 3] = [
        (b":method", b"GET"),
        (b":path", path),
        (b":authority", b"orders.shop"),
    ];
    let headers = pseudo.iter().chain(lines);
    Request {
        headers: headers
            .map(|(name, value)| (name.to_vec(), value.to_vec()))
            .collect(),
        end_of_stream: true,
        ..Request::default()
    }
}

/// Whether each request passes a policy with one rule.
fn passes<const N: usize>(action: &str, rule: &Value, requests: [Request; N]) -> [bool; N] {
    let (mut vm, plugin) = vm(configuration(
        "http",
        json!([policy("odd", action, json!([rule]))]),
    ));
    requests.map(|request| ask(&mut vm, plugin, &peer(FRONTEND), request) == HttpOutcome::Continue)
}

#[test]
fn paths_that_are_no_text_escape_no_rule() {
    let paths = |field: &str, value: &str| json!({"to": [{"operation": {field: [value]}}]});
    let odd = || {
        [
            request(b"/admin\xff\xfe", &[]),
            request(b"/\xc3\x28admin", &[]),
            request(b"", &[]),
        ]
    };
    assert_eq!(
        passes("DENY", &paths("paths", "/admin*"), odd()),
        [false, true, true]
    );
    assert_eq!(
        passes("DENY", &paths("paths", "*admin"), odd()),
        [true, false, true]
    );
    assert_eq!(passes("DENY", &paths("notPaths", "/public*"), odd()), [false; 3]);
    assert_eq!(passes("ALLOW", &paths("paths", "/admin"), odd()), [false; 3]);
    assert_eq!(
        passes("DENY", &paths("paths", "/{**}"), odd()),
        [true; 3],
        "a template has a set of characters"
    );
}

#[test]
fn headers_that_are_no_text_repeated_empty_or_long_count_line_by_line() {
    let team =
        |field: &str, value: &str| json!({"when": [{"key": "request.headers[X-Team]", field: [value]}]});
    let long = b"y".repeat(200_000);
    let odd = || {
        [
            request(b"/", &[(b"x-team", b"\xff"), (b"x-team", b"red")]),
            request(b"/", &[(b"X-Team", b"red")]),
            request(b"/", &[(b"x-team", b"red\xff")]),
            request(b"/", &[(b"x-team", b"")]),
            request(b"/", &[(b"x-team", &long), (b"x-team", b"blue")]),
            request(b"/", &[]),
        ]
    };
    assert_eq!(
        passes("DENY", &team("values", "red"), odd()),
        [false, false, true, true, true, true]
    );
    assert_eq!(
        passes("DENY", &team("notValues", "red"), odd()),
        [true, true, false, false, false, false]
    );
    assert_eq!(
        passes("ALLOW", &team("values", "*"), odd()),
        [true, true, true, true, true, false]
    );
}

/// A header's name may be arbitrary bytes as well.
#[test]
fn a_header_whose_name_is_no_text_is_another_header() {
    let team = json!({"when": [{"key": "request.headers[x-team]", "values": ["red"]}]});
    let odd = [
        request(b"/", &[(b"x-team\xff", b"red")]),
        request(b"/", &[(b"\xff", b"\xff"), (b"x-team", b"red")]),
    ];
    assert_eq!(passes("DENY", &team, odd), [true, false]);
}

/// `CONNECT` as Envoy passes it on, from HTTP/1.1 and from HTTP/2: the authority of the target, with its port, and no
/// path.
#[test]
fn a_connect_has_a_host_with_its_port_and_no_path() {
    let odd = || {
        let connect = |authority| Request::new([(":method", "CONNECT"), (":authority", authority)]);
        [
            "admin.lab:443",
            "ADMIN.lab:443",
            // HTTP/2 only.
            "admin.lab",
            "[::1]:443",
            "shop.lab:443",
            "x@admin.lab:443",
        ]
        .map(connect)
    };
    let operation = |operation: Value| json!({"to": [{"operation": operation}]});
    let hosts = |field: &str, values: &[&str]| operation(json!({field: values}));
    let twins = ["admin.lab", "admin.lab:*"];
    assert_eq!(
        passes("DENY", &hosts("hosts", &["admin.lab"]), odd()),
        [true, true, false, true, true, false],
        "the port is part of the host"
    );
    assert_eq!(
        passes("DENY", &hosts("hosts", &twins), odd()),
        [false, false, false, true, true, false]
    );
    assert_eq!(
        passes("ALLOW", &hosts("hosts", &["admin.lab:443"]), odd()),
        [true, true, false, false, false, false]
    );
    assert_eq!(
        passes("ALLOW", &hosts("notHosts", &twins), odd()),
        [false, false, false, true, true, false]
    );
    let methods = operation(json!({"methods": ["CONNECT"]}));
    assert_eq!(passes("DENY", &methods, odd()), [false; 6]);
    // Without a path no value of `paths` matches, and each `notPaths` holds.
    for paths in ["*", "/*", "/{**}"] {
        let any = operation(json!({"paths": [paths]}));
        assert_eq!(passes("DENY", &any, odd()), [true; 6], "{paths}");
        assert_eq!(passes("ALLOW", &any, odd()), [false; 6], "{paths}");
    }
    let others = operation(json!({"notPaths": ["/public*"]}));
    assert_eq!(passes("DENY", &others, odd()), [false; 6]);
}

/// The log shows which attributes of a denied request were not established.
#[test]
fn the_line_of_a_denial_says_that_its_path_is_not_established() {
    const NOTE: &str = "(refused by `paths: strict`)";
    let rule = json!([{"to": [{"operation": {"paths": ["/admin"]}}]}]);
    let lines = |paths: &str| {
        let configuration = json!({
            "workload": {"namespace": "shop"}, "resources": [policy("odd", "DENY", rule.clone())],
            "protocol": "http", "paths": paths,
        });
        let (mut vm, plugin) = vm(configuration.to_string().into_bytes());
        for path in [b"/x%3a".as_slice(), b"/x/..;/y", b"/admin", b"/fine"] {
            ask(&mut vm, plugin, &peer(FRONTEND), request(path, &[]));
        }
        let lines = vm.logs().iter().map(|line| line.message.clone());
        lines
            .filter(|line| line.contains("peerwarden: denied"))
            .collect::<Vec<_>>()
    };
    let strict = lines("strict");
    assert_eq!(strict.len(), 3, "{strict:?}");
    for (line, path) in strict.iter().zip(["/x%3a", "/x/..;/y"]) {
        assert!(
            line.contains(&format!("{path:?} {NOTE}")) && line.contains("policy[odd]"),
            "{line}"
        );
    }
    assert!(!strict[2].contains(NOTE), "{strict:?}");
    let lenient = lines("lenient");
    assert!(lenient.len() == 1 && !lenient[0].contains(NOTE), "{lenient:?}");
}
