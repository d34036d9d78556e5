//! The output of `render`, and the guarantees that it keeps.

use peerwarden_engine::document::Value;
use peerwarden_guarantees::{ChainReport, Failure, check};
use peerwarden_render::File;
use peerwarden_render::inbound::Inbound;
use peerwarden_render::ingress::Ingress;
use serde_json::{Value as Json, json};

/// A workload of one port, with this mode of mutual TLS.
pub(crate) fn inbound(port: &Json, mode: &str, certificates: &Json) -> Inbound {
    with_documents(port, mode, certificates, &[])
}

/// A workload of one port with STRICT mutual TLS, and these additional documents.
pub(crate) fn verifying(port: &Json, documents: &[Json]) -> Inbound {
    with_documents(port, "STRICT", &json!({"directory": "/etc/certs"}), documents)
}

fn with_documents(port: &Json, mode: &str, certificates: &Json, documents: &[Json]) -> Inbound {
    let description = json!({
        "workload": {"namespace": "shop", "serviceAccount": "orders", "labels": {"app": "orders"}},
        "certificates": certificates,
        "ports": [port],
    });
    let policies = [
        json!({
            "apiVersion": "security.istio.io/v1",
            "kind": "PeerAuthentication",
            "metadata": {"name": "mode", "namespace": "shop"},
            "spec": {"mtls": {"mode": mode}},
        }),
        json!({
            "apiVersion": "security.istio.io/v1",
            "kind": "AuthorizationPolicy",
            "metadata": {"name": "frontend", "namespace": "shop"},
            "spec": {"rules": [{"from": [{"source": {"principals": ["cluster.local/ns/web/sa/frontend"]}}]}]},
        }),
    ];
    let policies: Vec<Value> = policies
        .into_iter()
        .chain(documents.iter().cloned())
        .map(value)
        .collect();
    Inbound::new(&value(description), &policies).expect("a description that is right")
}

/// The rendered configuration of this port with STRICT mutual TLS, in one file.
pub(crate) fn strict(port: &Json) -> Json {
    let certificates = json!({"directory": "/etc/certs"});
    parsed(&inbound(port, "STRICT", &certificates).file().expect("one file"))
}

/// The guarantees that a configuration breaks.
pub(crate) fn told(whole: Json) -> Vec<&'static str> {
    broken(&checked(&[whole]).expect("readable"))
}

/// An ingress that requires certificates.
pub(crate) fn ingress() -> Ingress {
    ingress_of(json!([mutual()]))
}

fn mutual() -> Json {
    json!({
        "port": {"number": 8443, "name": "https", "protocol": "HTTPS"},
        "hosts": ["shop.example.com"],
        "tls": {"mode": "MUTUAL", "credentialName": "edge"},
    })
}

/// A plaintext server that redirects to the other.
fn redirecting() -> Json {
    json!({
        "port": {"number": 8080, "name": "http", "protocol": "HTTP"},
        "hosts": ["shop.example.com"],
        "tls": {"httpsRedirect": true},
    })
}

fn ingress_of(servers: Json) -> Ingress {
    let description = json!({
        "workload": {"namespace": "istio-ingress"},
        "certificates": {"directory": "/etc/certs"},
        "routes": [{"hosts": ["shop.example.com"], "upstream": "127.0.0.1:18080"}],
    });
    let gateway = json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "edge", "namespace": "istio-ingress"},
        "spec": {"servers": servers},
    });
    Ingress::new(&value(description), &[value(gateway)], &[]).expect("a gateway that is right")
}

pub(crate) fn http() -> Json {
    json!({"port": 8080, "protocol": "HTTP", "upstream": "127.0.0.1:18080"})
}

pub(crate) fn tcp() -> Json {
    json!({"port": 3306, "protocol": "MySQL", "upstream": "127.0.0.1:13306"})
}

pub(crate) fn hold() -> Json {
    json!({"port": 3306, "protocol": "MySQL", "upstream": "127.0.0.1:13306", "enforcement": "hold"})
}

