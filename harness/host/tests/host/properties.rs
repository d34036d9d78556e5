//! Attributes: which exist, when, and how they are encoded.

use peerwarden_host::{
    Connection, EnvoyVersion, Module, PeerCertificate, PluginOptions, Request, TcpOptions, Tls, Vm, VmOptions,
};
use serde_json::json;

use crate::fixture::{Literals, get, module, notes, violations};

/// Reads the property that its configuration names, in each callback, and notes status and value.
fn probe() -> Module {
    let mut callbacks = String::new();
    for (callback, parameters) in [
        ("proxy_on_request_headers", 3),
        ("proxy_on_request_body", 3),
        ("proxy_on_log", 1),
        ("proxy_on_new_connection", 1),
        ("proxy_on_downstream_data", 3),
    ] {
        let parameters = "i32 ".repeat(parameters);
        let (result, zero) = match callback {
            "proxy_on_log" => ("", ""),
            _ => ("(result i32)", "(i32.const 0)"),
        };
        callbacks.push_str(&format!(
            "(func (export \"{callback}\") (param {parameters}) {result} (call $read) {zero})"
        ));
    }
    module(
        &Literals::new(),
        &format!(
            r#"(func (export "proxy_on_configure") (param i32 i32) (result i32)
                   (drop (call $buffer (i32.const 7) (i32.const 0) (i32.const -1) (i32.const 200) (i32.const 204)))
                   (i32.const 1))
               (func $read (local $status i32)
                   (local.set $status (call $get_property (i32.load (i32.const 200)) (i32.load (i32.const 204)) $out))
                   (call $note (local.get $status))
                   (if (i32.eqz (local.get $status)) (then (call $result))))
               {callbacks}"#
        ),
    )
}

fn raw(vm: &mut Vm) -> Vec<String> {
    notes(vm)
}

fn vm(path: &str, options: VmOptions) -> (Vm, peerwarden_host::PluginId) {
    let mut vm = Vm::new(&probe(), options).unwrap();
    let options = PluginOptions {
        configuration: path.replace('.', "\0").replace('#', ".").into_bytes(),
        name: "plugin".into(),
        root_id: "root".into(),
    };
    let plugin = vm.configure(options).unwrap();
    (vm, plugin)
}

/// The value of a property in the request's headers; dots separate segments, `#` is a dot.
fn of_request(path: &str, options: VmOptions, connection: &Connection, request: Request) -> Vec<String> {
    let (mut vm, plugin) = vm(path, options);
    let stream = vm.http_stream(plugin, connection, request).unwrap();
    vm.request_headers(stream).unwrap();
    assert_eq!(
        violations(&mut vm)
            .iter()
            .filter(|line| !line.contains("UTF-8"))
            .count(),
        0
    );
    raw(&mut vm)
}

fn read(path: &str, connection: &Connection) -> Vec<String> {
    of_request(path, VmOptions::default(), connection, get("/a/b?x=1#f"))
}

fn found(text: &str) -> Vec<String> {
    vec!["0".to_owned(), text.to_owned()]
}

fn status(number: u32) -> Vec<String> {
    vec![number.to_string()]
}

fn mtls() -> Connection {
    Connection {
        tls: Some(Tls {
            sni: Some("orders.shop".into()),
            peer: Some(PeerCertificate {
                uri_sans: vec!["spiffe://td/ns/a/sa/b".into(), "https://second/".into()],
                dns_sans: vec!["first.example".into(), "second.example".into()],
                subject: "CN=b,O=a".into(),
                validated: true,
                ..PeerCertificate::default()
            }),
            ..Tls::default()
        }),
        ..Connection::default()
    }
}

