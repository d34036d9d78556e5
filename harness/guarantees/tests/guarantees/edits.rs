//! The places of a rendered configuration that edits change.

use serde_json::{Value as Json, json};

pub(crate) fn chain(of: &mut Json) -> &mut Json {
    &mut of["static_resources"]["listeners"][0]["filter_chains"][0]
}

/// The connection manager, which comes after the filter that sets the direct peer.
pub(crate) fn manager(of: &mut Json) -> &mut Json {
    &mut chain(of)["filters"][1]["typed_config"]
}

pub(crate) fn direct_peer(of: &mut Json) -> &mut Json {
    &mut chain(of)["filters"][0]["typed_config"]["on_new_connection"][0]
}

pub(crate) fn filters(of: &mut Json) -> &mut Vec<Json> {
    manager(of)["http_filters"].as_array_mut().expect("a list")
}

/// The plugin of an HTTP chain.
pub(crate) fn plugin(of: &mut Json) -> &mut Json {
    &mut filters(of)[0]["typed_config"]["config"]
}

pub(crate) fn tls(of: &mut Json) -> &mut Json {
    &mut chain(of)["transport_socket"]["typed_config"]
}

pub(crate) fn validation(of: &mut Json) -> &mut Json {
    &mut tls(of)["common_tls_context"]["validation_context"]
}

pub(crate) fn proxy(of: &mut Json) -> &mut Json {
    &mut chain(of)["filters"][2]["typed_config"]
}

pub(crate) fn listener(of: &mut Json) -> &mut Json {
    &mut of["static_resources"]["listeners"][0]
}

pub(crate) fn remove(from: &mut Json, name: &str) {
    let removed = from.as_object_mut().expect("an object").remove(name);
    assert!(removed.is_some(), "there is no `{name}`");
}

pub(crate) fn filter(kind: &str) -> Json {
    json!({"name": kind, "typed_config": {"@type": format!("type.googleapis.com/envoy.extensions.filters.{kind}")}})
}

/// Edits the text of the module's configuration.
pub(crate) fn configuration(plugin: &mut Json, from: &str, to: &str) {
    let value = &mut plugin["configuration"]["value"];
    let text = value.as_str().expect("a text");
    assert!(text.contains(from), "{text}");
    *value = text.replacen(from, to, 1).into();
}

pub(crate) fn switched_off() -> Json {
    let config = json!({"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": true});
    json!({"peerwarden-http": config})
}