pub(crate) fn passed_on() -> Json {
    json!({"port": 8443, "protocol": "HTTPS", "upstream": "127.0.0.1:18443"})
}

pub(crate) fn value(json: Json) -> Value {
    serde_json::from_value(json).expect("a tree")
}

pub(crate) fn parsed(file: &File) -> Json {
    serde_saphyr::from_str(&file.text).expect("YAML")
}

/// The reports on some documents.
pub(crate) fn checked(documents: &[Json]) -> Result<Vec<ChainReport>, Failure> {
    let values: Vec<Value> = documents.iter().cloned().map(value).collect();
    check(&values)
}

/// The guarantees that some chain breaks, each once.
pub(crate) fn broken(checked: &[ChainReport]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for (guarantee, outcome) in checked.iter().flat_map(|chain| &chain.outcomes) {
        if outcome.is_err() && !names.contains(&guarantee.name) {
            names.push(guarantee.name);
        }
    }
    names
}

#[test]
fn what_is_rendered_keeps_every_guarantee() {
    let certificates = [json!({"directory": "/etc/certs"}), json!({"sds": "/etc/certs"})];
    let mut chains = 0;
    for port in [http(), tcp(), hold(), passed_on()] {
        for mode in ["STRICT", "PERMISSIVE", "DISABLE"] {
            for certificates in &certificates {
                let inbound = inbound(&port, mode, certificates);
                let one = parsed(&inbound.file().expect("one file"));
                let files = inbound.files("/etc/envoy").expect("files");
                let files: Vec<Json> = files.iter().map(parsed).collect();
                for documents in [vec![one], files] {
                    let checked = checked(&documents).expect("readable");
                    assert_eq!(broken(&checked), [""; 0], "{port} {mode}: {checked:#?}");
                    chains += checked.len();
                }
            }
        }
    }
    // STRICT and DISABLE have one chain, PERMISSIVE two.
    assert_eq!(chains, 4 * (1 + 2 + 1) * 4);
}

#[test]
fn a_rendered_ingress_keeps_every_guarantee() {
    for ingress in [ingress(), ingress_of(json!([mutual(), redirecting()]))] {
        let documents = [parsed(&ingress.file().expect("one file"))];
        let checked = checked(&documents).expect("readable");
        assert_eq!(broken(&checked), [""; 0], "{checked:#?}");
    }
}

/// Envoy closes a client that is silent, instead of passing it on without the server name that a policy reads.
#[test]
fn a_server_name_that_a_policy_reads_is_seen_before_tls_is_passed_on() {
    for mode in ["DISABLE", "PERMISSIVE"] {
        let mut whole = parsed(
            &inbound(&passed_on(), mode, &json!({"directory": "/etc/certs"}))
                .file()
                .expect("one file"),
        );
        for chain in whole["static_resources"]["listeners"][0]["filter_chains"]
            .as_array_mut()
            .expect("a list")
        {
            let text = serde_json::to_string(chain).expect("JSON");
            let principals = "\\\"from\\\":";
            assert!(text.contains(principals), "{text}");
            let when = "\\\"when\\\":[{\\\"key\\\":\\\"connection.sni\\\",\\\"values\\\":[\\\"evil.example\\\"]}],\\\"from\\\":";
            *chain = serde_json::from_str(&text.replace(principals, when)).expect("JSON");
        }
        assert_eq!(told(whole.clone()), [""; 0], "{mode}");
        // Without it, what the inspector does not recognise as TLS passes without a name.
        let chains = whole["static_resources"]["listeners"][0]["filter_chains"].as_array_mut();
        let last = chains.and_then(|chains| chains.last_mut()).expect("a chain");
        last.as_object_mut()
            .expect("an object")
            .remove("filter_chain_match");
        assert_eq!(told(whole), ["tls-inspector"], "{mode}");
    }
}