#[test]
fn texts_are_written_as_they_are() {
    let mtls = mtls();
    for (path, text) in [
        ("request.path", "/a/b?x=1#f"),
        ("request.url_path", "/a/b"),
        ("request.query", "x=1"),
        ("request.method", "GET"),
        ("request.host", "orders.shop"),
        ("request.scheme", "https"),
        ("request.protocol", "HTTP/1.1"),
        ("request.headers.:method", "GET"),
        ("source.address", "192.0.2.1:40000"),
        ("destination.address", "192.0.2.2:8080"),
        ("connection.requested_server_name", "orders.shop"),
        ("connection.tls_version", "TLSv1.3"),
        ("connection.uri_san_peer_certificate", "spiffe://td/ns/a/sa/b"),
        ("connection.dns_san_peer_certificate", "first.example"),
        ("connection.subject_peer_certificate", "CN=b,O=a"),
        ("connection.mtls", "\u{1}"),
        ("connection.peer_certificate_valid", "\u{1}"),
        ("connection.id", "\u{1}\0\0\0\0\0\0\0"),
        ("connection_id", "\u{1}\0\0\0\0\0\0\0"),
        ("source.port", "@\u{fffd}\0\0\0\0\0\0"),
        ("plugin_name", "plugin"),
        ("plugin_root_id", "root"),
        ("plugin_vm_id", ""),
    ] {
        assert_eq!(read(path, &mtls), found(text), "{path}");
    }
}

#[test]
fn what_is_not_there_is_not_found_and_what_is_not_simulated_says_so() {
    let plain = Connection::default();
    for path in [
        "nothing",
        "request.nothing",
        "request.headers.x-none",
        "response.code",
        "connection.tls_version",
        "connection.subject_peer_certificate",
        "connection.uri_san_peer_certificate",
        "connection.peer_certificate",
        "filter_state.none",
        "metadata.filter_metadata.none",
        "xds.node.metadata.NONE",
        "request.path.deeper",
    ] {
        assert_eq!(read(path, &plain), status(1), "{path}");
    }
    for path in [
        "upstream.address",
        "xds.route_name",
        "connection.sha256_peer_certificate_digest",
    ] {
        assert_eq!(read(path, &plain), status(12), "{path}");
    }
    assert_eq!(read("connection.mtls", &plain), found("\0"));
    assert_eq!(read("connection.requested_server_name", &plain), found(""));
    assert_eq!(
        read("request.headers", &plain),
        status(3),
        "its names cannot be listed"
    );
    assert_eq!(read("", &plain), status(3), "no path is a null");
}

#[test]
fn tls_without_a_certificate_has_an_empty_subject() {
    let tls = Connection {
        tls: Some(Tls::default()),
        ..Connection::default()
    };
    assert_eq!(read("connection.subject_peer_certificate", &tls), found(""));
    assert_eq!(read("connection.uri_san_peer_certificate", &tls), status(1));
    assert_eq!(read("connection.mtls", &tls), found("\0"));
}

#[test]
fn certificates_came_with_later_versions() {
    let at = |path, version| {
        let options = VmOptions {
            version,
            ..VmOptions::default()
        };
        of_request(path, options, &mtls(), get("/"))
    };
    assert_eq!(at("connection.peer_certificate", EnvoyVersion::V1_37), status(1));
    assert!(
        at("connection.peer_certificate", EnvoyVersion::V1_38)[1]
            .starts_with("-----BEGIN CERTIFICATE-----\n")
    );
    assert_eq!(
        at("connection.peer_certificate_valid", EnvoyVersion::V1_38),
        status(1)
    );
    assert_eq!(
        at("connection.peer_certificate_valid", EnvoyVersion::V1_39),
        found("\u{1}")
    );
}

#[test]
fn repeated_headers_are_joined() {
    let mut request = get("/");
    request
        .headers
        .extend([("x-a".into(), "1".into()), ("x-a".into(), "2".into())]);
    let joined = of_request(
        "request.headers.x-a",
        VmOptions::default(),
        &Connection::default(),
        request,
    );
    assert_eq!(joined, found("1,2"));
}

