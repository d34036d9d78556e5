//! Edits that break one guarantee each.

use peerwarden_envoy::guarantees::{CAPABILITIES, GUARANTEES};
use serde_json::{Value as Json, json};

use crate::edits::{
    chain, configuration, direct_peer, filter, filters, listener, manager, plugin, proxy, remove,
    switched_off, tls, validation,
};
use crate::rendered::{broken, checked, hold, http, inbound, ingress, parsed, tcp};

/// The guarantee that an edit breaks, or several with `, ` between them, and the edit.
type Mutation = (&'static str, fn(&mut Json));

fn underscores(of: &mut Json) -> &mut Json {
    &mut manager(of)["common_http_protocol_options"]["headers_with_underscores_action"]
}

/// Makes the policy read a header.
fn reads_header(of: &mut Json, name: &str) {
    let key = format!("request.headers[{name}]");
    let rule = json!({"when": [{"key": key, "values": ["admin"]}]});
    configure(of, |config| {
        config["resources"][1]["spec"]["rules"] = json!([rule])
    });
}

/// Edits the module's configuration.
fn configure(of: &mut Json, edit: impl FnOnce(&mut Json)) {
    let value = &mut plugin(of)["configuration"]["value"];
    let mut config = serde_json::from_str(value.as_str().expect("a text")).expect("JSON");
    edit(&mut config);
    *value = config.to_string().into();
}

const HTTP: &[Mutation] = &[
    ("module", |of| {
        filters(of).remove(0);
    }),
    ("module", |of| {
        filters(of)[0] = filter("http.wasm.v3.Wasm");
    }),
    // Another module, in another file.
    ("module", |of| {
        let wasm = &mut filters(of)[0];
        wasm["name"] = "other".into();
        wasm["typed_config"]["config"]["name"] = "other".into();
        wasm["typed_config"]["config"]["vm_config"]["vm_id"] = "other".into();
        wasm["typed_config"]["config"]["vm_config"]["code"]["local"]["filename"] = "/other.wasm".into();
    }),
    ("vm-id", |of| remove(&mut plugin(of)["vm_config"], "vm_id")),
    ("vm-id", |of| plugin(of)["vm_config"]["vm_id"] = "".into()),
    // Another module of the same `vm_id`, in a place that no chain has.
    ("vm-id", |of| {
        let mut other = plugin(of).clone();
        other["name"] = "stats".into();
        other["vm_config"]["code"]["local"]["filename"] = "/stats.wasm".into();
        of["bootstrap_extensions"] =
            json!([{"name": "envoy.bootstrap.wasm", "typed_config": {"config": other}}]);
    }),
    ("vm-id", |of| {
        let code = json!({"local": {"filename": "/stats.wasm"}});
        let vm = json!({"vmId": "peerwarden", "runtime": "envoy.wasm.runtime.v8", "code": code});
        let config = json!({"name": "stats", "vmConfig": vm});
        let kind = "type.googleapis.com/envoy.extensions.access_loggers.wasm.v3.WasmAccessLog";
        let log = json!({"name": "stats", "typed_config": {"@type": kind, "config": config}});
        manager(of)["access_log"]
            .as_array_mut()
            .expect("a list")
            .push(log);
    }),
    ("enabled", |of| filters(of)[0]["disabled"] = true.into()),
    ("enabled", |of| filters(of)[0]["is_optional"] = true.into()),
    ("enabled", |of| filters(of)[0]["disabled"] = "yes".into()),
    ("enabled", |of| {
        manager(of)["route_config"]["typed_per_filter_config"] = switched_off()
    }),
    ("enabled", |of| {
        manager(of)["route_config"]["virtual_hosts"][0]["typed_per_filter_config"] = switched_off();
    }),
    ("enabled", |of| {
        manager(of)["route_config"]["virtual_hosts"][0]["routes"][0]["typed_per_filter_config"] =
            switched_off();
    }),
    ("enabled", |of| {
        let route = &mut manager(of)["route_config"]["virtual_hosts"][0]["routes"][0];
        let name = route["route"]["cluster"].take();
        let cluster = json!({"name": name, "weight": 1, "typed_per_filter_config": switched_off()});
        *route = json!({"match": {"prefix": "/"}, "route": {"weighted_clusters": {"clusters": [cluster]}}});
    }),
    ("enabled", |of| {
        manager(of)["route_config"]["virtual_hosts"][0]["routes"][0]["typedPerFilterConfig"] = switched_off();
    }),
    ("enabled", |of| {
        remove(manager(of), "route_config");
        manager(of)["rds"] = json!({"route_config_name": "elsewhere"});
    }),
    ("enabled", |of| {
        let own = json!([{"upgrade_type": "websocket", "filters": [filter("http.router.v3.Router")]}]);
        manager(of)["upgrade_configs"] = own;
    }),
    ("enabled", |of| {
        let own = json!([{"upgradeType": "websocket", "filters": [filters(of)[0].clone()]}]);
        manager(of)["upgrade_configs"] = own;
    }),
    ("order", |of| {
        let wasm = filters(of).remove(0);
        filters(of).push(wasm);
    }),
    ("order", |of| {
        filters(of).insert(1, filter("http.jwt_authn.v3.JwtAuthentication"))
    }),
    ("order", |of| filters(of).insert(1, filter("http.lua.v3.Lua"))),
    ("order", |of| {
        filters(of).insert(0, filter("http.health_check.v3.HealthCheck"))
    }),
    ("order", |of| filters(of).insert(0, filter("http.wasm.v3.Wasm"))),
    ("order", |of| {
        filters(of).insert(0, json!({"name": "envoy.filters.http.jwt_authn"}))
    }),
    ("order", |of| {
        filters(of).pop();
    }),
    ("order", |of| {
        let all = chain(of)["filters"].as_array_mut().expect("a list");
        all.insert(0, filter("network.echo.v3.Echo"));
    }),
    ("configuration", |of| {
        configuration(plugin(of), "\"http\"", "\"tcp\"")
    }),
    ("configuration", |of| {
        configuration(plugin(of), "principals", "principal")
    }),
    ("configuration", |of| remove(plugin(of), "configuration")),
    ("configuration", |of| {
        plugin(of)["configuration"]["value"] = "{".into()
    }),
    ("loading", |of| {
        plugin(of)["vm_config"]["code"] =
            json!({"remote": {"http_uri": {"uri": "https://x/peerwarden.wasm"}}});
    }),
    ("failure-policy", |of| {
        plugin(of)["failure_policy"] = "FAIL_OPEN".into()
    }),
    ("failure-policy", |of| plugin(of)["failure_policy"] = 3.into()),
    ("failure-policy", |of| {
        remove(plugin(of), "failure_policy");
        plugin(of)["fail_open"] = true.into();
    }),
    ("capabilities", |of| {
        let mut allowed: serde_json::Map<String, Json> = CAPABILITIES
            .iter()
            .map(|name| ((*name).to_owned(), json!({})))
            .collect();
        allowed.remove("proxy_on_request_headers");
        plugin(of)["capability_restriction_config"] = json!({"allowed_capabilities": allowed});
    }),
    ("second-lock", |of| {
        configuration(plugin(of), "\"lock\": true,", "")
    }),
    ("client-certificate", |of| {
        remove(tls(of), "require_client_certificate")
    }),
    ("client-certificate", |of| {
        tls(of)["require_client_certificate"] = "true".into()
    }),
    ("validation", |of| {
        remove(&mut tls(of)["common_tls_context"], "validation_context")
    }),
    ("validation", |of| remove(validation(of), "trusted_ca")),
    ("validation", |of| validation(of)["trusted_ca"] = json!({})),
    ("validation", |of| {
        validation(of)["trust_chain_verification"] = "ACCEPT_UNTRUSTED".into()
    }),
    ("validation", |of| {
        validation(of)["allow_expired_certificate"] = true.into()
    }),
    ("validation", |of| {
        validation(of)["custom_validator_config"] = json!({"name": "own"})
    }),
    ("validation", |of| {
        tls(of)["common_tls_context"]["custom_handshaker"] = json!({"name": "own"})
    }),
    ("session-resumption", |of| {
        remove(tls(of), "disable_stateless_session_resumption")
    }),
    ("session-resumption", |of| {
        tls(of)["disable_stateful_session_resumption"] = false.into();
    }),
    ("policies", |of| {
        configuration(plugin(of), "\"namespace\":\"shop\"", "\"namespace\":\"other\"")
    }),
    ("tokens", |of| {
        configuration(plugin(of), "principals", "requestPrincipals")
    }),
    ("trusted-state", |of| {
        let filters = listener(of)["listener_filters"].as_array_mut().expect("a list");
        filters.push(json!({"name": "own"}));
    }),
    ("settings", |of| manager(of)["of_a_later_version"] = true.into()),
    ("upstream", |of| {
        let route = &mut manager(of)["route_config"]["virtual_hosts"][0]["routes"][0];
        route["route"] = json!({"cluster_header": "x-cluster"});
    }),
    ("runtime", |of| {
        of["layered_runtime"] = json!({"layers": [{"name": "disk", "disk_layer": {}}]});
    }),
    ("forwarded-client-cert", |of| {
        manager(of)["forward_client_cert_details"] = "APPEND_FORWARD".into();
    }),
    ("forwarded-client-cert", |of| {
        manager(of)["forward_client_cert_details"] = "FORWARD_ONLY".into();
    }),
    ("forwarded-client-cert", |of| {
        manager(of)["forward_client_cert_details"] = "ALWAYS_FORWARD_ONLY".into();
    }),
    ("forwarded-client-cert", |of| *underscores(of) = "ALLOW".into()),
    ("forwarded-client-cert", |of| *underscores(of) = Json::Null),
    ("forwarded-client-cert", |of| *underscores(of) = 0.into()),
    ("forwarded-client-cert", |of| {
        remove(manager(of), "common_http_protocol_options")
    }),
    // No policy reads a header whose name has two spellings.
    ("forwarded-client-cert", |of| {
        reads_header(of, "role");
        *underscores(of) = "ALLOW".into();
    }),
    ("forwarded-client-cert, header-names", |of| {
        reads_header(of, "x-role");
        *underscores(of) = "ALLOW".into();
    }),
    ("forwarded-client-cert, header-names", |of| {
        reads_header(of, "x-role");
        remove(manager(of), "common_http_protocol_options");
    }),
    ("forwarded-client-cert, header-names", |of| {
        configure(of, |config| {
            config["extensionProviders"] = json!([{"name": "sso"}])
        });
        *underscores(of) = "ALLOW".into();
    }),
    ("paths", |of| remove(manager(of), "normalize_path")),
    ("paths", |of| manager(of)["merge_slashes"] = false.into()),
    ("paths", |of| {
        manager(of)["path_with_escaped_slashes_action"] = "KEEP_UNCHANGED".into();
    }),
    ("direct-remote-address", |of| {
        chain(of)["filters"].as_array_mut().expect("a list").remove(0);
    }),
    ("direct-remote-address", |of| {
        direct_peer(of)["object_key"] = "peerwarden.remote_address".into();
    }),
    ("direct-remote-address", |of| {
        direct_peer(of)["format_string"]["text_format_source"]["inline_string"] =
            "%DOWNSTREAM_REMOTE_ADDRESS%".into();
    }),
    ("destination-address", |of| {
        configure(of, |config| {
            config["resources"][1]["spec"]["rules"][0]["to"] = json!([{"operation": {"ports": ["8080"]}}]);
        });
        let filters = listener(of)["listener_filters"].as_array_mut().expect("a list");
        filters.push(filter("listener.proxy_protocol.v3.ProxyProtocol"));
    }),
    ("tls-inspector", |of| remove(listener(of), "listener_filters")),
    ("tls-inspector", |of| {
        listener(of)["listener_filters"][0]["filter_disabled"] = json!({"any_match": true});
    }),
];

const TCP: &[Mutation] = &[
    ("module", |of| {
        chain(of)["filters"].as_array_mut().expect("a list").remove(0);
    }),
    ("order", |of| {
        chain(of)["filters"].as_array_mut().expect("a list").reverse()
    }),
    ("order", |of| {
        let all = chain(of)["filters"].as_array_mut().expect("a list");
        all.insert(1, filter("network.mongo_proxy.v3.MongoProxy"));
    }),
    ("connect-mode", |of| {
        remove(proxy(of), "upstream_connect_mode");
        remove(proxy(of), "max_early_data_bytes");
    }),
    ("connect-mode", |of| remove(proxy(of), "max_early_data_bytes")),
    ("connect-mode", |of| {
        proxy(of)["upstream_connect_mode"] = "ON_DOWNSTREAM_DATA".into()
    }),
    ("connect-mode", |of| proxy(of)["upstream_connect_mode"] = 1.into()),
    ("connect-mode", |of| {
        configuration(
            &mut chain(of)["filters"][0]["typed_config"]["config"],
            "\"handshake\"",
            "\"hold\"",
        );
    }),
    ("direct-remote-address", |of| {
        let filters = listener(of)["listener_filters"].as_array_mut().expect("a list");
        filters.push(filter("listener.proxy_protocol.v3.ProxyProtocol"));
    }),
];

const HOLD: &[Mutation] = &[
    ("connect-mode", |of| remove(proxy(of), "max_early_data_bytes")),
    ("connect-mode", |of| {
        proxy(of)["upstream_connect_mode"] = "ON_DOWNSTREAM_TLS_HANDSHAKE".into();
    }),
];

const INGRESS: &[Mutation] = &[
    ("remote-address", |of| {
        manager(of)["use_remote_address"] = false.into()
    }),
    ("remote-address", |of| {
        remove(manager(of), "use_remote_address");
        manager(of)["original_ip_detection_extensions"] = json!([{"name": "own"}]);
    }),
];

/// Two ports of one file, which share a plugin.
const TWO: &[Mutation] = &[("plugin-name", |of| {
    configuration(plugin(of), "frontend", "backend")
})];

#[test]
fn underscores_are_refused_or_dropped() {
    let rendered = inbound(&http(), "STRICT", &json!({"directory": "/etc/certs"}));
    let mut whole = parsed(&rendered.file().expect("one file"));
    reads_header(&mut whole, "x-role");
    for action in [json!("REJECT_REQUEST"), json!("DROP_HEADER"), json!(1), json!(2)] {
        *underscores(&mut whole) = action.clone();
        assert_eq!(
            broken(&checked(&[whole.clone()]).expect("readable")),
            [""; 0],
            "{action}"
        );
    }
}

#[test]
fn each_edit_breaks_its_guarantee_and_no_other() {
    let directory = json!({"directory": "/etc/certs"});
    let strict = |port: &Json| parsed(&inbound(port, "STRICT", &directory).file().expect("one file"));
    let edge = parsed(&ingress().file().expect("one file"));
    let mut two = strict(&http());
    let mut second = two["static_resources"]["listeners"][0].clone();
    second["name"] = "second".into();
    let listeners = two["static_resources"]["listeners"].as_array_mut();
    listeners.expect("a list").push(second);
    let tables: [(&str, &Json, &[Mutation]); 5] = [
        ("HTTP", &strict(&http()), HTTP),
        ("TCP", &strict(&tcp()), TCP),
        ("hold", &strict(&hold()), HOLD),
        ("ingress", &edge, INGRESS),
        ("two", &two, TWO),
    ];
    let mut met = Vec::new();
    for (table, whole, mutations) in tables {
        assert_eq!(
            broken(&checked(std::slice::from_ref(whole)).expect("readable")),
            [""; 0]
        );
        for (number, (guarantee, edit)) in mutations.iter().enumerate() {
            let mut edited = whole.clone();
            edit(&mut edited);
            assert_ne!(&edited, whole, "{table} {number}");
            let checked = checked(&[edited]).expect("readable");
            let mut told = broken(&checked);
            let expected: Vec<&str> = guarantee.split(", ").collect();
            // A filter between the module and the lock breaks both.
            if *guarantee == "order" {
                told.retain(|name| *name != "second-lock");
            }
            assert_eq!(told, expected, "{table} {number}: {checked:#?}");
            met.extend(expected);
        }
    }
    for guarantee in GUARANTEES {
        assert!(
            met.contains(&guarantee.name),
            "nothing breaks `{}`",
            guarantee.name
        );
    }
}
