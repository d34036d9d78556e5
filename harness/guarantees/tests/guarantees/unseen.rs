//! Edits that let a client through and that the check did not see.

use serde_json::{Value as Json, json};

use crate::cases::{Case, ahead, asks, cluster, http_filter, judge, judge_held, typed, whole};
use crate::configurations::verifier;
use crate::edits::{chain, filters, listener, manager};

fn sockets(kind: &str, message: Json) -> Json {
    let kind = format!("envoy.extensions.transport_sockets.{kind}");
    json!({"name": "own", "typed_config": typed(&kind, message)})
}

/// A socket that hands on what a client's PROXY header says.
fn passing() -> Json {
    let raw = sockets("raw_buffer.v3.RawBuffer", json!({}));
    let config = json!({"version": "V2", "pass_through_tlvs": {"match_type": "INCLUDE_ALL"}});
    sockets(
        "proxy_protocol.v3.ProxyProtocolUpstreamTransport",
        json!({"config": config, "transport_socket": raw}),
    )
}

/// A filter that knows clients by a key.
fn keyed(sources: Json, hides: bool) -> Json {
    let message = json!({
        "credentials": [{"key": "secret", "client": "shop"}],
        "key_sources": sources,
        "forwarding": {"hide_credentials": hides},
    });
    let mut filter = http_filter("api_key_auth.v3.ApiKeyAuth", message);
    filter["name"] = "keys".into();
    filter
}

fn of_route(of: &mut Json, message: Json) {
    let kind = "envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuthPerRoute";
    manager(of)["route_config"]["typed_per_filter_config"] = json!({"keys": typed(kind, message)});
}

/// Tokens are read, and the header of this name says whether they are good.
fn status(of: &mut Json, name: &str) {
    let mut verifier = verifier("payload");
    verifier["typed_config"]["rules"][0]["requires"] =
        json!({"extract_only_without_validation": {"verification_status_header": name}});
    ahead(of, verifier);
}

const CASES: &[Case] = &[
    (
        "the encoding of a body that is decompressed",
        &["header-names"],
        |of| {
            asks(of, "request.headers[content-encoding]", "gzip");
            ahead(of, http_filter("decompressor.v3.Decompressor", json!({})));
        },
    ),
    ("the encodings that a client takes", &["header-names"], |of| {
        asks(of, "request.headers[accept-encoding]", "gzip");
        ahead(of, http_filter("compressor.v3.Compressor", json!({})));
    }),
    (
        "the type of a body that is made another",
        &["header-names"],
        |of| {
            asks(of, "request.headers[content-type]", "application/grpc-web*");
            ahead(of, http_filter("grpc_web.v3.GrpcWeb", json!({})));
        },
    ),
    ("a body that is decompressed", &[], |of| {
        asks(of, "request.headers[x-role]", "admin");
        ahead(of, http_filter("decompressor.v3.Decompressor", json!({})));
    }),
    ("a key that a route hides", &["header-names"], |of| {
        asks(of, "request.headers[x-key]", "revoked");
        ahead(of, keyed(json!([{"header": "x-key"}]), false));
        of_route(of, json!({"forwarding": {"hide_credentials": true}}));
    }),
    (
        "a key of a route that the filter hides",
        &["header-names"],
        |of| {
            asks(of, "request.headers[x-key]", "revoked");
            ahead(of, keyed(json!([{"query": "k"}]), true));
            of_route(of, json!({"key_sources": [{"header": "x-key"}]}));
        },
    ),
    ("a cookie that is hidden", &["header-names"], |of| {
        asks(of, "request.headers[cookie]", "*revoked");
        ahead(of, keyed(json!([{"cookie": "k"}]), true));
    }),
    ("a key that nothing hides", &[], |of| {
        asks(of, "request.headers[x-key]", "revoked");
        ahead(of, keyed(json!([{"header": "x-key"}]), false));
        of_route(of, json!({"forwarding": {"hide_credentials": false}}));
    }),
    (
        "a length that says whether a token is good",
        &["upstream"],
        |of| {
            status(of, "content-length");
        },
    ),
    ("a certificate that says it", &["forwarded-client-cert"], |of| {
        status(of, "x-forwarded-client-cert");
    }),
    ("a header of its own that says it", &[], |of| {
        status(of, "x-verified")
    }),
    (
        "what a client says about itself, in a struct",
        &["settings"],
        |of| {
            let value = passing()["typed_config"].clone();
            let inner = json!({"type_url": value["@type"], "value": value});
            cluster(of)["transport_socket"] =
                json!({"name": "proxy", "typed_config": typed("xds.type.v3.TypedStruct", inner)});
        },
    ),
    (
        "what a client says about itself, further in",
        &["settings"],
        |of| {
            cluster(of)["transport_socket"] = sockets(
                "internal_upstream.v3.InternalUpstreamTransport",
                json!({"transport_socket": passing()}),
            );
        },
    ),
    ("another socket inside", &["settings"], |of| {
        let other = sockets("http_11_proxy.v3.Http11ProxyUpstreamTransport", json!({}));
        cluster(of)["transport_socket"] = sockets(
            "internal_upstream.v3.InternalUpstreamTransport",
            json!({"transport_socket": other}),
        );
    }),
    ("a chain for any server name", &["tls-inspector"], |of| {
        asks(of, "connection.sni", "evil.example");
        listener(of)["continue_on_listener_filters_timeout"] = true.into();
        chain(of)["filter_chain_match"] = json!({"server_names": [""]});
    }),
    ("a chain for a server name", &[], |of| {
        asks(of, "connection.sni", "shop.example");
        listener(of)["continue_on_listener_filters_timeout"] = true.into();
        chain(of)["filter_chain_match"] = json!({"server_names": ["shop.example"]});
    }),
];

#[test]
fn each_is_seen() {
    judge_held(&whole());
    judge(&whole(), CASES);
}

/// What may stand neither ahead of the module nor behind it is not sent from one to the other.
#[test]
fn no_advice_leads_in_a_circle() {
    for kind in [
        "ext_proc.v3.ExternalProcessor",
        "grpc_json_transcoder.v3.GrpcJsonTranscoder",
    ] {
        for place in [0, 1] {
            let mut whole = whole();
            filters(&mut whole).insert(place, http_filter(kind, json!({})));
            let reports = crate::rendered::checked(&[whole]).expect("readable");
            let mut outcomes = reports[0].outcomes.iter();
            let order = outcomes.find(|(guarantee, _)| guarantee.name == "order");
            let (_, outcome) = order.expect("the guarantee");
            let help = &outcome.as_ref().expect_err("not held").help;
            assert!(help.starts_with("leave it out"), "{kind}: {help}");
        }
    }
}