#[test]
fn an_address_from_a_header_has_no_port() {
    let request = Request {
        remote: Some("203.0.113.9:0".parse().unwrap()),
        ..get("/")
    };
    let address = of_request(
        "source.address",
        VmOptions::default(),
        &Connection::default(),
        request,
    );
    assert_eq!(address, found("203.0.113.9:0"));
}

#[test]
fn metadata_of_streams_and_of_the_node() {
    let connection = Connection {
        dynamic_metadata: json!({"f": {"list": ["x"], "flag": true, "none": null}})
            .as_object()
            .unwrap()
            .clone(),
        filter_state: [("direct".to_owned(), b"192.0.2.7:1".to_vec())].into(),
        ..Connection::default()
    };
    assert_eq!(read("metadata.filter_metadata.f.list.0", &connection), found("x"));
    assert_eq!(
        read("metadata.filter_metadata.f.flag", &connection),
        found("\u{1}")
    );
    assert_eq!(
        read("metadata.filter_metadata.f.none", &connection),
        status(3),
        "a null"
    );
    assert_eq!(
        read("metadata.filter_metadata.f", &connection),
        status(3),
        "a null in a map"
    );
    let pairs = "\u{1}\0\0\0\u{1}\0\0\0\0\0\0\0x\0\0";
    assert_eq!(
        read("metadata.filter_metadata.f.list", &connection),
        found(pairs),
        "values instead of names"
    );
    assert!(read("metadata", &connection)[1].contains("\n\u{1}f"), "a message");
    assert_eq!(read("filter_state.direct", &connection), found("192.0.2.7:1"));

    let options = || VmOptions {
        node_metadata: json!({"NAMESPACE": "shop", "LABELS": {"app": "orders"}})
            .as_object()
            .unwrap()
            .clone(),
        ..VmOptions::default()
    };
    let node = |path| of_request(path, options(), &Connection::default(), get("/"));
    assert_eq!(node("xds.node.metadata.NAMESPACE"), found("shop"));
    assert_eq!(node("xds.node.metadata.LABELS.app"), found("orders"));
    assert_eq!(
        node("xds.node.metadata.LABELS"),
        found("\u{1}\0\0\0\u{3}\0\0\0\u{6}\0\0\0app\0orders\0")
    );
}

#[test]
fn headers_are_gone_once_they_went_on_until_the_log() {
    let (mut vm, plugin) = vm("request.path", VmOptions::default());
    let mut request = get("/x");
    request.end_of_stream = false;
    let stream = vm.http_stream(plugin, &Connection::default(), request).unwrap();
    vm.request_headers(stream).unwrap();
    assert_eq!(notes(&mut vm), found("/x"));
    vm.request_body(stream, b"body", true).unwrap();
    assert_eq!(notes(&mut vm), status(1));
    vm.close(stream).unwrap();
    assert_eq!(notes(&mut vm), found("/x"));
}

#[test]
fn a_connection_has_no_peer_before_its_handshake_and_no_request_ever() {
    let timeline = |path| {
        let (mut vm, plugin) = vm(path, VmOptions::default());
        let connection = vm.tcp_connection(plugin, &mtls(), TcpOptions::default()).unwrap();
        let before = notes(&mut vm);
        assert!(vm.handshake_done(connection).unwrap());
        vm.downstream_data(connection, b"x", false).unwrap();
        (before, notes(&mut vm))
    };
    let san = "connection.uri_san_peer_certificate";
    assert_eq!(timeline(san), (status(1), found("spiffe://td/ns/a/sa/b")));
    assert_eq!(timeline("connection.mtls"), (found("\0"), found("\u{1}")));
    assert_eq!(
        timeline("connection.tls_version"),
        (found("TLSv1.2"), found("TLSv1.2")),
        "asked too early, it is remembered"
    );
    assert_eq!(
        timeline("connection.subject_peer_certificate"),
        (found(""), found("CN=b,O=a"))
    );
    assert_eq!(
        timeline("connection.requested_server_name"),
        (found("orders.shop"), found("orders.shop"))
    );
    assert_eq!(timeline("request.method"), (status(1), status(1)));
}
