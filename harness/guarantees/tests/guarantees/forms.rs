//! The forms of Envoy's configuration, and documents that are not one.

use serde_json::{Value as Json, json};

use crate::cases::whole;
use crate::rendered::{broken, checked, http, inbound, parsed};

fn files(certificates: &Json) -> Vec<Json> {
    let files = inbound(&http(), "STRICT", certificates)
        .files("/etc/envoy")
        .expect("files");
    files.iter().map(parsed).collect()
}

/// `normalize_path` as `normalizePath`, everywhere except for the names in maps.
fn in_json_names(json: &Json) -> Json {
    match json {
        Json::Object(fields) => Json::Object(
            fields
                .iter()
                .map(|(name, value)| {
                    let mut parts = name.split('_');
                    let mut camel = parts.next().unwrap_or_default().to_owned();
                    for part in parts {
                        camel.push_str(&part[..1].to_uppercase());
                        camel.push_str(&part[1..]);
                    }
                    (camel, in_json_names(value))
                })
                .collect(),
        ),
        Json::Array(items) => Json::Array(items.iter().map(in_json_names).collect()),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => json.clone(),
    }
}

#[test]
fn the_direct_peer_may_be_told_with_each_request() {
    let mut whole = whole();
    let filters = whole["static_resources"]["listeners"][0]["filter_chains"][0]["filters"]
        .as_array_mut()
        .expect("a list");
    let mut config = filters.remove(0)["typed_config"].take();
    config["@type"] = "type.googleapis.com/envoy.extensions.filters.http.set_filter_state.v3.Config".into();
    config["on_request_headers"] = config["on_new_connection"].take();
    config
        .as_object_mut()
        .expect("an object")
        .remove("on_new_connection");
    let filter = json!({"name": "envoy.filters.http.set_filter_state", "typed_config": config});
    let of_requests = filters[0]["typed_config"]["http_filters"]
        .as_array_mut()
        .expect("a list");
    of_requests.insert(0, filter);
    assert_eq!(broken(&checked(&[whole.clone()]).expect("readable")), [""; 0]);
    // After the module it comes too late.
    let of_requests = whole["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
        ["http_filters"]
        .as_array_mut()
        .expect("a list");
    of_requests.swap(0, 1);
    let broken = broken(&checked(&[whole]).expect("readable"));
    assert!(broken.contains(&"direct-remote-address"), "{broken:?}");
}

#[test]
fn names_of_fields_may_be_those_of_json() {
    let checked = checked(&[in_json_names(&whole())]).expect("readable");
    assert_eq!(broken(&checked), [""; 0], "{checked:#?}");
    let mut twice = whole();
    let manager =
        &mut twice["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][1]["typed_config"];
    manager["normalizePath"] = false.into();
    assert_eq!(
        broken(&crate::rendered::checked(&[twice]).expect("readable")),
        ["paths"]
    );
}

#[test]
fn a_typed_struct_is_read_as_what_it_holds() {
    let mut typed = whole();
    let config = &mut typed["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][1]["typed_config"]
        ["http_filters"][0]["typed_config"];
    let mut value = config.clone();
    let kind = value.as_object_mut().expect("an object").remove("@type");
    *config =
        json!({"@type": "type.googleapis.com/udpa.type.v1.TypedStruct", "type_url": kind, "value": value});
    assert_eq!(broken(&checked(&[typed]).expect("readable")), [""; 0]);
}

#[test]
fn a_struct_configures_the_module_too() {
    let mut with_struct = whole();
    let configuration = &mut with_struct["static_resources"]["listeners"][0]["filter_chains"][0]["filters"]
        [1]["typed_config"]["http_filters"][0]["typed_config"]["config"]["configuration"];
    let value: Json = serde_json::from_str(configuration["value"].as_str().expect("a text")).expect("JSON");
    *configuration = json!({"@type": "type.googleapis.com/google.protobuf.Struct", "value": value});
    assert_eq!(broken(&checked(&[with_struct]).expect("readable")), [""; 0]);
}

#[test]
fn what_comes_by_discovery_and_is_not_given_is_not_held() {
    let mut documents = files(&json!({"directory": "/etc/certs"}));
    documents.retain(|document| document["resources"][0]["name"] != "peerwarden-http");
    let broken = broken(&checked(&documents).expect("readable"));
    for of_plugin in [
        "configuration",
        "plugin-name",
        "vm-id",
        "loading",
        "failure-policy",
        "capabilities",
    ] {
        assert!(broken.contains(&of_plugin), "{broken:?}");
    }
}

#[test]
fn remote_code_by_discovery_lets_everything_through() {
    let mut documents = files(&json!({"directory": "/etc/certs"}));
    let mut edited = false;
    for document in &mut documents {
        if let Some(code) = document.pointer_mut("/resources/0/typed_config/config/vm_config/code") {
            *code = json!({"remote": {"http_uri": {"uri": "https://example.com/peerwarden.wasm"}}});
            edited = true;
        }
    }
    assert!(edited);
    let checked = checked(&documents).expect("readable");
    assert_eq!(broken(&checked), ["loading"]);
    let outcomes = checked.iter().flat_map(|chain| &chain.outcomes);
    let why = outcomes.filter_map(|(_, outcome)| outcome.as_ref().err());
    assert!(
        why.clone()
            .all(|failure| failure.why.contains("lets everything through"))
    );
    assert!(why.count() > 0);
}

#[test]
fn settings_by_discovery_are_read() {
    let layers = json!({"layers": [{"name": "d", "rtds_layer": {"name": "own"}}]});
    for (value, expected) in [(0, &["runtime"] as &[&str]), (100, &[])] {
        let mut bootstrap = whole();
        bootstrap["layered_runtime"] = layers.clone();
        let name = "http_connection_manager.path_with_escaped_slashes_action_enabled";
        let runtime = json!({"resources": [{
            "@type": "type.googleapis.com/envoy.service.runtime.v3.Runtime",
            "name": "own",
            "layer": {name: value},
        }]});
        assert_eq!(
            broken(&checked(&[bootstrap, runtime]).expect("readable")),
            expected
        );
    }
}

#[test]
fn without_a_bootstrap_nothing_is_said_of_the_runtime() {
    let mut documents = files(&json!({"directory": "/etc/certs"}));
    documents.retain(|document| document.get("resources").is_some());
    let checked = checked(&documents).expect("readable");
    assert_eq!(broken(&checked), [""; 0]);
    for chain in checked {
        let runtime = chain
            .outcomes
            .iter()
            .find(|(guarantee, _)| guarantee.name == "runtime");
        let (_, outcome) = runtime.expect("a guarantee");
        assert!(matches!(
            outcome,
            Ok(peerwarden_guarantees::GuaranteeStatus::DoesNotApply(_))
        ));
    }
}

#[test]
fn discovery_must_not_let_in_before_it_is_done() {
    for (name, value) in [
        ("default_config", json!({"@type": "type.googleapis.com/x.Y"})),
        ("apply_default_config_without_warming", json!(true)),
    ] {
        let mut documents = files(&json!({"directory": "/etc/certs"}));
        let mut edited = false;
        for document in &mut documents {
            let place = "/resources/0/filter_chains/0/filters/1/typed_config/http_filters/0/config_discovery";
            if let Some(discovery) = document.pointer_mut(place) {
                discovery[name] = value.clone();
                edited = true;
            }
        }
        assert!(edited);
        assert_eq!(
            broken(&checked(&documents).expect("readable")),
            ["loading"],
            "{name}"
        );
    }
}

#[test]
fn a_secret_that_is_given_is_read() {
    let secret = |context: Json| {
        json!({"resources": [{
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
            "name": "ROOTCA",
            "validation_context": context,
        }]})
    };
    let roots = json!({"trusted_ca": {"filename": "/etc/certs/root-cert.pem"}});
    for (context, expected) in [(roots, &[] as &[&str]), (json!({}), &["validation"])] {
        let mut documents = files(&json!({"sds": "/etc/certs"}));
        documents.push(secret(context));
        assert_eq!(broken(&checked(&documents).expect("readable")), expected);
    }
}

#[test]
fn a_listener_without_the_module_is_told_unless_it_is_for_what_goes_out() {
    for (direction, expected) in [("INBOUND", &["module"] as &[&str]), ("OUTBOUND", &[])] {
        let mut without = whole();
        let listener = &mut without["static_resources"]["listeners"][0];
        listener["traffic_direction"] = direction.into();
        listener["address"]["socket_address"]["address"] = "127.0.0.1".into();
        let filters = &mut listener["filter_chains"][0]["filters"][1]["typed_config"]["http_filters"];
        filters.as_array_mut().expect("a list").remove(0);
        assert_eq!(broken(&checked(&[without]).expect("readable")), expected);
    }
    // Without any filter chain there is no place for the module.
    let mut without = whole();
    let listener = without["static_resources"]["listeners"][0].as_object_mut();
    listener.expect("an object").remove("filter_chains");
    assert_eq!(broken(&checked(&[without]).expect("readable")), ["module"]);
}

#[test]
fn requests_are_not_decided_among_network_filters() {
    let mut connections = whole();
    let filters = &mut connections["static_resources"]["listeners"][0]["filter_chains"][0]["filters"];
    let mut wasm = filters[1]["typed_config"]["http_filters"]
        .as_array_mut()
        .expect("a list")
        .remove(0);
    wasm["typed_config"]["@type"] =
        "type.googleapis.com/envoy.extensions.filters.network.wasm.v3.Wasm".into();
    let configuration = &mut wasm["typed_config"]["config"]["configuration"]["value"];
    let text = configuration.as_str().expect("a text");
    let text = text.replacen("\"lock\": true", "\"lock\": false", 1);
    *configuration = text.replacen("\"http\"", "\"tcp\"", 1).into();
    filters.as_array_mut().expect("a list").insert(0, wasm);
    let checked = checked(&[connections]).expect("readable");
    assert_eq!(broken(&checked), ["module"], "{checked:#?}");
}

/// Otherwise listeners that nobody has checked would be called safe.
#[test]
fn listeners_by_discovery_are_asked_for_beside_static_ones() {
    let mut bootstrap = whole();
    bootstrap["dynamic_resources"] =
        json!({"lds_config": {"path_config_source": {"path": "/listeners.yaml"}}});
    let failure = checked(std::slice::from_ref(&bootstrap)).expect_err("incomplete");
    assert_eq!(failure.path.to_string(), "dynamic_resources.lds_config");
    let mut listener = whole()["static_resources"]["listeners"][0].clone();
    listener["@type"] = "type.googleapis.com/envoy.config.listener.v3.Listener".into();
    let listeners = json!({"resources": [listener]});
    assert_eq!(checked(&[bootstrap, listeners]).expect("readable").len(), 2);
}

#[test]
fn what_is_no_configuration_is_refused() {
    let mut chains = whole();
    chains["static_resources"]["listeners"][0]["filter_chains"] = 5.into();
    let mut filters = whole();
    filters["static_resources"]["listeners"][0]["filter_chains"][0]["filters"] = json!([7]);
    for wrong in [
        json!(null),
        json!([]),
        json!({"kind": "Pod"}),
        json!({"static_resources": {"listeners": {}}}),
        json!({"static_resources": {}}),
        json!({"configs": [3]}),
        json!({"resources": "x"}),
        json!({"dynamic_resources": {}}),
        chains,
        filters,
    ] {
        let failure = checked(std::slice::from_ref(&wrong)).expect_err("no configuration");
        assert!(!failure.why.is_empty() && !failure.help.is_empty(), "{wrong}");
    }
    assert!(checked(&[]).is_err());
}
