//! Configurations that people write: each broken one is reported under the right guarantee and no other, and sound ones are
//! accepted.

mod connection_manager;
mod module;
mod other_filters;
mod request_state;
mod runtime;
mod tcp;

use serde_json::{Value as Json, json};

use crate::cases::{Case, http_filter, judge, typed};
use crate::edits::{configuration, manager, plugin, remove};
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

/// Makes the policy read this field of a source instead of `principals`.
fn reads(of: &mut Json, field: &str) {
    configuration(plugin(of), "principals", field);
}

/// Makes the policy require a condition.
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
    for cases in [
        module::MODULE,
        connection_manager::CONNECTION_MANAGER,
        other_filters::OTHER_FILTERS,
        request_state::REQUEST_STATE,
        runtime::RUNTIME,
    ] {
        judge(&strict(&http()), cases);
    }
    judge(&strict(&tcp()), tcp::TCP);
    judge(&parsed(&ingress().file().expect("one file")), INGRESS);
}
