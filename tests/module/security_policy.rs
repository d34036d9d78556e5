//! The security of a connection in access logs and counters.

use std::time::Duration;

use peerwarden_host::{Connection, MetricValue, TcpOptions, Tls, Vm};
use serde_json::json;

use crate::fixture::{FRONTEND, allow, configuration, get, peer, vm};

/// The time after which the module has updated its counters.
const COUNTED: Duration = Duration::from_secs(1);

fn connections() -> [(&'static str, Connection); 3] {
    let anonymous = Connection {
        tls: Some(Tls::default()),
        ..Connection::default()
    };
    [
        ("mutual_tls", peer(FRONTEND)),
        ("tls", anonymous),
        ("none", Connection::default()),
    ]
}

fn count(vm: &Vm, policy: &str) -> Option<MetricValue> {
    vm.metric(&format!("peerwarden.connection_security_policy.{policy}"))
}

/// Whether or not the decision depends on the peer, and whatever it is.
#[test]
fn of_requests() {
    for resources in [json!([]), json!([allow(FRONTEND)])] {
        let (mut vm, plugin) = vm(configuration("http", resources));
        for (policy, connection) in connections() {
            let stream = vm.http_stream(plugin, &connection, get("/")).unwrap();
            vm.request_headers(stream).unwrap();
            let state = vm.filter_state(stream, "wasm.peerwarden.connection_security_policy");
            assert_eq!(state, Some(policy.as_bytes()));
            vm.advance(COUNTED);
            assert_eq!(count(&vm, policy), Some(MetricValue::Counter(1)));
        }
    }
}

#[test]
fn of_connections() {
    for resources in [json!([]), json!([allow(FRONTEND)])] {
        let (mut vm, plugin) = vm(configuration("tcp", resources));
        for (policy, connection) in connections() {
            let id = vm
                .tcp_connection(plugin, &connection, TcpOptions::default())
                .unwrap();
            if connection.tls.is_some() {
                assert!(vm.handshake_done(id).unwrap());
            }
            vm.downstream_data(id, b"x", false).unwrap();
            let state = vm.filter_state(id, "wasm.peerwarden.connection_security_policy");
            assert_eq!(state, Some(policy.as_bytes()));
            vm.advance(COUNTED);
            assert_eq!(count(&vm, policy), Some(MetricValue::Counter(1)));
        }
    }
}

/// Before the handshake is over it is unknown, and nothing is reported.
#[test]
fn of_a_greeting_that_comes_too_early() {
    let (mut vm, plugin) = vm(configuration("tcp", json!([])));
    let id = vm
        .tcp_connection(plugin, &peer(FRONTEND), TcpOptions::default())
        .unwrap();
    vm.upstream_data(id, b"hello", false).unwrap();
    let state = vm.filter_state(id, "wasm.peerwarden.connection_security_policy");
    assert_eq!(state, None);
}
