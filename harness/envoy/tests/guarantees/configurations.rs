//! Configurations that people write: each broken one is reported under the right guarantee and no other, and sound ones are
//! accepted.

use serde_json::{Value as Json, json};

use crate::cases::{Case, http_filter, judge, typed};
use crate::edits::{
    chain, configuration, direct_peer, filter, filters, listener, manager, plugin, proxy, remove,
    switched_off, tls, validation,
};
use crate::rendered::{http, ingress, parsed, strict, tcp};

/// Metadata that a client writes into this namespace by a header.
pub(crate) fn by_header(namespace: &str) -> Json {
    let to = json!({"metadata_namespace": namespace, "key": "payload", "type": "PROTOBUF_VALUE"});
    let rules = json!({"request_rules": [{"header": "x-claims", "on_header_present": to}]});
    http_filter("header_to_metadata.v3.Config", rules)
}

/// Filter state that is set with each request.
pub(crate) fn by_request(key: &str, format: &str) -> Json {
    let text = json!({"text_format_source": {"inline_string": format}});
    let item = json!({"object_key": key, "factory_key": "envoy.string", "format_string": text});
    http_filter(
        "set_filter_state.v3.Config",
        json!({"on_request_headers": [item]}),
    )
}

pub(crate) fn verifier(payload: &str) -> Json {
    let provider = json!({
        "issuer": "https://issuer.example",
        "audiences": ["orders"],
        "local_jwks": {"inline_string": "{\"keys\": []}"},
        "payload_in_metadata": payload,
    });
    let rule = json!({"match": {"prefix": "/"}, "requires": {"allow_missing": {}}});
    http_filter(
        "jwt_authn.v3.JwtAuthentication",
        json!({"providers": {"issuer": provider}, "rules": [rule]}),
    )
}

/// The policy reads this of a source in place of `principals`.
fn reads(of: &mut Json, field: &str) {
    configuration(plugin(of), "principals", field);
}

/// The policy asks a condition.
fn asks(of: &mut Json, key: &str) {
    let rule = "{\"from\":";
    let with = format!("{{\"when\": [{{\"key\": \"{key}\", \"values\": [\"admin\"]}}], \"from\":");
    configuration(plugin(of), rule, &with);
}

/// A waypoint of this service, which the policy targets.
pub(crate) fn waypoint(of: &mut Json) {
    let value = &mut plugin(of)["configuration"]["value"];
    let mut config: Json = serde_json::from_str(value.as_str().expect("a text")).expect("JSON");
    config["workload"] = json!({
        "namespace": "shop",
        "kind": "waypoint",
        "services": [{"name": "orders", "namespace": "shop"}],
    });
    for document in config["resources"].as_array_mut().expect("a list") {
        if document["kind"] == "AuthorizationPolicy" {
            document["spec"]["targetRefs"] = json!([{"kind": "Service", "group": "", "name": "orders"}]);
        }
    }
    *value = config.to_string().into();
}

fn runtime(of: &mut Json, values: Json) {
    of["layered_runtime"] = json!({"layers": [{"name": "static", "static_layer": values}]});
}

pub(crate) fn push(list: &mut Json, item: Json) {
    list.as_array_mut().expect("a list").push(item);
}

/// Replaces a filter with one that skips it for some requests.
fn skipped(of: &mut Json) {
    let module = filters(of)[0]["typed_config"].take();
    let input = typed(
        "envoy.type.matcher.v3.HttpRequestHeaderMatchInput",
        json!({"header_name": "x-skip"}),
    );
    let skip = typed(
        "envoy.extensions.filters.common.matcher.action.v3.SkipFilter",
        json!({}),
    );
    let matcher = json!({"matcher_tree": {
        "input": {"name": "request-headers", "typed_config": input},
        "exact_match_map": {"map": {"1": {"action": {"name": "skip", "typed_config": skip}}}},
    }});
    filters(of)[0] = json!({
        "name": "peerwarden",
        "typed_config": typed("envoy.extensions.common.matching.v3.ExtensionWithMatcher", json!({
            "extension_config": {"name": "peerwarden", "typed_config": module},
            "xds_matcher": matcher,
        })),
    });
}

