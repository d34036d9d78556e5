//! Edits of a listener for HTTP.

use peerwarden_guarantees::CAPABILITIES;
use serde_json::{Value as Json, json};

use super::{Mutation, configure, reads_header, underscores};
use crate::edits::{
    chain, configuration, direct_peer, filter, filters, listener, manager, plugin, remove, switched_off, tls,
    validation,
};

pub(super) const HTTP: &[Mutation] = &[
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
    // No header that is read has a name with two spellings.
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
        filters.insert(0, filter("listener.proxy_protocol.v3.ProxyProtocol"));
    }),
    ("tls-inspector", |of| remove(listener(of), "listener_filters")),
    ("tls-inspector", |of| {
        listener(of)["listener_filters"][0]["filter_disabled"] = json!({"any_match": true});
    }),
];
