//! The plugin itself: whether each chain has it, what happens without the module, and its configuration.

use serde_json::{Value as Json, json};

use super::push;
use crate::cases::{Case, configure, typed};
use crate::edits::{chain, configuration, filter, filters, listener, manager, plugin, remove, switched_off};

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

pub(super) const MODULE: &[Case] = &[
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
        listener(of)["address"]["socket_address"]["address"] = "127.0.0.1".into();
        filters(of).remove(0);
    }),
    ("for what goes out, where others come in", &["module"], |of| {
        listener(of)["traffic_direction"] = "OUTBOUND".into();
        filters(of).remove(0);
    }),
    // Both set the same mark: if the second is missing, the first one's mark lets requests through.
    ("two modules, each its own plugin", &["second-lock"], |of| {
        let mut second = filters(of)[0].clone();
        second["name"] = "second".into();
        second["typed_config"]["config"]["name"] = "second".into();
        filters(of).insert(1, second);
    }),
    ("a namespace that nobody is in", &["policies"], |of| {
        configuration(plugin(of), "\"namespace\":\"shop\"", "\"namespace\":\"shpo\"");
    }),
    ("no documents", &["policies"], |of| {
        configure(of, |config| config["resources"] = json!([]));
    }),
    ("a label that nobody has", &["policies"], |of| {
        configure(of, |config| {
            config["resources"][1]["spec"]["selector"] = json!({"matchLabels": {"app": "order"}});
        });
    }),
    ("a policy of a namespace that nobody is in", &["policies"], |of| {
        configure(of, |config| {
            config["resources"][1]["metadata"]["namespace"] = "shpo".into();
        });
    }),
    // Nobody is let in without a certificate, which is a decision.
    ("the mode of connections alone", &[], |of| {
        configure(of, |config| {
            config["resources"].as_array_mut().expect("a list").remove(1);
        });
    }),
];