const HTTP: &[Case] = &[
    ("the module is skipped by a header", &["module"], skipped),
    ("Envoy's own code for the module", &["module"], |of| {
        plugin(of)["vm_config"]["runtime"] = "envoy.wasm.runtime.null".into();
    }),
    ("a text for the module", &["loading"], |of| {
        plugin(of)["vm_config"]["code"] = json!({"local": {"inline_string": "peerwarden"}});
    }),
    ("a chain for what no other matches", &["module"], |of| {
        let mut default = chain(of).clone();
        default["filters"][1]["typed_config"]["http_filters"] = json!([filter("http.router.v3.Router")]);
        remove(&mut default, "name");
        listener(of)["default_filter_chain"] = default;
    }),
    ("a listener of an API", &["module"], |of| {
        let api = json!({"name": "api", "api_listener": {"api_listener": manager(of).clone()}});
        push(&mut of["static_resources"]["listeners"], api);
    }),
    ("filter chains by discovery", &["module"], |of| {
        listener(of)["fcds_config"] = json!({"config_source": {"ads": {}}});
    }),
    ("switched off for a route configuration", &["enabled"], |of| {
        manager(of)["route_config"]["typed_per_filter_config"] = switched_off();
    }),
    ("configured for a route", &["enabled"], |of| {
        let own = typed("envoy.extensions.filters.http.wasm.v3.Wasm", json!({}));
        let entry = typed("envoy.config.route.v3.FilterConfig", json!({"config": own}));
        manager(of)["route_config"]["typed_per_filter_config"] = json!({"peerwarden-http": entry});
    }),
    ("an entry that switches nothing off", &[], |of| {
        let entry = typed(
            "envoy.config.route.v3.FilterConfig",
            json!({"config": {}, "disabled": false}),
        );
        manager(of)["route_config"]["typed_per_filter_config"] = json!({"peerwarden-http": entry});
    }),
    ("an entry with an empty `Struct`", &[], |of| {
        let own = typed("google.protobuf.Struct", json!({}));
        let entry = typed(
            "envoy.config.route.v3.FilterConfig",
            json!({"config": own, "disabled": false}),
        );
        manager(of)["route_config"]["typed_per_filter_config"] = json!({"peerwarden-http": entry});
    }),
    ("FAIL_OPEN in JSON's spelling", &["failure-policy"], |of| {
        remove(plugin(of), "failure_policy");
        plugin(of)["failurePolicy"] = "FAIL_OPEN".into();
    }),
    ("FAIL_CLOSED by its number", &[], |of| {
        plugin(of)["failure_policy"] = 2.into()
    }),
    ("FAIL_RELOAD by its number, in quotes", &[], |of| {
        plugin(of)["failure_policy"] = "1".into();
    }),
    ("FAIL_OPEN by its number", &["failure-policy"], |of| {
        plugin(of)["failure_policy"] = 3.into()
    }),
    ("a number that no policy has", &["failure-policy"], |of| {
        plugin(of)["failure_policy"] = 4.into();
    }),
    ("the traffic's direction by its number", &["module"], |of| {
        listener(of)["traffic_direction"] = 1.into();
        filters(of).remove(0);
    }),
    ("for what goes out, by its number", &[], |of| {
        listener(of)["traffic_direction"] = 2.into();
        filters(of).remove(0);
    }),
    ("escaped slashes by number", &[], |of| {
        manager(of)["path_with_escaped_slashes_action"] = 4.into();
    }),
    ("escaped slashes kept, by number", &["paths"], |of| {
        manager(of)["path_with_escaped_slashes_action"] = 1.into();
    }),
    (
        "client certificates forwarded, by number",
        &["forwarded-client-cert"],
        |of| {
            manager(of)["forward_client_cert_details"] = 2.into();
        },
    ),
    ("client certificates set, by number", &[], |of| {
        manager(of)["forward_client_cert_details"] = 3.into();
    }),
    ("anybody's certificate, by number", &["validation"], |of| {
        validation(of)["trust_chain_verification"] = 1.into();
    }),
    ("an empty root", &["validation"], |of| {
        validation(of)["trusted_ca"] = json!({"inline_string": ""});
    }),
    (
        "the system's roots, which Envoy does not take",
        &["validation"],
        |of| {
            *validation(of) = json!({"system_root_certs": {}});
        },
    ),
    ("a validator that is not known", &["validation"], |of| {
        let own =
            json!({"name": "own", "typed_config": typed("google.protobuf.Struct", json!({"value": {}}))});
        validation(of)["custom_validator_config"] = own;
    }),
    ("bounds for a chain of certificates", &[], |of| {
        validation(of)["only_verify_leaf_cert_crl"] = true.into();
        validation(of)["max_verify_depth"] = 100.into();
    }),
    (
        "TLS that begins in plaintext",
        &["client-certificate", "validation", "session-resumption"],
        |of| {
            let socket = chain(of)["transport_socket"].take();
            let start = json!({"cleartext_socket_config": {}, "tls_socket_config": socket["typed_config"]});
            let kind = "envoy.extensions.transport_sockets.starttls.v3.StartTlsConfig";
            chain(of)["transport_socket"] = json!({"name": "starttls", "typed_config": typed(kind, start)});
        },
    ),
    ("QUIC, whose TLS is read like any other", &[], quic),
    (
        "QUIC that asks for no certificate",
        &["client-certificate"],
        |of| {
            quic(of);
            remove(
                &mut tls(of)["downstream_tls_context"],
                "require_client_certificate",
            );
        },
    ),
    (
        "the direct peer from a header",
        &["direct-remote-address"],
        |of| {
            filters(of).insert(
                0,
                by_request("peerwarden.direct_remote_address", "%REQ(x-real-ip)%"),
            );
        },
    ),
    (
        "the derived peer for the direct one",
        &["direct-remote-address"],
        |of| {
            direct_peer(of)["format_string"]["text_format_source"]["inline_string"] =
                "%DOWNSTREAM_REMOTE_ADDRESS%".into();
        },
    ),
    (
        "the direct peer from a header on some route",
        &["trusted-state"],
        |of| {
            filters(of).insert(0, by_request("other", "x"));
            filters(of)[0]["name"] = "state".into();
            let own =
                by_request("peerwarden.direct_remote_address", "%REQ(x-real-ip)%")["typed_config"].take();
            manager(of)["route_config"]["virtual_hosts"][0]["typed_per_filter_config"] =
                json!({"state": own});
        },
    ),
    ("an origin by another header at a sidecar", &[], |of| {
        let kind = "envoy.extensions.http.original_ip_detection.custom_header.v3.CustomHeaderConfig";
        let own = json!({"name": "own", "typed_config": typed(kind, json!({"header_name": "x-real-ip"}))});
        manager(of)["original_ip_detection_extensions"] = json!([own]);
    }),
    ("headers that are changed before anything reads them", &[], |of| {
        let kind = "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation";
        let append = json!({"append": {"header": {"key": "x-forwarded-client-cert", "value": "x"}}});
        let own = json!({"name": "own", "typed_config": typed(kind, json!({"mutations": [append]}))});
        manager(of)["early_header_mutation_extensions"] = json!([own]);
    }),
    (
        "a route that names the client's certificate",
        &["forwarded-client-cert"],
        |of| {
            let header = json!({"key": "X-Forwarded-Client-Cert", "value": "URI=%REQ(x-uri)%"});
            let route = &mut manager(of)["route_config"]["virtual_hosts"][0]["routes"][0];
            route["request_headers_to_add"] = json!([{"header": header}]);
        },
    ),
    (
        "a filter that names the client's certificate",
        &["forwarded-client-cert"],
        |of| {
            let append = json!({"append": {"header": {"key": "x-forwarded-client-cert", "value": "URI=%REQ(x-uri)%"}}});
            let mutations = json!({"mutations": {"request_mutations": [append]}});
            filters(of).insert(0, http_filter("header_mutation.v3.HeaderMutation", mutations));
        },
    ),
    ("a route that adds another header", &[], |of| {
        let header = json!({"header": {"key": "x-team", "value": "shop"}});
        manager(of)["route_config"]["request_headers_to_add"] = json!([header]);
    }),
    ("a filter behind that rewrites paths", &["order"], |of| {
        filters(of).insert(2, http_filter("header_mutation.v3.HeaderMutation", json!({})));
    }),
    ("a cache ahead", &["order"], |of| {
        filters(of).insert(0, http_filter("cache.v3.CacheConfig", json!({})));
    }),
    ("a composite filter ahead", &["order"], |of| {
        filters(of).insert(0, http_filter("composite.v3.Composite", json!({})));
    }),
    ("a transcoder behind", &["order"], |of| {
        filters(of).insert(
            2,
            http_filter("grpc_json_transcoder.v3.GrpcJsonTranscoder", json!({})),
        );
    }),
    ("Lua in a `TypedStruct`", &["order"], |of| {
        let lua =
            json!({"type_url": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua", "value": {}});
        filters(of).insert(
            0,
            json!({"name": "own", "typed_config": typed("xds.type.v3.TypedStruct", lua)}),
        );
    }),
    ("an authorizer ahead and a compressor behind", &[], |of| {
        filters(of).insert(
            0,
            http_filter("ext_authz.v3.ExtAuthz", json!({"failure_mode_allow": false})),
        );
        filters(of).insert(3, http_filter("compressor.v3.Compressor", json!({})));
    }),
    // One mark for both: where the second is missing, that of the first lets requests through.
    ("two modules, each its own plugin", &["second-lock"], |of| {
        let mut second = filters(of)[0].clone();
        second["name"] = "second".into();
        second["typed_config"]["config"]["name"] = "second".into();
        filters(of).insert(1, second);
    }),
    ("a namespace that nobody is in", &["policies"], |of| {
        configuration(plugin(of), "\"namespace\":\"shop\"", "\"namespace\":\"shpo\"");
    }),
    ("no documents", &[], |of| {
        let value = &mut plugin(of)["configuration"]["value"];
        let mut config: Json = serde_json::from_str(value.as_str().expect("a text")).expect("JSON");
        config["resources"] = json!([]);
        *value = config.to_string().into();
    }),
    ("a token that nothing verifies", &["tokens"], |of| {
        reads(of, "requestPrincipals")
    }),
    ("a claim that nothing verifies", &["tokens"], |of| {
        asks(of, "request.auth.claims[role]")
    }),
    ("a token by its absence", &["tokens"], |of| {
        reads(of, "notRequestPrincipals")
    }),
    ("a token whose payload is elsewhere", &["tokens"], |of| {
        asks(of, "request.auth.claims[role]");
        filters(of).insert(0, verifier("other"));
    }),
    ("a token whose payload is nowhere", &["tokens"], |of| {
        asks(of, "request.auth.presenter");
        filters(of).insert(0, verifier(""));
    }),
    ("one issuer of two leaves no payload", &["tokens"], |of| {
        reads(of, "requestPrincipals");
        let mut filter = verifier("payload");
        filter["typed_config"]["providers"]["second"] =
            json!({"issuer": "https://second.example", "audiences": ["orders"]});
        filters(of).insert(0, filter);
    }),
    ("providers that nobody asks", &["tokens"], |of| {
        reads(of, "requestPrincipals");
        let mut filter = verifier("payload");
        remove(&mut filter["typed_config"], "rules");
        filters(of).insert(0, filter);
    }),
    ("a status where the payload is looked for", &["tokens"], |of| {
        reads(of, "requestPrincipals");
        let mut filter = verifier("payload");
        filter["typed_config"]["providers"]["issuer"]["failed_status_in_metadata"] = "payload".into();
        filters(of).insert(0, filter);
    }),
    ("a token that is looked for elsewhere", &["tokens"], |of| {
        reads(of, "requestPrincipals");
        let text = "\"protocol\":";
        configuration(
            plugin(of),
            text,
            "\"jwt\": {\"filter\": \"istio_authn\"}, \"protocol\":",
        );
        filters(of).insert(0, verifier("payload"));
    }),
    ("a token that is verified", &[], |of| {
        reads(of, "requestPrincipals");
        filters(of).insert(0, verifier("payload"));
    }),
    ("a header for a token", &["trusted-state"], |of| {
        reads(of, "requestPrincipals");
        filters(of).insert(0, verifier("payload"));
        filters(of).insert(0, by_header("envoy.filters.http.jwt_authn"));
    }),
    ("a header for a token on some route", &["trusted-state"], |of| {
        reads(of, "requestPrincipals");
        filters(of).insert(0, verifier("payload"));
        filters(of).insert(0, http_filter("header_to_metadata.v3.Config", json!({})));
        let own = by_header("envoy.filters.http.jwt_authn")["typed_config"].take();
        let own = json!({"header_to_metadata.v3.Config": own});
        manager(of)["route_config"]["virtual_hosts"][0]["routes"][0]["typed_per_filter_config"] = own;
    }),
    ("a body for a token", &["trusted-state"], |of| {
        reads(of, "requestPrincipals");
        filters(of).insert(0, verifier("payload"));
        let to = json!({"metadata_namespace": "envoy.filters.http.jwt_authn", "key": "payload"});
        let rules = json!({"rules": [{"selectors": [{"key": "claims"}], "on_present": to}]});
        let filter = http_filter(
            "json_to_metadata.v3.JsonToMetadata",
            json!({"request_rules": rules}),
        );
        filters(of).insert(0, filter);
    }),
    (
        "the configuration's own word for a token",
        &["trusted-state"],
        |of| {
            reads(of, "requestPrincipals");
            filters(of).insert(0, verifier("payload"));
            let item =
                json!({"metadata_namespace": "envoy.filters.http.jwt_authn", "value": {"payload": {}}});
            filters(of).insert(
                1,
                http_filter("set_metadata.v3.Config", json!({"metadata": [item]})),
            );
        },
    ),
    (
        "a header for a token that no policy reads yet",
        &["trusted-state"],
        |of| {
            filters(of).insert(0, by_header("envoy.filters.http.jwt_authn"));
        },
    ),
    ("a header for metadata that no policy reads", &[], |of| {
        filters(of).insert(0, by_header("ns"));
    }),
    (
        "a header for metadata that a policy goes by",
        &["trusted-state"],
        |of| {
            asks(of, "experimental.envoy.filters.http.own[payload]");
            filters(of).insert(0, by_header("envoy.filters.http.own"));
        },
    ),
    (
        "a header for the filter's own metadata, which a policy goes by",
        &["trusted-state"],
        |of| {
            asks(of, "experimental.envoy.filters.http.header_to_metadata[payload]");
            filters(of).insert(0, by_header(""));
        },
    ),
    ("metadata that the configuration writes", &[], |of| {
        asks(of, "experimental.envoy.filters.http.own[zone]");
        let item = json!({"metadata_namespace": "envoy.filters.http.own", "value": {"zone": "admin"}});
        filters(of).insert(
            0,
            http_filter("set_metadata.v3.Config", json!({"metadata": [item]})),
        );
    }),
    ("metadata from the PROXY protocol", &["trusted-state"], |of| {
        asks(of, "experimental.envoy.filters.http.own[zone]");
        let to = json!({"metadata_namespace": "envoy.filters.http.own", "key": "zone"});
        let mut proxy = filter("listener.proxy_protocol.v3.ProxyProtocol");
        proxy["typed_config"]["rules"] = json!([{"tlv_type": 224, "on_tlv_present": to}]);
        push(&mut listener(of)["listener_filters"], proxy);
    }),
    ("the PROXY protocol", &[], |of| {
        push(
            &mut listener(of)["listener_filters"],
            filter("listener.proxy_protocol.v3.ProxyProtocol"),
        );
    }),
    ("a listener filter that is not known", &["trusted-state"], |of| {
        push(
            &mut listener(of)["listener_filters"],
            filter("listener.own.v3.Own"),
        );
    }),
    ("a waypoint", &[], waypoint),
    ("a waypoint's peer from a header", &["trusted-state"], |of| {
        waypoint(of);
        filters(of).insert(0, by_request("io.istio.peer_principal", "%REQ(x-peer)%"));
    }),
    ("a waypoint's peer from its own connection", &[], |of| {
        waypoint(of);
        filters(of).insert(
            0,
            by_request("io.istio.peer_principal", "%DOWNSTREAM_PEER_URI_SAN%"),
        );
    }),
    (
        "a tunnel's peer from a header, where the certificate counts",
        &[],
        |of| {
            filters(of).insert(0, by_request("io.istio.peer_principal", "%REQ(x-peer)%"));
        },
    ),
    ("escaped slashes that the runtime leaves", &["runtime"], |of| {
        let off = json!({"numerator": 0, "denominator": "HUNDRED"});
        runtime(
            of,
            json!({"http_connection_manager": {"path_with_escaped_slashes_action_enabled": off}}),
        );
    }),
    ("the same by its whole name, as a number", &["runtime"], |of| {
        let name = "http_connection_manager.path_with_escaped_slashes_action_enabled";
        runtime(of, json!({name: 50}));
    }),
    ("escaped slashes of all requests", &[], |of| {
        let on = json!({"numerator": 1_000_000, "denominator": "MILLION"});
        runtime(
            of,
            json!({"http_connection_manager.path_with_escaped_slashes_action_enabled": on}),
        );
    }),
    ("runtime settings of other things", &[], |of| {
        let values = json!({"overload": {"global_downstream_max_connections": 5}, "upstream.use_http2": true,
            "envoy.reloadable_features.http_reject_path_with_fragment": false});
        runtime(of, values);
    }),
    ("a behaviour of Envoy's that is taken back", &["runtime"], |of| {
        runtime(of, json!({"envoy.reloadable_features.no_such_feature": false}));
    }),
    ("runtime settings in files", &["runtime"], |of| {
        of["layered_runtime"] = json!({"layers": [{"name": "disk", "disk_layer": {"symlink_root": "/srv"}}]});
    }),
    ("runtime settings by discovery", &["runtime"], |of| {
        of["layered_runtime"] = json!({"layers": [{"name": "d", "rtds_layer": {"name": "own"}}]});
    }),
    ("an administration that anybody reaches", &["runtime"], |of| {
        of["admin"] = json!({"address": {"socket_address": {"address": "0.0.0.0", "port_value": 15000}}});
    }),
    ("an administration that changes nothing", &[], |of| {
        of["admin"] = json!({"address": {"socket_address": {"address": "0.0.0.0", "port_value": 15000}}});
        runtime(of, json!({}));
    }),
    ("paths that are spelt otherwise upstream", &["paths"], |of| {
        manager(of)["path_normalization_options"] = json!({"forwarding_transformation": {}});
    }),
    ("headers that an extension validates", &["paths"], |of| {
        manager(of)["typed_header_validation_config"] = json!({"name": "own"});
    }),
];

/// HTTP over QUIC.
fn quic(of: &mut Json) {
    let mut tls = chain(of)["transport_socket"]["typed_config"].take();
    remove(&mut tls, "@type");
    tls["common_tls_context"]["alpn_protocols"] = json!(["h3"]);
    let kind = "envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport";
    chain(of)["transport_socket"] =
        json!({"name": "quic", "typed_config": typed(kind, json!({"downstream_tls_context": tls}))});
    listener(of)["udp_listener_config"] = json!({"quic_options": {}});
    listener(of)["address"]["socket_address"]["protocol"] = "UDP".into();
    remove(listener(of), "listener_filters");
    manager(of)["codec_type"] = "HTTP3".into();
}

const TCP: &[Case] = &[
    ("a server's own words ahead", &["order"], |of| {
        let all = chain(of)["filters"].as_array_mut().expect("a list");
        all.insert(0, filter("network.direct_response.v3.Config"));
    }),
    ("a proxy of another protocol", &["order", "connect-mode"], |of| {
        chain(of)["filters"][2] = filter("network.redis_proxy.v3.RedisProxy");
    }),
    ("dialled on the client's data", &["connect-mode"], |of| {
        proxy(of)["upstream_connect_mode"] = "ON_DOWNSTREAM_DATA".into();
    }),
    ("dialled after the handshake, by number", &[], |of| {
        proxy(of)["upstream_connect_mode"] = 2.into();
    }),
    ("dialled at once, by number", &["connect-mode"], |of| {
        proxy(of)["upstream_connect_mode"] = 0.into();
    }),
    (
        "metadata that a client's words fill",
        &["trusted-state", "direct-remote-address"],
        |of| {
            let to = json!({"metadata_namespace": "envoy.filters.network.own", "key": "zone"});
            let mut proxy = filter("listener.proxy_protocol.v3.ProxyProtocol");
            proxy["typed_config"]["rules"] = json!([{"tlv_type": 224, "on_tlv_present": to}]);
            push(&mut listener(of)["listener_filters"], proxy);
            let plugin = &mut chain(of)["filters"][0]["typed_config"]["config"];
            let when = "{\"when\": [{\"key\": \"experimental.envoy.filters.network.own[zone]\", \"values\": [\"x\"]}], \"from\":";
            configuration(plugin, "{\"from\":", when);
        },
    ),
    ("escaped slashes are nothing to connections", &[], |of| {
        runtime(
            of,
            json!({"http_connection_manager.path_with_escaped_slashes_action_enabled": 0}),
        );
    }),
];

const INGRESS: &[Case] = &[(
    "an origin by another header at the edge",
    &["remote-address"],
    |of| {
        let kind = "envoy.extensions.http.original_ip_detection.custom_header.v3.CustomHeaderConfig";
        let message = json!({"header_name": "x-real-ip", "allow_extension_to_set_address_as_trusted": true});
        remove(manager(of), "use_remote_address");
        manager(of)["original_ip_detection_extensions"] =
            json!([{"name": "own", "typed_config": typed(kind, message)}]);
    },
)];

#[test]
fn each_is_judged_right() {
    let edge = parsed(&ingress().file().expect("one file"));
    for (whole, cases) in [(strict(&http()), HTTP), (strict(&tcp()), TCP), (edge, INGRESS)] {
        judge(&whole, cases);
    }
}
