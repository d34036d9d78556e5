//! Settings that take effect in an unexpected place, or under another name or type.

use serde_json::{Value as Json, json};

use crate::cases::{Case, ahead, asks, cluster, judge, judge_held, route, typed, whole};
use crate::configurations::verifier;
use crate::edits::{chain, filter, filters, listener, plugin, proxy, tls, validation};
use crate::rendered::{checked, strict, tcp, told};
use crate::written_headers::authorizer;

const OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

const SPIFFE: &str = "envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig";

fn validator(of: &mut Json, name: &str) {
    let domains = json!([{"name": "cluster.local", "trust_bundle": {"filename": "/root-cert.pem"}}]);
    let validator = json!({"name": name, "typed_config": typed(SPIFFE, json!({"trust_domains": domains}))});
    validation(of)["custom_validator_config"] = validator;
}

/// Requires a token, in the given way.
fn requires(of: &mut Json, requirement: Json) {
    asks(of, "request.auth.claims[iss]", "https://issuer.example");
    let mut verifier = verifier("payload");
    verifier["typed_config"]["rules"][0]["requires"] = requirement;
    ahead(of, verifier);
}

/// The one chain becomes the listener's default, with the match that it had.
fn by_default(of: &mut Json, matches: Json) {
    chain(of)["filter_chain_match"] = matches;
    let listener = listener(of);
    let chain = listener["filter_chains"][0].take();
    listener["filter_chains"] = json!([]);
    listener["default_filter_chain"] = chain;
}

pub(crate) fn proxy_protocol(of: &mut Json) {
    first(of, filter("listener.proxy_protocol.v3.ProxyProtocol"));
}

/// Puts a listener filter ahead of the others: the `tls_inspector` reads what is behind a PROXY header.
pub(crate) fn first(of: &mut Json, filter: Json) {
    let filters = listener(of)["listener_filters"].as_array_mut();
    filters.expect("a list").insert(0, filter);
}

fn quic(of: &mut Json, mut transport: Json) {
    transport["downstream_tls_context"] = tls(of).clone();
    let kind = "envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport";
    chain(of)["transport_socket"]["typed_config"] = typed(kind, transport);
    listener(of)["udp_listener_config"] = json!({"quic_options": {}});
    listener(of)["address"]["socket_address"]["protocol"] = "UDP".into();
}

const HTTP: &[Case] = &[
    ("two tokens that are required together", &["tokens"], |of| {
        let two = json!([{"provider_name": "issuer"}, {"provider_name": "services"}]);
        requires(of, json!({"requires_all": {"requirements": two}}));
        let verifier = &mut filters(of)[0]["typed_config"]["providers"];
        verifier["services"] = verifier["issuer"].clone();
    }),
    (
        "what a client says about itself, passed on",
        &["settings"],
        |of| {
            let raw = json!({"name": "raw", "typed_config": typed("envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer", json!({}))});
            let config = json!({"version": "V2", "pass_through_tlvs": {"match_type": "INCLUDE_ALL"}});
            let kind = "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport";
            cluster(of)["transport_socket"] = json!({"name": "proxy", "typed_config": typed(
            kind, json!({"config": config, "transport_socket": raw}))});
        },
    ),
    (
        "a field of the bootstrap that is not known",
        &["settings"],
        |of| {
            of["of_a_later_version"] = true.into();
        },
    ),
    ("a validator of another name", &["validation"], |of| {
        validator(of, "envoy.tls.cert_validator.default");
    }),
    ("capabilities of the VM", &["capabilities"], |of| {
        plugin(of)["vm_config"]["capability_restriction_config"] =
            json!({"allowed_capabilities": {"proxy_on_configure": {}}});
    }),
    ("a field of the VM that is not known", &["settings"], |of| {
        plugin(of)["vm_config"]["of_a_later_version"] = true.into();
    }),
    ("a field of the plugin that is not known", &["settings"], |of| {
        plugin(of)["of_a_later_version"] = true.into();
    }),
    ("a field of TLS that is not known", &["settings"], |of| {
        tls(of)["of_a_later_version"] = true.into();
    }),
    (
        "a field of the certificates that is not known",
        &["settings"],
        |of| {
            tls(of)["common_tls_context"]["of_a_later_version"] = true.into();
        },
    ),
    ("a field of validation that is not known", &["settings"], |of| {
        validation(of)["of_a_later_version"] = true.into();
    }),
    ("sessions that QUIC resumes", &["session-resumption"], |of| {
        quic(of, json!({"enable_resumption": true}));
    }),
    ("a field of QUIC that is not known", &["settings"], |of| {
        quic(of, json!({"of_a_later_version": true}));
    }),
    ("tokens for another audience", &["tokens"], |of| {
        let named = json!({"provider_name": "issuer", "audiences": ["billing"]});
        requires(of, json!({"provider_and_audiences": named}));
    }),
    ("the same within others", &["tokens"], |of| {
        let named = json!({"provider_name": "issuer", "audiences": ["orders", "billing"]});
        let list = json!([{"provider_and_audiences": named}, {"allow_missing": {}}]);
        requires(of, json!({"requires_any": {"requirements": list}}));
    }),
    ("a requirement that is not known", &["settings"], |of| {
        let list = json!([{"of_a_later_version": {}}]);
        requires(of, json!({"requires_any": {"requirements": list}}));
    }),
    (
        "another type under the name of the options",
        &["settings"],
        |of| {
            let options = json!({"http_filters": [filter("http.header_mutation.v3.HeaderMutation")]});
            cluster(of)["typed_extension_protocol_options"] =
                json!({OPTIONS: typed("google.protobuf.Struct", json!({"value": options}))});
        },
    ),
    ("a `TypedStruct` there", &["settings"], |of| {
        let options = json!({"type_url": format!("type.googleapis.com/{OPTIONS}"), "value": {}});
        cluster(of)["typed_extension_protocol_options"] =
            json!({OPTIONS: typed("xds.type.v3.TypedStruct", options)});
    }),
    ("a `TypedStruct` of a route", &["settings"], |of| {
        let kind = "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication";
        let own = json!({"type_url": kind, "value": {"disabled": true}});
        route(of)["typed_per_filter_config"] =
            json!({"envoy.filters.http.jwt_authn": typed("xds.type.v3.TypedStruct", own)});
    }),
    ("a mark in what looks like the lock", &["second-lock"], |of| {
        let kind = "envoy.extensions.filters.http.set_filter_state.v3.Config";
        let item = json!({"object_key": "wasm.peerwarden.request", "factory_key": "envoy.string",
                          "format_string": {"text_format_source": {"inline_string": "1"}}});
        let value = json!({"@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
                           "on_request_headers": [item]});
        let own = json!({"type_url": format!("type.googleapis.com/{kind}"), "value": value});
        ahead(
            of,
            json!({"name": "set", "typed_config": typed("xds.type.v3.TypedStruct", own)}),
        );
    }),
    (
        "two filters of one name, with one entry for both",
        &["header-names"],
        |of| {
            asks(of, "request.headers[x-role]", "admin");
            let limit = json!({"name": "limit", "typed_config": typed(
            "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit", json!({"stat_prefix": "limit"}))});
            ahead(of, limit.clone());
            let router = filters(of).len() - 1;
            filters(of).insert(router, limit.clone());
            let mut own = limit["typed_config"].clone();
            own["request_headers_to_add_when_not_enforced"] =
                json!([{"header": {"key": "x-role", "value": "%REQ(x-want)%"}}]);
            route(of)["typed_per_filter_config"] = json!({"limit": own});
        },
    ),
    (
        "a match of the default chain, which Envoy ignores",
        &["destination-address"],
        |of| {
            proxy_protocol(of);
            asks(of, "destination.port", "8080");
            by_default(of, json!({"destination_port": 8080}));
        },
    ),
    (
        "the same of TLS, for a client that is silent",
        &["tls-inspector"],
        |of| {
            asks(of, "connection.sni", "orders");
            listener(of)["continue_on_listener_filters_timeout"] = true.into();
            by_default(of, json!({"transport_protocol": "tls"}));
        },
    ),
];

