//! Values of enums, in any spelling that Envoy accepts: the name in any case, or the number.

use serde_json::{Value as Json, json};

use crate::edits::{listener, manager, plugin};
use crate::rendered::{http, strict, tcp, told};

/// Another listener names the cluster of later connections, and shares it in this way.
fn handed_on(shared: &Json) -> Vec<&'static str> {
    let mut whole = strict(&tcp());
    let filter = json!({"name": "set", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.set_filter_state.v3.Config",
        "on_new_connection": [{
            "object_key": "envoy.tcp_proxy.cluster",
            "format_string": {"text_format_source": {"inline_string": "inbound-3306"}},
            "shared_with_upstream": shared,
        }],
    }});
    let outbound = json!({
        "name": "outbound",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 15001}},
        "traffic_direction": "OUTBOUND",
        "filter_chains": [{"filters": [filter]}],
    });
    let listeners = whole["static_resources"]["listeners"].as_array_mut();
    listeners.expect("a list").push(outbound);
    told(whole)
}

#[test]
fn a_cluster_is_handed_on_by_name_or_number() {
    let values = [
        json!("ONCE"),
        json!("TRANSITIVE"),
        json!("once"),
        json!(1),
        json!(2),
        json!("1"),
        json!("2"),
        json!(1.0),
        json!(7),
        json!([]),
        json!("NO_SUCH_NAME"),
    ];
    for shared in values {
        assert_eq!(handed_on(&shared), ["second-lock"], "{shared}");
    }
    for none in [json!("NONE"), json!("none"), json!(0), json!("0"), Json::Null] {
        assert_eq!(handed_on(&none), [""; 0], "{none}");
    }
}

/// The guarantees that are not kept, and an edit.
type Case = (&'static [&'static str], fn(&mut Json));

#[test]
fn names_are_taken_in_any_case_and_no_other_spelling() {
    let edits: [Case; 7] = [
        (&[], |of| plugin(of)["failure_policy"] = "fail_closed".into()),
        (&["failure-policy"], |of| {
            plugin(of)["failure_policy"] = "fail-open".into()
        }),
        (&[], |of| {
            manager(of)["path_with_escaped_slashes_action"] = "Unescape_And_Forward".into();
        }),
        // In a file of discovery Envoy ignores these, and keeps escaped slashes.
        (&["paths"], |of| {
            manager(of)["path_with_escaped_slashes_action"] = "Unescape-And-Forward".into();
        }),
        (&["paths"], |of| {
            manager(of)["path_with_escaped_slashes_action"] = "3.0".into();
        }),
        (&["forwarded-client-cert"], |of| {
            manager(of)["forward_client_cert_details"] = "append_forward".into();
        }),
        (&[], |of| {
            let mut out = listener(of).clone();
            out["name"] = "outbound".into();
            out["address"]["socket_address"]["address"] = "127.0.0.1".into();
            out["traffic_direction"] = "outbound".into();
            out["filter_chains"][0]["filters"][1]["typed_config"]["http_filters"] =
                json!([crate::edits::filter("http.router.v3.Router")]);
            let listeners = of["static_resources"]["listeners"].as_array_mut();
            listeners.expect("a list").push(out);
        }),
    ];
    for (number, (expected, edit)) in edits.into_iter().enumerate() {
        let mut whole = strict(&http());
        edit(&mut whole);
        assert_eq!(told(whole), expected, "{number}");
    }
}
