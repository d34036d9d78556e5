//! Connections: the client's first bytes are held until a gRPC authorizer has answered.

use peerwarden_host::{CalloutResponse, CloseReason, PluginId, TcpConnectionId, TcpOptions, Vm};
use serde_json::json;

use super::{configuration, custom, options};
use crate::fixture::{FRONTEND, peer, policy, vm_with};

/// The frontend as policies name it.
const FRONTEND_PRINCIPAL: &str = "cluster.local/ns/web/sa/frontend";

fn asking(provider: &str) -> (Vm, PluginId) {
    vm_with(options(), configuration("tcp", json!([custom(provider)])))
}

fn open(vm: &mut Vm, plugin: PluginId) -> TcpConnectionId {
    let connection = vm
        .tcp_connection(plugin, &peer(FRONTEND), TcpOptions::default())
        .unwrap();
    assert!(vm.handshake_done(connection).unwrap());
    connection
}

#[test]
fn the_data_is_held_and_goes_on_or_not() {
    let (mut vm, plugin) = asking("grpc");
    for (answer, passes) in [(b"\x0a\x00".as_slice(), true), (b"\x0a\x02\x08\x07", false)] {
        let connection = open(&mut vm, plugin);
        vm.downstream_data(connection, b"select 1;", false).unwrap();
        vm.downstream_data(connection, b"select 2;", false).unwrap();
        assert_eq!(vm.record(connection).unwrap().to_upstream(), b"");
        assert_eq!(vm.callouts().count(), 1, "asked once");
        let token = vm.callouts().last().unwrap().token;
        vm.answer_call(token, CalloutResponse::Grpc(answer.to_vec()))
            .unwrap();
        let record = vm.record(connection).unwrap();
        if passes {
            assert_eq!(record.to_upstream(), b"select 1;select 2;");
            vm.upstream_data(connection, b"1", false).unwrap();
            assert_eq!(vm.record(connection).unwrap().to_client(), b"1");
        } else {
            assert_eq!(record.to_upstream(), b"");
            assert_eq!(record.closed_by(), Some(CloseReason::Module));
        }
    }
    assert_eq!(vm.violations(), []);
}

#[test]
fn a_failure_closes_unless_it_is_said_otherwise() {
    for (provider, passes) in [("grpc", false), ("grpc-open", true)] {
        let (mut vm, plugin) = asking(provider);
        let connection = open(&mut vm, plugin);
        vm.downstream_data(connection, b"hello", true).unwrap();
        let token = vm.callouts().last().unwrap().token;
        vm.answer_call(token, CalloutResponse::Failed).unwrap();
        let passed = vm.record(connection).unwrap().to_upstream();
        assert_eq!(passed == b"hello", passes, "{provider}");
    }
}

/// The upstream's data could not be continued later.
#[test]
fn where_the_server_speaks_first_nobody_is_asked_and_nothing_passes() {
    for provider in ["grpc", "grpc-open"] {
        let (mut vm, plugin) = asking(provider);
        let connection = open(&mut vm, plugin);
        vm.upstream_data(connection, b"greeting", false).unwrap();
        let record = vm.record(connection).unwrap();
        assert_eq!(
            (record.to_client(), record.closed_by()),
            (Vec::new(), Some(CloseReason::Module)),
            "{provider}"
        );
        assert_eq!(vm.callouts().count(), 0);
    }
}

#[test]
fn the_upstream_is_held_too_while_somebody_is_asked() {
    let (mut vm, plugin) = asking("grpc");
    let connection = open(&mut vm, plugin);
    vm.downstream_data(connection, b"hello", false).unwrap();
    vm.upstream_data(connection, b"banner", false).unwrap();
    assert_eq!(vm.record(connection).unwrap().to_client(), b"");
    let token = vm.callouts().last().unwrap().token;
    vm.answer_call(token, CalloutResponse::Grpc(b"\x0a\x00".to_vec()))
        .unwrap();
    vm.upstream_data(connection, b", and more", false).unwrap();
    assert_eq!(vm.record(connection).unwrap().to_client(), b"banner, and more");
}

#[test]
fn an_authorizer_over_http_is_not_asked() {
    let (mut vm, plugin) = asking("http");
    let connection = open(&mut vm, plugin);
    vm.downstream_data(connection, b"hello", false).unwrap();
    assert_eq!(vm.record(connection).unwrap().to_upstream(), b"hello");
    assert_eq!(vm.callouts().count(), 0);
}

#[test]
fn a_client_that_hangs_up_is_no_trouble() {
    let (mut vm, plugin) = asking("grpc");
    let connection = open(&mut vm, plugin);
    vm.downstream_data(connection, b"hello", false).unwrap();
    let token = vm.callouts().last().unwrap().token;
    vm.downstream_close(connection).unwrap();
    vm.answer_call(token, CalloutResponse::Grpc(b"\x0a\x00".to_vec()))
        .unwrap();
    assert_eq!(vm.record(connection).unwrap().to_upstream(), b"");
    assert_eq!((vm.failure(), vm.violations()), (None, [].as_slice()));
}

/// Nobody can be asked about a silent connection; once there is data, somebody is.
#[test]
fn a_client_that_says_nothing_waits_past_the_deadline() {
    let (mut vm, plugin) = asking("grpc");
    let connection = open(&mut vm, plugin);
    vm.advance(std::time::Duration::from_secs(15));
    assert_eq!(vm.record(connection).unwrap().closed_by(), None);
    assert_eq!(vm.callouts().count(), 0);
    vm.downstream_data(connection, b"select 1;", false).unwrap();
    assert_eq!(vm.callouts().count(), 1);
    assert_eq!(vm.record(connection).unwrap().to_upstream(), b"");
    assert_eq!(vm.violations(), []);
}

/// Whoever is denied whatever an authorizer says is closed as without one.
#[test]
fn a_denied_client_that_says_nothing_is_closed_unasked() {
    let mut asking = policy("ask", "CUSTOM", json!([{}]));
    asking["spec"]["provider"] = json!({"name": "grpc"});
    let deny = policy(
        "no-frontend",
        "DENY",
        json!([{"from": [{"source": {"principals": [FRONTEND_PRINCIPAL]}}]}]),
    );
    let (mut vm, plugin) = vm_with(options(), configuration("tcp", json!([asking, deny])));
    let connection = open(&mut vm, plugin);
    vm.advance(std::time::Duration::from_secs(15));
    assert_eq!(
        vm.record(connection).unwrap().closed_by(),
        Some(CloseReason::Module)
    );
    assert_eq!(vm.callouts().count(), 0);
    assert_eq!(vm.violations(), []);
}
