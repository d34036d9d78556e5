//! A newer configuration.

use std::time::Duration;

use peerwarden_host::{CloseReason, Connection, PluginId, TcpConnectionId, Vm};
use serde_json::json;

use super::{SOON, closed_by, connected, counter, frontend, ledger, one_vm, update, with};
use crate::fixture::{BACKEND, FRONTEND, allow, configuration, mode, peer, policy};

fn everybody() -> Vec<u8> {
    configuration("tcp", json!([]))
}

fn state(vm: &Vm, connection: TcpConnectionId, name: &str) -> Option<String> {
    let state = vm.filter_state(connection, &format!("wasm.peerwarden.{name}"));
    state.map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

#[test]
fn closes_whom_it_does_not_admit_and_leaves_the_others() {
    let (mut vm, old) = one_vm(everybody());
    let (front, back) = (frontend(&mut vm, old), connected(&mut vm, old, &peer(BACKEND)));
    update(&mut vm, old, ledger(json!({})));
    assert_eq!(closed_by(&vm, back), None, "it takes a tick");
    vm.advance(SOON);
    assert_eq!(closed_by(&vm, back), Some(CloseReason::Module));
    assert_eq!(closed_by(&vm, front), None);
    vm.upstream_data(front, b"more", false).unwrap();
    vm.downstream_data(front, b"more", false).unwrap();
    assert_eq!(vm.record(front).unwrap().to_upstream(), b"hellomore");
    vm.advance(Duration::from_secs(1));
    assert_eq!(counter(&vm, "revoked"), Some(1));
    assert_eq!(state(&vm, back, "revoked").as_deref(), Some("update"));
    assert_eq!(
        state(&vm, back, "decision").as_deref(),
        Some("deny no-allow-rule-matched")
    );
    assert_eq!(state(&vm, front, "revoked"), None);
    let said = vm.take_logs().pop().unwrap().message;
    assert!(
        said.contains("denied by a newer configuration, and closed"),
        "{said}"
    );
    assert!(said.contains(BACKEND), "{said}");
    assert_eq!(vm.take_violations(), []);
}

#[test]
fn every_one_after_the_other() {
    let (mut vm, first) = one_vm(everybody());
    let (front, back) = (
        frontend(&mut vm, first),
        connected(&mut vm, first, &peer(BACKEND)),
    );
    let second = update(
        &mut vm,
        first,
        with("tcp", json!([allow(FRONTEND), allow(BACKEND)]), json!({})),
    );
    vm.advance(Duration::from_secs(1));
    let third = frontend(&mut vm, second);
    assert_eq!((closed_by(&vm, front), closed_by(&vm, back)), (None, None));
    update(&mut vm, second, with("tcp", json!([allow(BACKEND)]), json!({})));
    vm.advance(Duration::from_secs(1));
    assert_eq!(closed_by(&vm, front), Some(CloseReason::Module));
    assert_eq!(closed_by(&vm, third), Some(CloseReason::Module));
    assert_eq!(closed_by(&vm, back), None);
}

#[test]
fn the_mode_too() {
    let (mut vm, old) = one_vm(everybody());
    let plaintext = connected(&mut vm, old, &Connection::default());
    let front = frontend(&mut vm, old);
    update(&mut vm, old, configuration("tcp", json!([mode("STRICT")])));
    vm.advance(SOON);
    assert_eq!(closed_by(&vm, plaintext), Some(CloseReason::Module));
    assert_eq!(closed_by(&vm, front), None);
}

/// Envoy does not reconfigure what it still has: only a stream of the old root shows that it is in use again.
#[test]
fn one_that_is_back_in_use_is_the_current_one_again() {
    let (mut vm, open) = one_vm(everybody());
    let back = connected(&mut vm, open, &peer(BACKEND));
    let options = peerwarden_host::PluginOptions {
        configuration: with("tcp", json!([allow(FRONTEND), allow(BACKEND)]), json!({})),
        ..peerwarden_host::PluginOptions::default()
    };
    let narrow = vm.configure(options).unwrap();
    vm.advance(SOON);
    let front = frontend(&mut vm, narrow);
    // The second would not allow it: the first is in use again.
    let stranger = connected(&mut vm, open, &peer("spiffe://cluster.local/ns/web/sa/stranger"));
    vm.advance(Duration::from_secs(1));
    assert_eq!(closed_by(&vm, stranger), None);
    assert_eq!((closed_by(&vm, front), closed_by(&vm, back)), (None, None));
}

#[test]
fn keeps_them_if_it_is_told_to() {
    let keep = json!({"openConnections": {"onUpdate": "keep"}});
    let (mut vm, old) = one_vm(with("tcp", json!([]), keep));
    let back = connected(&mut vm, old, &peer(BACKEND));
    let new = update(&mut vm, old, ledger(json!({})));
    vm.advance(Duration::from_secs(10));
    assert_eq!(closed_by(&vm, back), None);
    let late = connected(&mut vm, new, &peer(BACKEND));
    assert_eq!(closed_by(&vm, late), Some(CloseReason::Module));
}

#[test]
fn one_that_denies_everything_closes_everything() {
    let (mut vm, old) = one_vm(everybody());
    let front = frontend(&mut vm, old);
    update(
        &mut vm,
        old,
        json!({"protocol": "tcp", "resources": []})
            .to_string()
            .into_bytes(),
    );
    vm.advance(SOON);
    assert_eq!(closed_by(&vm, front), Some(CloseReason::Module));
}

#[test]
fn one_that_is_refused_changes_nothing() {
    let (mut vm, old) = one_vm(everybody());
    let front = frontend(&mut vm, old);
    let options = peerwarden_host::PluginOptions {
        configuration: ledger(json!({"resources": [{"kind": "AuthorizationPolicy"}]})),
        ..peerwarden_host::PluginOptions::default()
    };
    vm.configure(options).unwrap_err();
    vm.advance(Duration::from_secs(10));
    assert_eq!(closed_by(&vm, front), None);
}

#[test]
fn another_workload_or_plugin_is_not_concerned() {
    let (mut vm, old) = one_vm(everybody());
    let back = connected(&mut vm, old, &peer(BACKEND));
    let named = |name: &str, workload: serde_json::Value| peerwarden_host::PluginOptions {
        name: name.to_owned(),
        configuration: ledger(json!({"workload": workload})),
        ..peerwarden_host::PluginOptions::default()
    };
    let same = json!({"namespace": "shop", "labels": {"app": "orders"}});
    let usual = peerwarden_host::PluginOptions::default().name;
    vm.configure(named("another", same)).unwrap();
    vm.configure(named(&usual, json!({"namespace": "bank"}))).unwrap();
    vm.advance(Duration::from_secs(10));
    assert_eq!(closed_by(&vm, back), None);
}

/// At most a hundred at a time, so that the worker is not blocked.
#[test]
fn a_thousand_in_slices() {
    let (mut vm, old) = one_vm(everybody());
    let open = |vm: &mut Vm, plugin: PluginId, index: usize| {
        let uri = if index.is_multiple_of(2) {
            FRONTEND
        } else {
            BACKEND
        };
        connected(vm, plugin, &peer(uri))
    };
    let connections: Vec<_> = (0..1000).map(|index| open(&mut vm, old, index)).collect();
    update(&mut vm, old, ledger(json!({})));
    let closed = |vm: &Vm| {
        connections
            .iter()
            .filter(|id| closed_by(vm, **id).is_some())
            .count()
    };
    vm.advance(SOON);
    assert_eq!(closed(&vm), 50);
    vm.advance(SOON * 9);
    assert_eq!(closed(&vm), 500);
    for (index, id) in connections.iter().enumerate() {
        assert_eq!(closed_by(&vm, *id).is_some(), index % 2 == 1, "{index}");
    }
    // The rest is judged, and the timer stops.
    vm.advance(SOON);
    let before = vm.metric("peerwarden.allowed");
    vm.advance(Duration::from_secs(60));
    assert_eq!(
        vm.metric("peerwarden.allowed"),
        before,
        "those judged again are not counted again"
    );
}

#[test]
fn nobody_can_be_asked_about_an_open_connection() {
    let custom = |provider: &str| {
        let mut custom = policy("custom", "CUSTOM", json!([{}]));
        custom["spec"]["provider"] = json!({"name": provider});
        custom
    };
    let (mut vm, old) = one_vm(everybody());
    let front = frontend(&mut vm, old);
    let providers = json!([{"name": "ext", "envoyExtAuthzGrpc": {"service": "ext.shop.svc.cluster.local", "port": 9000}}]);
    let asks = with(
        "tcp",
        json!([custom("ext")]),
        json!({"extensionProviders": providers}),
    );
    update(&mut vm, old, asks);
    vm.advance(SOON);
    assert_eq!(closed_by(&vm, front), Some(CloseReason::Module));
    assert_eq!(vm.callouts().count(), 0);
    let said = vm.take_logs().pop().unwrap().message;
    assert!(
        said.contains("cannot be asked about a connection that is held or open"),
        "{said}"
    );
}

/// Two plugins of one name and one workload, each with its own policies: neither is an update of the other.
#[test]
fn what_is_side_by_side_is_left_alone_and_named() {
    let (mut vm, wide) = one_vm(everybody());
    let options = |configuration| peerwarden_host::PluginOptions {
        configuration,
        ..peerwarden_host::PluginOptions::default()
    };
    let narrow = vm.configure(options(ledger(json!({})))).unwrap();
    let front = frontend(&mut vm, narrow);
    let back = connected(&mut vm, wide, &peer(BACKEND));
    vm.advance(Duration::from_secs(1));
    assert_eq!((closed_by(&vm, front), closed_by(&vm, back)), (None, None));
    let said = vm
        .take_logs()
        .into_iter()
        .filter(|line| line.message.contains("with the same name"));
    assert_eq!(said.count(), 1);
    // From then on no change reaches open streams, which may belong to another.
    vm.configure(options(with("tcp", json!([allow(BACKEND)]), json!({}))))
        .unwrap();
    vm.advance(Duration::from_secs(1));
    assert_eq!((closed_by(&vm, front), closed_by(&vm, back)), (None, None));
}

/// A listener that is being replaced accepts connections until the new one is ready.
#[test]
fn one_that_takes_a_last_stream_is_replaced_all_the_same() {
    let (mut vm, first) = one_vm(everybody());
    connected(&mut vm, first, &peer(BACKEND));
    let options = |configuration| peerwarden_host::PluginOptions {
        configuration,
        ..peerwarden_host::PluginOptions::default()
    };
    let second = vm
        .configure(options(with(
            "tcp",
            json!([allow(FRONTEND), allow(BACKEND)]),
            json!({}),
        )))
        .unwrap();
    let last = connected(&mut vm, first, &peer(BACKEND));
    vm.retire(first);
    let front = frontend(&mut vm, second);
    vm.advance(SOON);
    assert_eq!((closed_by(&vm, last), closed_by(&vm, front)), (None, None));
    update(&mut vm, second, ledger(json!({})));
    vm.advance(SOON);
    assert_eq!(closed_by(&vm, last), Some(CloseReason::Module));
    assert_eq!(closed_by(&vm, front), None);
}

/// Back to an earlier configuration, which Envoy still has: only streams that the one in between allowed are closed.
#[test]
fn a_rollback_closes_what_was_let_in_meanwhile() {
    let (mut vm, narrow) = one_vm(ledger(json!({})));
    let front = frontend(&mut vm, narrow);
    let options = peerwarden_host::PluginOptions {
        configuration: everybody(),
        ..peerwarden_host::PluginOptions::default()
    };
    let wide = vm.configure(options).unwrap();
    let back = connected(&mut vm, wide, &peer(BACKEND));
    vm.advance(Duration::from_secs(1));
    assert_eq!(closed_by(&vm, back), None);
    let late = frontend(&mut vm, narrow);
    vm.advance(SOON);
    assert_eq!(closed_by(&vm, back), Some(CloseReason::Module));
    assert_eq!((closed_by(&vm, front), closed_by(&vm, late)), (None, None));
}
