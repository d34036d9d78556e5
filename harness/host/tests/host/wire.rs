//! Attributes byte by byte: each kind of value in the ABI's encoding.

use std::time::Duration;

use peerwarden_host::{
    Connection, EnvoyVersion, PeerCertificate, PluginId, PluginOptions, Request, TcpOptions, Tls, Vm,
    VmOptions,
};
use serde_json::json;
use x509_cert::der::{DecodePem, Encode};

use crate::fixture::{Literals, get, module, notes};

/// Copies the property that its configuration names to filter state `copy`, and notes the status, at the request's headers,
/// at a new connection, at its data, and at the log.
fn vm(path: &str, options: VmOptions) -> (Vm, PluginId) {
    let mut texts = Literals::new();
    let copy = texts.put("copy");
    let functions = format!(
        r#"(func (export "proxy_on_configure") (param i32 i32) (result i32)
               (drop (call $buffer (i32.const 7) (i32.const 0) (i32.const -1) (i32.const 200) (i32.const 204)))
               (i32.const 1))
           (func $copy (local $status i32)
               (local.set $status (call $get_property (i32.load (i32.const 200)) (i32.load (i32.const 204)) $out))
               (call $note (local.get $status))
               (if (i32.eqz (local.get $status)) (then
                   (drop (call $set_property {copy} (i32.load (i32.const 100)) (i32.load (i32.const 104)))))))
           (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (call $copy) (i32.const 0))
           (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) (call $copy) (i32.const 0))
           (func (export "proxy_on_new_connection") (param i32) (result i32) (call $copy) (i32.const 0))
           (func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32) (call $copy) (i32.const 0))"#
    );
    let mut vm = Vm::new(&module(&texts, &functions), options).unwrap();
    let plugin = vm
        .configure(PluginOptions {
            configuration: path.replace('.', "\0").into_bytes(),
            ..PluginOptions::default()
        })
        .unwrap();
    (vm, plugin)
}

fn of_request(path: &str, connection: &Connection, request: Request) -> Option<Vec<u8>> {
    let (mut vm, plugin) = vm(path, VmOptions::default());
    let stream = vm.http_stream(plugin, connection, request).unwrap();
    vm.request_headers(stream).unwrap();
    vm.filter_state(stream, "wasm.copy").map(<[u8]>::to_vec)
}

/// The value of a connection's property when it is new, and with its first data.
fn of_connection(path: &str, connection: &Connection, options: VmOptions) -> [Result<Vec<u8>, String>; 2] {
    let (mut vm, plugin) = vm(path, options);
    let id = vm
        .tcp_connection(plugin, connection, TcpOptions::default())
        .unwrap();
    let read = |vm: &mut Vm| {
        let status = notes(vm).pop().unwrap();
        match vm.filter_state(id, "wasm.copy") {
            Some(bytes) if status == "0" => Ok(bytes.to_vec()),
            _ => Err(status),
        }
    };
    let before = read(&mut vm);
    if connection.tls.is_some() {
        assert!(vm.handshake_done(id).unwrap());
    }
    vm.downstream_data(id, b"x", false).unwrap();
    [before, read(&mut vm)]
}

fn mutual() -> Connection {
    Connection {
        tls: Some(Tls {
            peer: Some(PeerCertificate {
                uri_sans: vec!["spiffe://td/first".into(), "spiffe://td/second".into()],
                ..PeerCertificate::default()
            }),
            local_uri_san: Some("spiffe://td/envoy".into()),
            ..Tls::default()
        }),
        ..Connection::default()
    }
}

#[test]
fn numbers_are_eight_bytes_and_booleans_one() {
    let connection = Connection {
        id: u64::MAX - 1,
        dynamic_metadata: json!({"f": {"half": 0.5, "yes": true}})
            .as_object()
            .unwrap()
            .clone(),
        ..Connection::default()
    };
    let read = |path| of_request(path, &connection, get("/four"));
    let number = |number: u64| Some(number.to_le_bytes().to_vec());
    assert_eq!(read("source.port"), number(40_000));
    assert_eq!(read("connection.id"), number(u64::MAX - 1));
    assert_eq!(read("request.size"), number(0));
    // Names and values of the four pseudo-headers.
    let bytes = ":methodGET:path/four:authorityorders.shop:schemehttps".len();
    assert_eq!(read("request.headers_bytes"), number(bytes as u64));
    assert_eq!(read("request.total_size"), number(bytes as u64));
    assert_eq!(
        read("metadata.filter_metadata.f.half"),
        Some(0.5_f64.to_le_bytes().to_vec())
    );
    assert_eq!(read("metadata.filter_metadata.f.yes"), Some(vec![1]));
    assert_eq!(read("connection.mtls"), Some(vec![0]));
    assert_eq!(of_request("connection.mtls", &mutual(), get("/")), Some(vec![1]));
}

#[test]
fn times_are_nanoseconds_of_the_virtual_clock() {
    let (mut vm, plugin) = vm("request.time", VmOptions::default());
    vm.advance(Duration::from_nanos(5));
    let stream = vm.http_stream(plugin, &Connection::default(), get("/")).unwrap();
    vm.advance(Duration::from_secs(9));
    vm.request_headers(stream).unwrap();
    let when = 1_767_225_600_000_000_005_u64;
    assert_eq!(
        vm.filter_state(stream, "wasm.copy"),
        Some(when.to_le_bytes().as_slice()),
        "when it came"
    );
}

#[test]
fn a_stated_length_is_the_size() {
    let mut request = get("/");
    request
        .headers
        .push((b"content-length".to_vec(), b"300".to_vec()));
    assert_eq!(
        of_request("request.size", &Connection::default(), request),
        Some(300_u64.to_le_bytes().to_vec())
    );
}