#[test]
fn they_are_seen() {
    judge(&whole(), HTTP);
}

#[test]
fn a_fixed_cluster_by_filter_state_is_seen_without_the_lock() {
    let mut whole = strict(&tcp());
    let network = chain(&mut whole)["filters"].as_array_mut().expect("a list");
    let is_module = |filter: &&mut Json| filter["typed_config"]["config"]["vm_config"].is_object();
    let module = network.iter_mut().find(is_module).expect("the module");
    let value = &mut module["typed_config"]["config"]["configuration"]["value"];
    let mut config: Json = serde_json::from_str(value.as_str().expect("a text")).expect("JSON");
    let cluster = config["lock"]["cluster"].take();
    config["lock"] = false.into();
    *value = config.to_string().into();
    proxy(&mut whole)["cluster"] = cluster.clone();
    let network = chain(&mut whole)["filters"].as_array_mut().expect("a list");
    network.retain(|filter| !filter.to_string().contains("v3.RBAC"));
    assert_eq!(told(whole.clone()), [""; 0]);
    let item = json!({"object_key": "envoy.tcp_proxy.cluster", "format_string": {"text_format_source": {"inline_string": cluster}}});
    let set = typed(
        "envoy.extensions.filters.network.set_filter_state.v3.Config",
        json!({"on_new_connection": [item]}),
    );
    let network = chain(&mut whole)["filters"].as_array_mut().expect("a list");
    network.insert(0, json!({"name": "set", "typed_config": set}));
    assert_eq!(told(whole), ["upstream"]);
}

#[test]
fn what_looks_alike_and_is_sound_is_held() {
    let sound: [fn(&mut Json); 5] = [
        |of| validator(of, "envoy.tls.cert_validator.spiffe"),
        |of| quic(of, json!({"enable_resumption": false})),
        |of| requires(of, json!({"provider_and_audiences": {"provider_name": "issuer"}})),
        |of| ahead(of, authorizer(json!([{"exact": "x-tenant"}]))),
        |of| {
            let kind = "envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin";
            cluster(of)["load_balancing_policy"] = json!({"policies": [{"typed_extension_config": {"name": "r", "typed_config": typed(kind, json!({}))}}]});
        },
    ];
    for edit in sound {
        let mut whole = whole();
        edit(&mut whole);
        judge_held(&whole);
    }
}

#[test]
fn a_collection_beside_resources_is_refused() {
    let mut of = json!({"resources": [], "resource": {"entries": []}});
    of["resources"] = json!([typed(
        "envoy.config.listener.v3.Listener",
        listener(&mut whole()).clone()
    )]);
    let failure = checked(&[of]).expect_err("two forms");
    assert!(failure.why.contains("`resource` and `resources`"), "{failure:?}");
}
