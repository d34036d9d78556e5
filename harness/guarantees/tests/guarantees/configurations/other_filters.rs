//! Filters before and behind the module, and what they do to addresses, headers and bodies.

use serde_json::json;

use super::by_request;
use crate::cases::{Case, http_filter, typed};
use crate::edits::{direct_peer, filters, manager};

pub(super) const OTHER_FILTERS: &[Case] = &[
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
];