#[test]
fn maps_and_lists_are_pairs_and_whole_metadata_a_message() {
    let connection = Connection {
        dynamic_metadata: json!({"f": {"m": {"a": "x", "b": false}, "l": [true, "yy"]}})
            .as_object()
            .unwrap()
            .clone(),
        ..Connection::default()
    };
    let read = |path| of_request(path, &connection, get("/")).unwrap();
    assert_eq!(
        read("metadata.filter_metadata.f.m"),
        b"\x02\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0a\0x\0b\0\0\0"
    );
    assert_eq!(
        read("metadata.filter_metadata.f.l"),
        b"\x02\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x01\0\0yy\0\0"
    );
    let small = Connection {
        dynamic_metadata: json!({"f": {"a": "x"}}).as_object().unwrap().clone(),
        ..Connection::default()
    };
    // As protoc writes it: filter_metadata {key: "f" value {fields {key: "a" value {string_value: "x"}}}}.
    assert_eq!(
        of_request("metadata", &small, get("/")).unwrap(),
        b"\x0a\x0f\x0a\x01f\x12\x0a\x0a\x08\x0a\x01a\x12\x03\x1a\x01x"
    );
}

#[test]
fn a_peer_has_its_first_name_and_all_of_them_in_its_certificate() {
    let [before, after] = of_connection(
        "connection.uri_san_peer_certificate",
        &mutual(),
        VmOptions::default(),
    );
    assert_eq!(
        (before, after),
        (Err("1".into()), Ok(b"spiffe://td/first".to_vec()))
    );
    let local = of_connection(
        "connection.uri_san_local_certificate",
        &mutual(),
        VmOptions::default(),
    );
    assert_eq!(
        local[0],
        Ok(b"spiffe://td/envoy".to_vec()),
        "its own is known at once"
    );

    let [before, after] = of_connection("connection.peer_certificate", &mutual(), VmOptions::default());
    assert_eq!(before, Err("1".into()));
    let certificate = x509_cert::Certificate::from_pem(after.unwrap()).unwrap();
    let text = certificate.to_der().unwrap();
    for name in ["spiffe://td/first", "spiffe://td/second"] {
        assert!(
            text.windows(name.len()).any(|part| part == name.as_bytes()),
            "{name}"
        );
    }
}

#[test]
fn versions_add_attributes() {
    for (version, certificate, valid) in [
        (EnvoyVersion::V1_36, false, false),
        (EnvoyVersion::V1_37, false, false),
        (EnvoyVersion::V1_38, true, false),
        (EnvoyVersion::V1_39, true, true),
        (EnvoyVersion::V1_40, true, true),
    ] {
        let options = || VmOptions {
            version,
            ..VmOptions::default()
        };
        let [_, found] = of_connection("connection.peer_certificate", &mutual(), options());
        assert_eq!(found.is_ok(), certificate, "{version:?}");
        let [before, found] = of_connection("connection.peer_certificate_valid", &mutual(), options());
        assert_eq!((before.is_ok(), found.is_ok()), (false, valid), "{version:?}");
    }
}

#[test]
fn a_certificate_that_was_not_verified_says_so() {
    let mut connection = mutual();
    let peer = connection.tls.as_mut().and_then(|tls| tls.peer.as_mut());
    peer.unwrap().validated = false;
    let [_, valid] = of_connection(
        "connection.peer_certificate_valid",
        &connection,
        VmOptions::default(),
    );
    assert_eq!(valid, Ok(vec![0]));
    let [_, mtls] = of_connection("connection.mtls", &connection, VmOptions::default());
    assert_eq!(mtls, Ok(vec![1]), "it was presented all the same");
}

#[test]
fn what_is_of_a_request_only_and_what_is_of_both() {
    let connection = Connection {
        filter_state: [("direct".to_owned(), b"192.0.2.7:1".to_vec())].into(),
        dynamic_metadata: json!({"f": {"a": "x"}}).as_object().unwrap().clone(),
        ..Connection::default()
    };
    for path in [
        "request.path",
        "request.headers.:path",
        "request.time",
        "response.code",
    ] {
        let found = of_connection(path, &connection, VmOptions::default());
        assert_eq!(found, [Err("1".into()), Err("1".into())], "{path}");
    }
    for (path, bytes) in [
        ("source.address", b"192.0.2.1:40000".as_slice()),
        ("destination.port", b"\x90\x1f\0\0\0\0\0\0"),
        ("filter_state.direct", b"192.0.2.7:1"),
        ("metadata.filter_metadata.f.a", b"x"),
    ] {
        let found = of_connection(path, &connection, VmOptions::default());
        assert_eq!(found, [Ok(bytes.to_vec()), Ok(bytes.to_vec())], "{path}");
        let found = of_request(path, &connection, get("/"));
        assert_eq!(found.as_deref(), Some(bytes), "{path}");
    }
}

#[test]
fn a_response_has_its_code_when_it_has_come() {
    let (mut vm, plugin) = vm("response.code", VmOptions::default());
    let stream = vm.http_stream(plugin, &Connection::default(), get("/")).unwrap();
    vm.request_headers(stream).unwrap();
    assert_eq!(notes(&mut vm), ["1"]);
    let headers = vec![(b":status".to_vec(), b"404".to_vec())];
    vm.response_headers(stream, headers, true).unwrap();
    assert_eq!(
        vm.filter_state(stream, "wasm.copy"),
        Some(404_u64.to_le_bytes().as_slice())
    );
}
