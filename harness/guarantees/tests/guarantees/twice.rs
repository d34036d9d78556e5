//! Resources with duplicate names: a guarantee is kept only if it is kept with each, in any order of files.

use peerwarden_guarantees::ChainReport;
use serde_json::{Value as Json, json};

use crate::edits::{chain, configuration, filters, manager, remove, switched_off};
use crate::rendered::{broken, checked, http, inbound, parsed, strict, tcp};

fn files(port: &Json, certificates: &Json) -> Vec<Json> {
    let files = inbound(port, "STRICT", certificates)
        .files("/etc/envoy")
        .expect("files");
    files.iter().map(parsed).collect()
}

/// A file of discovery.
fn delivered(kind: &str, mut resource: Json) -> Json {
    resource["@type"] = format!("type.googleapis.com/{kind}").into();
    json!({"resources": [resource]})
}

/// The cluster that should have no endpoints, with an endpoint.
fn leads_somewhere() -> Json {
    let endpoint =
        json!({"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 13306}}}});
    let endpoints = json!([{"lb_endpoints": [endpoint]}]);
    let assignment = json!({"cluster_name": "peerwarden-denied", "endpoints": endpoints});
    let cluster = json!({"name": "peerwarden-denied", "type": "STATIC", "load_assignment": assignment});
    delivered("envoy.config.cluster.v3.Cluster", cluster)
}

/// The guarantees broken with a further file, which comes last or first.
fn in_either_order(documents: &[Json], further: &Json) -> [Vec<&'static str>; 2] {
    let last = [documents, std::slice::from_ref(further)].concat();
    let first = [std::slice::from_ref(further), documents].concat();
    [last, first].map(|documents| broken(&checked(&documents).expect("readable")))
}

#[test]
fn a_cluster_of_two_files_leads_nowhere_in_both() {
    let documents = files(&tcp(), &json!({"directory": "/etc/certs"}));
    assert_eq!(broken(&checked(&documents).expect("readable")), [""; 0]);
    for told in in_either_order(&documents, &leads_somewhere()) {
        assert_eq!(told, ["second-lock"]);
    }
}

#[test]
fn a_static_cluster_and_one_by_discovery_lead_nowhere_both() {
    for told in in_either_order(&[strict(&tcp())], &leads_somewhere()) {
        assert_eq!(told, ["second-lock"]);
    }
}

#[test]
fn a_cluster_that_is_about_to_come_counts_too() {
    let whole = strict(&tcp());
    let named = |list: &str| {
        whole["static_resources"][list]
            .as_array()
            .expect("a list")
            .clone()
    };
    let listeners = named("listeners").into_iter();
    let listeners: Vec<Json> = listeners.map(|listener| json!({"listener": listener})).collect();
    let clusters = named("clusters").into_iter();
    let clusters: Vec<Json> = clusters.map(|cluster| json!({"cluster": cluster})).collect();
    let warming = leads_somewhere()["resources"][0].take();
    for (warming, expected) in [
        (json!([]), &[] as &[&str]),
        (json!([{"cluster": warming}]), &["second-lock"]),
    ] {
        let dump = json!({"configs": [
            {"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "static_listeners": listeners},
            {
                "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump",
                "static_clusters": clusters,
                "dynamic_warming_clusters": warming,
            },
        ]});
        assert_eq!(broken(&checked(&[dump]).expect("readable")), expected);
    }
}

#[test]
fn a_secret_of_two_files_verifies_in_both() {
    let secret = |context: Json| {
        let secret = json!({"name": "ROOTCA", "validation_context": context});
        delivered("envoy.extensions.transport_sockets.tls.v3.Secret", secret)
    };
    let mut documents = files(&http(), &json!({"sds": "/etc/certs"}));
    documents.push(secret(
        json!({"trusted_ca": {"filename": "/etc/certs/root-cert.pem"}}),
    ));
    assert_eq!(broken(&checked(&documents).expect("readable")), [""; 0]);
    for told in in_either_order(&documents, &secret(json!({}))) {
        assert_eq!(told, ["validation"]);
    }
}

#[test]
fn routes_of_two_files_leave_the_module_on_in_both() {
    let mut bootstrap = strict(&http());
    let mut routes = manager(&mut bootstrap)["route_config"].take();
    remove(manager(&mut bootstrap), "route_config");
    manager(&mut bootstrap)["rds"] = json!({"route_config_name": "orders"});
    routes["name"] = "orders".into();
    let mut off = routes.clone();
    off["typed_per_filter_config"] = switched_off();
    let kind = "envoy.config.route.v3.RouteConfiguration";
    let documents = [bootstrap, delivered(kind, routes)];
    assert_eq!(broken(&checked(&documents).expect("readable")), [""; 0]);
    for told in in_either_order(&documents, &delivered(kind, off)) {
        assert_eq!(told, ["enabled"]);
    }
}

#[test]
fn settings_of_two_files_take_nothing_back_in_either() {
    let name = "http_connection_manager.path_with_escaped_slashes_action_enabled";
    let settings = |value: u32| {
        let runtime = json!({"name": "own", "layer": {name: value}});
        delivered("envoy.service.runtime.v3.Runtime", runtime)
    };
    let mut bootstrap = strict(&http());
    bootstrap["layered_runtime"] = json!({"layers": [{"name": "d", "rtds_layer": {"name": "own"}}]});
    let documents = [bootstrap, settings(100)];
    assert_eq!(broken(&checked(&documents).expect("readable")), [""; 0]);
    for told in in_either_order(&documents, &settings(0)) {
        assert_eq!(told, ["runtime"]);
    }
}

/// Which of two configurations of the module Envoy uses is unknown; the same one twice is fine.
#[test]
fn two_configurations_of_the_module_cannot_be_told_apart() {
    let documents = files(&http(), &json!({"directory": "/etc/certs"}));
    let own = documents
        .iter()
        .find(|document| document["resources"][0]["name"] == "peerwarden-http")
        .expect("the module's configuration")
        .clone();
    for told in in_either_order(&documents, &own) {
        assert_eq!(told, [""; 0]);
    }
    let mut other = own;
    configuration(
        &mut other["resources"][0]["typed_config"]["config"],
        "frontend",
        "backend",
    );
    for told in in_either_order(&documents, &other) {
        for name in ["configuration", "failure-policy", "second-lock"] {
            assert!(told.contains(&name), "{told:?}");
        }
    }
    let checked = checked(&[documents.as_slice(), &[other]].concat()).expect("readable");
    let outcomes = checked.iter().flat_map(|chain| &chain.outcomes);
    let mut why = outcomes.filter_map(|(_, outcome)| outcome.as_ref().err());
    assert!(why.any(|failure| failure.why.contains("several different versions")));
}

#[test]
fn a_plugin_that_a_file_configures_otherwise_is_told() {
    let mut listener = strict(&http())["static_resources"]["listeners"][0].take();
    let mut other = json!({"static_resources": {"listeners": [listener.take()]}});
    configuration(
        &mut filters(&mut other)[0]["typed_config"]["config"],
        "frontend",
        "backend",
    );
    let listener = other["static_resources"]["listeners"][0].take();
    let further = delivered("envoy.config.listener.v3.Listener", listener);
    for told in in_either_order(&[strict(&http())], &further) {
        assert_eq!(told, ["plugin-name"]);
    }
}

/// The guarantees that the chains of one document break.
fn of_document(checked: &[ChainReport], document: usize) -> Vec<&'static str> {
    let own = checked.iter().filter(|chain| chain.document == document);
    broken(&own.cloned().collect::<Vec<_>>())
}

/// Each Envoy has one bootstrap, so the contents of another one do not belong to it.
#[test]
fn two_envoys_are_not_taken_for_one() {
    let sound = strict(&tcp());
    let mut other = sound.clone();
    let clusters = other["static_resources"]["clusters"]
        .as_array_mut()
        .expect("a list");
    clusters.retain(|cluster| cluster["name"] != "peerwarden-denied");
    clusters.push(leads_somewhere()["resources"][0].take());
    let mut plugin = chain(&mut other)["filters"][0]["typed_config"]["config"].take();
    configuration(&mut plugin, "frontend", "backend");
    chain(&mut other)["filters"][0]["typed_config"]["config"] = plugin;
    for (documents, sound, unsound) in [([sound.clone(), other.clone()], 0, 1), ([other, sound], 1, 0)] {
        let checked = checked(&documents).expect("readable");
        assert_eq!(of_document(&checked, sound), [""; 0]);
        assert_eq!(of_document(&checked, unsound), ["second-lock"]);
    }
}

#[test]
fn listeners_of_one_name_are_checked_each() {
    let mut off = strict(&http())["static_resources"]["listeners"][0].take();
    off["filter_chains"][0]["filters"][1]["typed_config"]["normalize_path"] = false.into();
    let further = delivered("envoy.config.listener.v3.Listener", off);
    for told in in_either_order(&[strict(&http())], &further) {
        assert_eq!(told, ["paths"]);
    }
}

/// The guarantees that an edit of a plugin breaks, and the edit.
type Edit = (&'static [&'static str], fn(&mut Json));

/// The module without the lock, which belongs to a single module.
fn without_lock(of: &mut Json) -> Json {
    let plugin = &mut filters(of)[0]["typed_config"]["config"];
    configuration(plugin, "\"lock\": true", "\"lock\": false");
    filters(of)[0].clone()
}

/// A second module in a chain decides as the first does.
#[test]
fn each_of_two_modules_keeps_what_is_promised() {
    let edits: [Edit; 5] = [
        (&[], |_| {}),
        (&["tokens"], |plugin| {
            configuration(plugin, "principals", "requestPrincipals");
        }),
        (&["header-names"], |plugin| {
            configuration(
                plugin,
                "{\"from\":",
                "{\"when\": [{\"key\": \"request.headers[x-role]\", \"values\": [\"admin\"]}], \"from\":",
            );
        }),
        (&["remote-address"], |plugin| {
            configuration(plugin, "\"workload\": {", "\"workload\": {\"kind\":\"gateway\",");
        }),
        (&["second-lock"], |plugin| {
            configuration(plugin, "\"lock\": false", "\"lock\": true");
        }),
    ];
    for (expected, edit) in edits {
        let mut whole = strict(&http());
        let mut second = without_lock(&mut whole);
        second["name"] = "second-peerwarden".into();
        second["typed_config"]["config"]["name"] = "second".into();
        edit(&mut second["typed_config"]["config"]);
        filters(&mut whole).insert(1, second);
        if expected == ["header-names"] {
            manager(&mut whole)["common_http_protocol_options"]["headers_with_underscores_action"] =
                "ALLOW".into();
        }
        let mut told = broken(&checked(&[whole]).expect("readable"));
        if expected == ["header-names"] {
            told.retain(|name| *name != "forwarded-client-cert");
        }
        assert_eq!(told, expected);
    }
    // A route that disables the second one.
    let mut whole = strict(&http());
    let mut second = without_lock(&mut whole);
    second["name"] = "second-peerwarden".into();
    second["typed_config"]["config"]["name"] = "second".into();
    filters(&mut whole).insert(1, second);
    let off = switched_off()["peerwarden-http"].take();
    manager(&mut whole)["route_config"]["typed_per_filter_config"] = json!({"second-peerwarden": off});
    assert_eq!(broken(&checked(&[whole]).expect("readable")), ["enabled"]);
}

/// The effect of a filter from discovery that is not given is unknown.
#[test]
fn what_writes_and_is_not_given_is_not_held() {
    let by_discovery = |kind: &str| {
        let url = format!("type.googleapis.com/envoy.extensions.filters.http.{kind}");
        json!({"name": "own", "config_discovery": {"type_urls": [url]}})
    };
    for (kind, expected) in [
        ("header_to_metadata.v3.Config", &["trusted-state"][..]),
        ("json_to_metadata.v3.JsonToMetadata", &["trusted-state"]),
        ("set_metadata.v3.Config", &["trusted-state"]),
        ("set_filter_state.v3.Config", &["trusted-state"]),
        (
            "header_mutation.v3.HeaderMutation",
            &["forwarded-client-cert", "upstream"],
        ),
    ] {
        let mut whole = strict(&http());
        filters(&mut whole).insert(0, by_discovery(kind));
        assert_eq!(broken(&checked(&[whole]).expect("readable")), expected, "{kind}");
    }
}
