//! Overrides of filters by routes, in `FilterConfig` or without it:
//! <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#config-route-v3-filterconfig>.

use serde_json::{Value as Json, json};

use crate::cases::{http_filter, typed, whole};
use crate::configurations::{by_header, by_request};
use crate::edits::manager;
use crate::rendered::told;

const KEY: &str = "peerwarden.direct_remote_address";
const DIRECT: &str = "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%";

/// Each place that has a `typed_per_filter_config`.
pub(crate) const PLACES: &[fn(&mut Json) -> &mut Json] = &[
    |of| &mut manager(of)["route_config"],
    |of| &mut manager(of)["route_config"]["virtual_hosts"][0],
    |of| &mut manager(of)["route_config"]["virtual_hosts"][0]["routes"][0],
    |of| {
        let route = &mut manager(of)["route_config"]["virtual_hosts"][0]["routes"][0];
        *route = json!({
            "match": {"prefix": "/"},
            "route": {"weighted_clusters": {"clusters": [{"name": "inbound-8080", "weight": 1}]}},
        });
        &mut route["route"]["weighted_clusters"]["clusters"][0]
    },
];

fn in_filter_config(config: Json) -> Json {
    typed("envoy.config.route.v3.FilterConfig", json!({"config": config}))
}

/// The ways in which a route may write the same.
const SPELLINGS: &[fn(Json) -> Json] = &[
    |config| config,
    in_filter_config,
    |config| in_filter_config(in_filter_config(config)),
    |mut config| {
        let kind = config.as_object_mut().expect("an object").remove("@type");
        let inner = json!({"type_url": kind, "value": config});
        in_filter_config(typed("xds.type.v3.TypedStruct", inner))
    },
];

#[test]
fn what_a_filter_config_holds_is_read_like_what_stands_alone() {
    let token = "envoy.filters.http.jwt_authn";
    let by_body = json!({"request_rules": {"rules": [{
        "selectors": [{"key": "claims"}],
        "on_present": {"metadata_namespace": token, "key": "payload"},
    }]}});
    let append =
        json!({"append": {"header": {"key": "x-forwarded-client-cert", "value": "URI=%REQ(x-uri)%"}}});
    let mutations = json!({"mutations": {"request_mutations": [append]}});
    let by_authorizer = |service: Json| {
        let settings = json!({"check_settings": service});
        http_filter("ext_authz.v3.ExtAuthzPerRoute", settings)
    };
    let writes = |header: &str| {
        let headers = json!({"patterns": [{"exact": header}]});
        by_authorizer(
            json!({"http_service": {"authorization_response": {"allowed_upstream_headers": headers}}}),
        )
    };
    let cases: [(&str, &[&str], Json); 10] = [
        ("a token by a header", &["trusted-state"], by_header(token)),
        (
            "a token by a body",
            &["trusted-state"],
            http_filter("json_to_metadata.v3.JsonToMetadata", by_body),
        ),
        (
            "the direct peer by a header",
            &["trusted-state"],
            by_request(KEY, "%REQ(x-ip)%"),
        ),
        (
            "the client's certificate by a header",
            &["forwarded-client-cert"],
            http_filter("header_mutation.v3.HeaderMutationPerRoute", mutations),
        ),
        (
            "the client's certificate by an authorizer",
            &["forwarded-client-cert"],
            writes("x-forwarded-client-cert"),
        ),
        (
            "a length by an authorizer",
            &["upstream"],
            writes("content-length"),
        ),
        ("a user by an authorizer", &[], writes("x-user")),
        (
            "context for an authorizer",
            &[],
            by_authorizer(json!({"context_extensions": {"a": "b"}})),
        ),
        ("the direct peer again", &[], by_request(KEY, DIRECT)),
        ("metadata that nobody reads", &[], by_header("ns")),
    ];
    for (name, expected, filter) in cases {
        for (place, find) in PLACES.iter().enumerate() {
            for (spelling, spelt) in SPELLINGS.iter().enumerate() {
                let mut whole = whole();
                let own = spelt(filter["typed_config"].clone());
                let is_struct = own.to_string().contains("TypedStruct");
                find(&mut whole)["typed_per_filter_config"] = json!({"own": own});
                let mut expected = expected.to_vec();
                expected.extend(is_struct.then_some("settings"));
                assert_eq!(
                    told(whole),
                    expected,
                    "{name}, place {place}, spelling {spelling}"
                );
            }
        }
    }
}
