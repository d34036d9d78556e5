//! Chains of TCP.

use serde_json::json;

use super::runtime;
use crate::cases::Case;
use crate::edits::{chain, configuration, filter, proxy};
use crate::overlooked::first;

pub(super) const TCP: &[Case] = &[
    ("a server's own words ahead", &["order"], |of| {
        let all = chain(of)["filters"].as_array_mut().expect("a list");
        all.insert(0, filter("network.direct_response.v3.Config"));
    }),
    ("a proxy of another protocol", &["order", "connect-mode"], |of| {
        chain(of)["filters"][2] = filter("network.redis_proxy.v3.RedisProxy");
    }),
    ("dialled on the client's data", &["connect-mode"], |of| {
        proxy(of)["upstream_connect_mode"] = "ON_DOWNSTREAM_DATA".into();
    }),
    ("dialled after the handshake, by number", &[], |of| {
        proxy(of)["upstream_connect_mode"] = 2.into();
    }),
    ("dialled at once, by number", &["connect-mode"], |of| {
        proxy(of)["upstream_connect_mode"] = 0.into();
    }),
    (
        "metadata that a client's words fill",
        &["trusted-state", "direct-remote-address"],
        |of| {
            let to = json!({"metadata_namespace": "envoy.filters.network.own", "key": "zone"});
            let mut proxy = filter("listener.proxy_protocol.v3.ProxyProtocol");
            proxy["typed_config"]["rules"] = json!([{"tlv_type": 224, "on_tlv_present": to}]);
            first(of, proxy);
            let plugin = &mut chain(of)["filters"][0]["typed_config"]["config"];
            let when = "{\"when\": [{\"key\": \"experimental.envoy.filters.network.own[zone]\", \"values\": [\"x\"]}], \"from\":";
            configuration(plugin, "{\"from\":", when);
        },
    ),
    ("escaped slashes are nothing to connections", &[], |of| {
        runtime(
            of,
            json!({"http_connection_manager.path_with_escaped_slashes_action_enabled": 0}),
        );
    }),
];
