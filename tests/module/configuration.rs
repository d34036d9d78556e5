//! Configurations: refused ones, several in one VM, and problems that the bytes alone do not show.

use peerwarden_host::{EnvoyVersion, HttpOutcome, LogLevel, PluginOptions, Refusal, Vm, VmOptions};
use peerwarden_lab::{locate, marks};
use serde_json::json;

use crate::fixture::{BACKEND, FRONTEND, allow, ask, configuration, denied, get, module, peer, vm, vm_with};

fn refused(configuration: &[u8]) -> String {
    let mut vm = Vm::new(module(), VmOptions::default()).unwrap();
    let options = PluginOptions {
        configuration: configuration.to_vec(),
        ..PluginOptions::default()
    };
    let error = vm.configure(options).unwrap_err();
    assert_eq!(error.refusal(), &Refusal::Configure);
    assert!(
        error.logs().iter().all(|line| line.level == LogLevel::Error),
        "{:?}",
        error.logs()
    );
    let lines: Vec<_> = error.logs().iter().map(|line| line.message.as_str()).collect();
    lines.join("\n")
}

#[test]
fn says_where_and_what() {
    let typing_error = json!([{
        "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
        "metadata": {"name": "a", "namespace": "shop"},
        "spec": {"rules": [{"from": [{"source": {"principal": ["x"]}}]}]},
    }]);
    let message = refused(&configuration("http", typing_error));
    for part in [
        "AuthorizationPolicy shop/a",
        "resources[0].spec.rules[0].from[0].source.principal",
        "`principals`",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert!(refused(b"{\"workload\": ").contains("not valid JSON"));
    assert!(refused(b"\xff\xfe").contains("not valid JSON"));
    assert!(refused(b"{\"resource\": []}").contains("`resources`"));
    assert!(refused(&configuration("grpc", json!([]))).contains("`grpc`"));
}

#[test]
fn the_same_bytes_are_refused_on_every_worker() {
    let bad = configuration("http", json!([{"kind": "AuthorizationPolicy"}]));
    let first = refused(&bad);
    for _ in 0..3 {
        assert_eq!(refused(&bad), first);
    }
}

#[test]
fn an_update_leaves_open_streams_to_the_old_configuration() {
    let (mut vm, old) = vm(configuration("http", json!([allow(FRONTEND)])));
    let frontend = peer(FRONTEND);
    let stream = vm.http_stream(old, &frontend, get("/")).unwrap();
    let options = PluginOptions {
        configuration: configuration("http", json!([allow(BACKEND)])),
        ..PluginOptions::default()
    };
    let new = vm.configure(options).unwrap();
    vm.retire(old);
    assert_eq!(vm.request_headers(stream).unwrap(), HttpOutcome::Continue);
    vm.close(stream).unwrap();
    assert_eq!(denied(ask(&mut vm, new, &frontend, get("/"))).code, 403);
    assert_eq!(ask(&mut vm, new, &peer(BACKEND), get("/")), HttpOutcome::Continue);
    assert!(vm.http_stream(old, &frontend, get("/")).is_err());
    assert_eq!(vm.violations(), []);
}

#[test]
fn http_and_tcp_live_in_one_vm() {
    let (mut vm, http) = vm(configuration("http", json!([allow(FRONTEND)])));
    let options = PluginOptions {
        configuration: configuration("tcp", json!([allow(FRONTEND)])),
        ..PluginOptions::default()
    };
    let tcp = vm.configure(options).unwrap();
    let connection = vm
        .tcp_connection(tcp, &peer(FRONTEND), Default::default())
        .unwrap();
    assert_eq!(
        ask(&mut vm, http, &peer(FRONTEND), get("/")),
        HttpOutcome::Continue
    );
    assert!(vm.handshake_done(connection).unwrap());
    vm.downstream_data(connection, b"x", false).unwrap();
    assert_eq!(vm.record(connection).unwrap().to_upstream(), b"x");
}

#[test]
fn without_a_workload_the_nodes_metadata_says_which() {
    let anywhere = json!({"resources": [allow(FRONTEND)]}).to_string().into_bytes();
    let node = json!({"NAMESPACE": "shop", "LABELS": {"app": "orders"}, "SERVICE_ACCOUNT": "orders"});
    let options = VmOptions {
        node_metadata: node.as_object().unwrap().clone(),
        ..VmOptions::default()
    };
    let (mut vm, plugin) = vm_with(options, anywhere.clone());
    assert_eq!(
        ask(&mut vm, plugin, &peer(FRONTEND), get("/")),
        HttpOutcome::Continue
    );
    assert_eq!(denied(ask(&mut vm, plugin, &peer(BACKEND), get("/"))).code, 403);

    // Nothing determines it: accepted, as the bytes are not wrong, and everything is denied.
    let (mut vm, plugin) = vm_with(VmOptions::default(), anywhere);
    let response = denied(ask(&mut vm, plugin, &peer(FRONTEND), get("/")));
    assert_eq!(response.details, "rbac_access_denied_matched_policy[none]");
    assert!(
        vm.logs()
            .iter()
            .any(|line| line.message.contains("denies all") && line.level == LogLevel::Error)
    );
}

#[test]
fn older_envoys_show_the_first_names_only() {
    let second = peer("https://first.example/");
    let mut both = second.clone();
    if let Some(certificate) = both.tls.as_mut().and_then(|tls| tls.peer.as_mut()) {
        certificate.uri_sans.push(FRONTEND.to_owned());
    }
    for (version, admitted) in [
        (EnvoyVersion::V1_37, false),
        (EnvoyVersion::V1_38, true),
        (EnvoyVersion::V1_40, true),
    ] {
        let options = VmOptions {
            version,
            ..VmOptions::default()
        };
        let (mut vm, plugin) = vm_with(options, configuration("http", json!([allow(FRONTEND)])));
        let outcome = ask(&mut vm, plugin, &both, get("/"));
        assert_eq!(
            outcome == HttpOutcome::Continue,
            admitted,
            "{version:?}: {outcome:?}"
        );
        assert_eq!(
            ask(&mut vm, plugin, &peer(FRONTEND), get("/")),
            HttpOutcome::Continue,
            "{version:?}"
        );
    }
}

/// A mistyped namespace allows everyone: the line about the configuration says so.
#[test]
fn says_how_many_documents_are_for_the_workload() {
    let line = |namespace: &str| {
        let mut vm = Vm::new(module(), VmOptions::default()).unwrap();
        let mut configuration: serde_json::Value =
            serde_json::from_slice(&configuration("http", json!([allow(FRONTEND), allow(BACKEND)]))).unwrap();
        configuration["workload"]["namespace"] = namespace.into();
        let options = PluginOptions {
            configuration: configuration.to_string().into_bytes(),
            ..PluginOptions::default()
        };
        vm.configure(options).unwrap();
        let logs = vm.take_logs();
        let line = logs
            .iter()
            .find(|line| line.message.contains("configured for http"));
        let line = line.unwrap_or_else(|| panic!("{logs:?}"));
        (line.level, line.message.clone())
    };
    let (level, message) = line("shop");
    assert_eq!(level, LogLevel::Info);
    assert!(
        message.ends_with("2 of 2 documents apply to this workload"),
        "{message}"
    );
    let (level, message) = line("shpo");
    assert_eq!(level, LogLevel::Warn);
    assert!(
        message.ends_with("0 of 2 documents apply to this workload: everything is allowed"),
        "{message}"
    );
}

/// A module cannot know the keys of later releases, so it says what a person needs to see that it is too old;
/// docs/guarantees.md says which release first accepts each key.
#[test]
fn an_unknown_key_is_refused_with_the_version_and_the_keys_that_are_known() {
    let mut vm = Vm::new(module(), VmOptions::default()).unwrap();
    let options = PluginOptions {
        configuration: br#"{"quota": {"perSecond": 10}}"#.to_vec(),
        ..PluginOptions::default()
    };
    let error = vm.configure(options).unwrap_err();
    let said = &error.logs()[0].message;
    let version = format!(
        "peerwarden {}: configuration refused: ",
        env!("CARGO_PKG_VERSION")
    );
    assert!(said.starts_with(&version), "{said}");
    assert!(
        said.ends_with("(a key of a later release needs the module of that release)"),
        "{said}"
    );
    let (_, known) = said.split_once("unknown field `quota`; known fields: ").unwrap();
    let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();

    let page = std::fs::read_to_string(locate::workspace().join("docs/guarantees.md")).unwrap();
    let table = marks::between(&page, "keys").unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let keys: Vec<&str> = rows.filter_map(|row| Some(row.split_once('`')?.0)).collect();
    assert_eq!(keys, known);
}
