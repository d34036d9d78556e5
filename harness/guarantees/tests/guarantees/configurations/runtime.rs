//! Runtime keys that turn a setting off.

use serde_json::json;

use super::runtime;
use crate::cases::Case;

pub(super) const RUNTIME: &[Case] = &[
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
    ("a share that is a text", &["runtime"], |of| {
        runtime(
            of,
            json!({"http_connection_manager": {"path_with_escaped_slashes_action_enabled": {"numerator": "100"}}}),
        );
    }),
    ("a share of more than all", &["runtime"], |of| {
        let key = "http_connection_manager.path_with_escaped_slashes_action_enabled";
        runtime(of, json!({key: 100.5}));
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
    (
        "the same with no layer in `layered_runtime`",
        &["runtime"],
        |of| {
            of["admin"] = json!({"address": {"socket_address": {"address": "0.0.0.0", "port_value": 15000}}});
            of["layered_runtime"] = json!({});
        },
    ),
    ("an administration that changes nothing", &[], |of| {
        of["admin"] = json!({"address": {"socket_address": {"address": "0.0.0.0", "port_value": 15000}}});
        runtime(of, json!({}));
    }),
];
