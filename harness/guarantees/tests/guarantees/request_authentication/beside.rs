//! A second filter that verifies tokens, whose payloads the module reads as well.

use super::*;

/// A second filter, with the keys of somebody else.
fn foreign(of: &mut Json) -> Json {
    let mut other = jwt_filter(of);
    let provider = &mut other["typed_config"]["providers"]["origins-0"];
    provider["local_jwks"]["inline_string"] = keys("foreign").into();
    provider["from_headers"] = json!([{"name": "x-other"}]);
    other
}

fn jwt_filter(of: &mut Json) -> Json {
    let mut other = filters(of)[1].clone();
    other["name"] = "other".into();
    other
}

fn on_host(of: &mut Json, entry: Json) {
    manager(of)["route_config"]["virtual_hosts"][0]["typed_per_filter_config"] = json!({"other": entry});
}

pub(super) const BESIDE: &[Case] = &[
    ("another one ahead", &["tokens"], |of| {
        let other = foreign(of);
        filters(of).insert(1, other);
    }),
    ("another one behind it", &["tokens"], |of| {
        let other = foreign(of);
        filters(of).insert(2, other);
    }),
    ("the same twice", &[], |of| {
        let other = jwt_filter(of);
        filters(of).insert(2, other);
    }),
    ("another one, which a route switches on", &["tokens"], |of| {
        let mut other = foreign(of);
        other["disabled"] = true.into();
        filters(of).insert(2, other);
        on_host(
            of,
            typed("envoy.config.route.v3.FilterConfig", json!({"config": {}})),
        );
    }),
    ("another one, which a route switches off", &["tokens"], |of| {
        let other = foreign(of);
        filters(of).insert(2, other);
        on_host(
            of,
            typed("envoy.config.route.v3.FilterConfig", json!({"disabled": true})),
        );
    }),
    ("another one, which nothing switches on", &[], |of| {
        let mut other = foreign(of);
        other["disabled"] = true.into();
        filters(of).insert(2, other);
    }),
];
