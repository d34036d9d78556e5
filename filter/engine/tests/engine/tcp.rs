//! HTTP-only fields on TCP: the most misunderstood rule of the API.

use peerwarden_engine::{Lookup, Traffic};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{FRONTEND, config_with, decide, policy};

fn on_tcp(spec: &str, traffic: &Traffic) -> String {
    decide(
        &config_with(&policy("p", spec), r#""protocol": "tcp""#).unwrap(),
        traffic,
    )
}

#[test]
fn an_allow_rule_with_an_http_field_is_dropped_whole() {
    let spec = r#"{"rules": [{"from": [{"source": {"principals": ["*"]}}], "to": [{"operation": {"methods": ["GET"]}}]}]}"#;
    assert_eq!(on_tcp(spec, &Traffic::from_peer(FRONTEND)), "deny");
}

#[test]
fn a_deny_rule_with_an_http_field_gets_wider() {
    let http_only = r#"{"action": "DENY", "rules": [{"to": [{"operation": {"methods": ["GET"]}}]}]}"#;
    assert_eq!(
        on_tcp(http_only, &Traffic::default()),
        "deny ns[shop]-policy[p]-rule[0]"
    );
    let with_port = r#"{"action": "DENY", "rules": [{"to": [{"operation": {"notMethods": ["GET"], "ports": ["3306"]}}]}]}"#;
    let to = |port| Traffic {
        destination_port: Lookup::Found(port),
        ..Traffic::default()
    };
    assert_eq!(on_tcp(with_port, &to(3306)), "deny ns[shop]-policy[p]-rule[0]");
    assert_eq!(on_tcp(with_port, &to(5432)), "allow");
}

#[test]
fn identity_address_and_server_name_work_on_tcp() {
    let spec = r#"{"rules": [{"from": [{"source": {"serviceAccounts": ["web/frontend"], "ipBlocks": ["10.0.0.0/8"]}}],
        "when": [{"key": "connection.sni", "values": ["db.*"]}]}]}"#;
    let good = Traffic {
        source_ip: Lookup::Found([10, 1, 2, 3].into()),
        sni: Lookup::Found(b"db.shop".to_vec()),
        ..Traffic::from_peer(FRONTEND)
    };
    assert_eq!(on_tcp(spec, &good), "allow ns[shop]-policy[p]-rule[0]");
    assert_eq!(
        on_tcp(
            spec,
            &Traffic {
                sni: Lookup::Missing,
                ..good.clone()
            }
        ),
        "deny"
    );
    assert_eq!(
        on_tcp(
            spec,
            &Traffic {
                source_ip: Lookup::Found([11, 0, 0, 1].into()),
                ..good
            }
        ),
        "deny"
    );
}
