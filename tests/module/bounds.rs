//! Untrusted input costs the module at most in proportion to its size: the fuel at `n` and at `2n`, which is the same
//! on every machine.

use peerwarden_host::{Connection, PeerCertificate, Request, Tls, VmOptions};
use serde_json::{Value, json};

use crate::fixture::{FRONTEND, configuration, get, module, peer, policy, vm};

/// The fuel of a first request, which reads everything.
fn of_request(resources: Value, connection: &Connection, request: Request) -> u64 {
    let (mut vm, plugin) = vm(configuration("http", resources));
    vm.take_accounting();
    let stream = vm.http_stream(plugin, connection, request).unwrap();
    vm.request_headers(stream).unwrap();
    vm.close(stream).unwrap();
    assert!(vm.failure().is_none(), "{:?}", vm.failure());
    vm.take_accounting().iter().map(|record| record.fuel).sum()
}

/// Twice as much input costs at most a quarter more than twice the fuel, minus the fixed cost.
fn is_linear(what: &str, fuel: impl Fn(usize) -> u64) {
    let (none, once, twice) = (fuel(0), fuel(2_000), fuel(4_000));
    println!("{what}: {none}, {once}, {twice}");
    let (once, twice) = (once.saturating_sub(none), twice.saturating_sub(none));
    assert!(
        4 * twice <= 10 * once + 40_000,
        "{what}: {once}, and of twice as much {twice}"
    );
}

fn any(field: &str, values: Value) -> Value {
    let place = if matches!(field, "paths" | "hosts") {
        "to"
    } else {
        "from"
    };
    let part = if place == "to" { "operation" } else { "source" };
    json!([policy("p", "ALLOW", json!([{place: [{part: {field: values}}]}]))])
}

#[test]
fn certificates_of_many_names() {
    is_linear("names", |count| {
        let uri_sans = (0..count)
            .map(|number| format!("spiffe://td/ns/web/sa/a{number:05}"))
            .collect();
        let connection = Connection {
            tls: Some(Tls {
                peer: Some(PeerCertificate {
                    uri_sans,
                    ..PeerCertificate::default()
                }),
                ..Tls::default()
            }),
            ..Connection::default()
        };
        of_request(
            any("principals", json!(["td/ns/web/sa/other"])),
            &connection,
            get("/"),
        )
    });
}

#[test]
fn requests_of_many_headers() {
    is_linear("headers", |count| {
        let mut request = get("/");
        let lines = (0..count).map(|number| (format!("x-{number:05}").into_bytes(), b"v".to_vec()));
        request.headers.extend(lines);
        let rule = json!([{"when": [{"key": "request.headers[x-team]", "values": ["a"]}, {"key": "request.headers[x-other]", "values": ["b"]}]}]);
        of_request(json!([policy("p", "ALLOW", rule)]), &peer(FRONTEND), request)
    });
}

#[test]
fn one_header_of_many_lines() {
    is_linear("lines", |count| {
        let mut request = get("/");
        request
            .headers
            .extend((0..count).map(|_| (b"x-team".to_vec(), b"b".to_vec())));
        let rule = json!([{"when": [{"key": "request.headers[x-team]", "values": ["a*", "*c"]}]}]);
        of_request(json!([policy("p", "ALLOW", rule)]), &peer(FRONTEND), request)
    });
}

#[test]
fn long_paths() {
    for (what, path) in [
        ("a template", "/{*}/{*}/{*}/{*}/x"),
        ("a template of any depth", "/a/{**}/x"),
        ("a suffix", "*/b/b/b/c"),
        ("a prefix", "/b/b/b/c*"),
    ] {
        is_linear(what, |count| {
            of_request(
                any("paths", json!([path])),
                &peer(FRONTEND),
                get(&"/b".repeat(count)),
            )
        });
    }
}

/// A matcher that backtracks for each star would take exponential time.
#[test]
fn long_names_beside_many_stars() {
    is_linear("stars", |count| {
        let uri = format!("spiffe://td/ns/{}/sa/x", "a".repeat(count));
        of_request(
            any("namespaces", json!([format!("{}b", "*a".repeat(24))])),
            &peer(&uri),
            get("/"),
        )
    });
}

#[test]
fn dynamic_metadata() {
    let with = |payload: Value| {
        let mut connection = peer(FRONTEND);
        let metadata = json!({"envoy.filters.http.jwt_authn": {"payload": payload}});
        connection.dynamic_metadata = metadata.as_object().unwrap().clone();
        let rule = json!([{"when": [{"key": "request.auth.claims[group]", "values": ["a"]}]}]);
        of_request(json!([policy("p", "ALLOW", rule)]), &connection, get("/"))
    };
    is_linear("claims", |count| {
        let claims = (0..count).map(|number| (format!("c{number:05}"), json!("v")));
        with(Value::Object(claims.collect()))
    });
    is_linear("values of a claim", |count| {
        with(json!({"iss": "i", "group": vec!["b"; count]}))
    });
}

/// A configuration comes from the operator, who may make mistakes too.
#[test]
fn configurations() {
    let fuel = |json: String| {
        let mut vm = peerwarden_host::Vm::new(module(), VmOptions::default()).unwrap();
        let options = peerwarden_host::PluginOptions {
            configuration: json.into_bytes(),
            ..peerwarden_host::PluginOptions::default()
        };
        // Some are refused: that cost counts as well.
        drop(vm.configure(options));
        vm.take_accounting().iter().map(|record| record.fuel).sum::<u64>()
    };
    let fields = |count: usize| {
        (0..count)
            .map(|number| format!("\"n{number:06}\":1"))
            .collect::<Vec<_>>()
            .join(",")
    };
    is_linear("names at the root", |count| {
        fuel(format!("{{{}}}", fields(count)))
    });
    is_linear("names of a document", |count| {
        fuel(format!("{{\"resources\":[{{{}}}]}}", fields(count)))
    });
    is_linear("labels", |count| {
        let labels = (0..count)
            .map(|number| format!("\"n{number:06}\":\"v\""))
            .collect::<Vec<_>>()
            .join(",");
        fuel(format!(
            "{{\"workload\":{{\"namespace\":\"shop\",\"labels\":{{{labels}}}}},\"resources\":[]}}"
        ))
    });
    is_linear("digits", |count| {
        fuel(format!("{{\"resources\":[{}]}}", "9".repeat(count)))
    });
    is_linear("depth", |count| {
        fuel(format!("{{\"resources\":{}", "[".repeat(count)))
    });
}
