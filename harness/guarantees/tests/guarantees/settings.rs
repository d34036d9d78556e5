//! Unknown settings.

use serde_json::{Value as Json, json};

use crate::cases::{Case, cluster, judge, route, typed, whole};
use crate::edits::{chain, filter, filters, listener, manager, proxy, validation};
use crate::rendered::{strict, tcp};

/// Options of the route's cluster.
fn options(of: &mut Json, mut message: Json) {
    let kind = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    message["explicit_http_config"] = json!({"http_protocol_options": {}});
    cluster(of)["typed_extension_protocol_options"] = json!({kind: typed(kind, message)});
}

fn later(of: &mut Json) {
    of["of_a_later_version"] = true.into();
}

const HTTP: &[Case] = &[
    ("of a listener", &["settings"], |of| later(listener(of))),
    ("of a filter chain", &["settings"], |of| later(chain(of))),
    ("of the connection manager", &["settings"], |of| {
        later(manager(of))
    }),
    ("of an upgrade", &["settings"], |of| {
        let upgrade = json!({"upgrade_type": "websocket", "of_a_later_version": true});
        manager(of)["upgrade_configs"] = json!([upgrade]);
    }),
    ("of routes", &["settings"], |of| {
        later(&mut manager(of)["route_config"])
    }),
    ("of a virtual host", &["settings"], |of| {
        later(&mut manager(of)["route_config"]["virtual_hosts"][0]);
    }),
    ("of a route", &["settings"], |of| later(route(of))),
    ("of where it leads", &["settings"], |of| {
        later(&mut route(of)["route"])
    }),
    ("of one of several clusters", &["settings"], |of| {
        let one = json!({"name": route(of)["route"]["cluster"], "weight": 1, "of_a_later_version": true});
        route(of)["route"] = json!({"weighted_clusters": {"clusters": [one]}});
    }),
    ("of copies", &["settings"], |of| {
        let name = route(of)["route"]["cluster"].clone();
        route(of)["route"]["request_mirror_policies"] =
            json!([{"cluster": name, "of_a_later_version": true}]);
    }),
    ("of a cluster", &["settings"], |of| later(cluster(of))),
    ("a header chooses the virtual host", &["settings"], |of| {
        manager(of)["route_config"]["vhost_header"] = "x-host".into();
    }),
    ("a header becomes the host", &["settings"], |of| {
        route(of)["route"]["host_rewrite_header"] = "x-host".into();
    }),
    (
        "a header becomes the host, in 1.40's spelling",
        &["settings"],
        |of| {
            route(of)["route"]["host_rewrite"] = "%REQ(x-host)%".into();
        },
    ),
    ("the same in JSON's", &["settings"], |of| {
        route(of)["route"]["hostRewrite"] = "%REQ(x-host)%".into();
    }),
    ("1.40's rewrite of paths", &["settings"], |of| {
        route(of)["route"]["path_rewrite"] = "%REQ(x-path)%".into();
    }),
    ("routes by something else", &["settings"], |of| {
        route(of)["route_specifiers"] = json!([{"name": "own"}]);
    }),
    ("another trust domain of a validator", &["settings"], |of| {
        let domain = json!({"name": "cluster.local", "trust_bundle": {"filename": "/root-cert.pem"},
                            "workload_trust_domain": "other"});
        let kind = "envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig";
        validation(of)["custom_validator_config"] = json!({"name": "envoy.tls.cert_validator.spiffe",
            "typed_config": typed(kind, json!({"trust_domains": [domain]}))});
    }),
    (
        "the path becomes the host, in JSON's spelling",
        &["settings"],
        |of| {
            route(of)["route"]["hostRewritePathRegex"] = json!({"pattern": {"regex": "/(.*)"}});
        },
    ),
    ("a header chooses one of several clusters", &["settings"], |of| {
        let one = json!({"name": route(of)["route"]["cluster"], "weight": 1});
        route(of)["route"] = json!({"weighted_clusters": {"clusters": [one], "header_name": "x-way"}});
    }),
    (
        "a header chooses one of several by its hash",
        &["settings"],
        |of| {
            let one = json!({"name": route(of)["route"]["cluster"], "weight": 1});
            let by = json!([{"header": {"header_name": "x-way"}}]);
            route(of)["route"] =
                json!({"weighted_clusters": {"clusters": [one], "use_hash_policy": true}, "hash_policy": by});
        },
    ),
    ("copies of a cluster", &["settings"], |of| {
        options(
            of,
            json!({"request_mirror_policies": [{"cluster_header": "x-copy"}]}),
        );
    }),
    ("a header becomes the server name", &["settings"], |of| {
        options(
            of,
            json!({"upstream_http_protocol_options": {"override_auto_sni_header": "x-name"}}),
        );
    }),
    ("the host becomes the server name", &[], |of| {
        options(of, json!({"upstream_http_protocol_options": {"auto_sni": true}}));
    }),
    (
        "a filter that runs before its configuration arrives",
        &["settings"],
        |of| {
            let default = typed("envoy.extensions.filters.http.buffer.v3.Buffer", json!({}));
            let own = json!({"name": "own", "config_discovery": {
                "config_source": {"ads": {}},
                "default_config": default,
                "type_urls": ["type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer"],
            }});
            filters(of).insert(2, own);
        },
    ),
    (
        "the PROXY protocol chooses the listener",
        &["module", "settings"],
        |of| {
            let mut first = listener(of).clone();
            first["name"] = "first".into();
            first["use_original_dst"] = true.into();
            first["listener_filters"] = json!([filter("listener.proxy_protocol.v3.ProxyProtocol")]);
            first["filter_chains"][0]["filters"] = json!([filter("network.direct_response.v3.Config")]);
            let listeners = of["static_resources"]["listeners"].as_array_mut();
            listeners.expect("a list").push(first);
        },
    ),
    ("headers whose lines Envoy joins", &["settings"], |of| {
        let header = json!({"inline_header_name": "x-role", "inline_header_type": "REQUEST_HEADER"});
        of["inline_headers"] = json!([header]);
    }),
    ("a filter of the cluster", &["settings"], |of| {
        cluster(of)["filters"] = json!([{"name": "own", "typed_config": typed("own.Filter", json!({}))}]);
    }),
    ("a transport socket that is not known", &["settings"], |of| {
        let kind = "envoy.extensions.transport_sockets.http_11_proxy.v3.Http11ProxyUpstreamTransport";
        cluster(of)["transport_socket"] = json!({"name": "own", "typed_config": typed(kind, json!({}))});
    }),
    ("TLS to the application", &[], |of| {
        let kind = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";
        cluster(of)["transport_socket"] = json!({"name": "own", "typed_config": typed(kind, json!({}))});
    }),
    ("what Envoy has had for long, in JSON's spelling", &[], |of| {
        route(of)["route"]["maxStreamDuration"] = json!({"maxStreamDuration": "30s"});
        cluster(of)["outlierDetection"] = json!({"consecutive5xx": 5});
        manager(of)["streamIdleTimeout"] = "300s".into();
        listener(of)["perConnectionBufferLimitBytes"] = 32768.into();
    }),
];

const TCP: &[Case] = &[
    ("of the proxy", &["settings"], |of| later(proxy(of))),
    ("a tunnel", &["settings"], |of| {
        proxy(of)["tunneling_config"] = json!({"hostname": "%REQUESTED_SERVER_NAME%:443"});
    }),
    ("a limit in time", &[], |of| {
        proxy(of)["idle_timeout"] = "60s".into()
    }),
];

#[test]
fn what_is_not_known_is_not_held() {
    judge(&whole(), HTTP);
    judge(&strict(&tcp()), TCP);
}
