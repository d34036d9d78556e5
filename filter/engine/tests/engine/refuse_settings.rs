//! Which settings of the module are refused, and how that is said.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::config_with;
use super::refuse::problems;

/// When connections are decided, and what happens to open ones.
#[test]
fn settings_of_connections() {
    for (settings, expected) in [
        (
            r#""protocol": "tcp", "tcp": {"enforcement": "hold", "deadline": "2.5s"}"#,
            "accepted",
        ),
        (
            r#""protocol": "tcp", "tcp": {"enforcement": "handshake"}"#,
            "accepted",
        ),
        (r#""protocol": "tcp", "tcp": {}"#, "accepted"),
        (
            r#""openConnections": {"onUpdate": "keep", "onExpiry": "close"}"#,
            "accepted",
        ),
        (
            r#""tcp": {"enforcement": "hold"}"#,
            "tcp: `tcp` is for `protocol: tcp` only; remove it, or write `protocol: tcp`",
        ),
        (
            r#""protocol": "tcp", "tcp": {"enforcement": "holds"}"#,
            "tcp.enforcement: unknown enforcement `holds`; did you mean `hold`?",
        ),
        (
            r#""protocol": "tcp", "tcp": {"enforcement": "later"}"#,
            "known values: `handshake`, `hold`",
        ),
        (
            r#""protocol": "tcp", "tcp": {"deadline": "5s"}"#,
            "tcp.deadline: `deadline` is for `enforcement: hold` only",
        ),
        (
            r#""protocol": "tcp", "tcp": {"enforcement": "hold", "deadline": 5}"#,
            "tcp.deadline: expected a string, found a number; put it in quotes",
        ),
        (
            r#""protocol": "tcp", "tcp": {"mode": "hold"}"#,
            "tcp.mode: unknown field `mode`",
        ),
        (
            r#""openConnections": {"onUpdate": "kept"}"#,
            "openConnections.onUpdate: unknown word `kept`; known values: `close`, `keep`",
        ),
        (
            r#""openConnections": {"onupdate": "keep"}"#,
            "openConnections.onupdate: unknown field `onupdate`; did you mean `onUpdate`?",
        ),
        (
            r#""openConnections": "keep""#,
            "openConnections: expected an object, found a string",
        ),
    ] {
        let said = problems(config_with("", settings));
        assert!(
            said.contains(expected),
            "{settings}\nexpected: {expected}\nsaid: {said}"
        );
    }
    for deadline in ["0s", "0.05s", "3601s", "1m", "-1s", "s", ""] {
        let settings =
            format!(r#""protocol": "tcp", "tcp": {{"enforcement": "hold", "deadline": "{deadline}"}}"#);
        let said = problems(config_with("", &settings));
        assert!(said.contains("is not a valid deadline"), "{deadline}: {said}");
    }
}

#[test]
fn a_lock_for_another_chain_or_without_a_cluster() {
    for (settings, expected) in [
        (r#""lock": "yes""#, "lock: expected true or false, found a string"),
        (
            r#""lock": {"cluster": "orders"}"#,
            "lock: expected true or false, found an object; write `true`; a cluster is for `protocol: tcp` only",
        ),
        (
            r#""protocol": "tcp", "lock": true"#,
            "lock: expected an object, found a boolean",
        ),
        (
            r#""protocol": "tcp", "lock": "orders""#,
            "write the cluster for `tcp_proxy`: `{\"cluster\": \"orders\"}`",
        ),
        (
            r#""protocol": "tcp", "lock": {}"#,
            "the cluster that connections go to is missing",
        ),
        (
            r#""protocol": "tcp", "lock": {"cluster": ""}"#,
            "the cluster that connections go to is missing",
        ),
        (
            r#""protocol": "tcp", "lock": {"clusters": {}}"#,
            "the cluster that connections go to is missing",
        ),
        (
            r#""protocol": "tcp", "lock": {"clusters": {"80": ""}}"#,
            "the cluster that connections go to is missing",
        ),
        (
            r#""protocol": "tcp", "lock": {"clusters": {"080": "a"}}"#,
            "`080` is not a port",
        ),
        (
            r#""protocol": "tcp", "lock": {"clusters": {"0": "a"}}"#,
            "`0` is not a port",
        ),
        (
            r#""protocol": "tcp", "lock": {"clusters": {"65536": "a"}}"#,
            "`65536` is not a port",
        ),
        (
            r#""protocol": "tcp", "lock": {"cluster": "a", "clusters": {"80": "a"}}"#,
            "`cluster` and `clusters` exclude each other",
        ),
        (
            r#""protocol": "tcp", "lock": {"clustre": "a"}"#,
            "lock.clustre: unknown field `clustre`; did you mean `cluster`?",
        ),
    ] {
        let said = problems(config_with("", settings));
        assert!(
            said.contains(expected),
            "{settings}\nexpected: {expected}\nsaid: {said}"
        );
    }
    for settings in [
        r#""lock": true"#,
        r#""lock": false"#,
        r#""lock": null"#,
        r#""protocol": "tcp", "lock": false"#,
        r#""protocol": "tcp", "lock": {"cluster": "orders"}"#,
        r#""protocol": "tcp", "lock": {"clusters": {"80": "a", "65535": "b"}}"#,
    ] {
        assert_eq!(problems(config_with("", settings)), "accepted", "{settings}");
    }
}
