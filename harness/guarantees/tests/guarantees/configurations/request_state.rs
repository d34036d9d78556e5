//! Tokens, metadata and filter state that policies trust.

use serde_json::json;

use super::{asks, by_header, by_request, push, reads, verifier, waypoint};
use crate::cases::{Case, http_filter};
use crate::edits::{configuration, filter, filters, listener, manager, plugin, remove};
use crate::overlooked::{first, proxy_protocol};

pub(super) const REQUEST_STATE: &[Case] = &[
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
        first(of, proxy);
    }),
    ("the PROXY protocol", &[], |of| {
        proxy_protocol(of);
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
];
