//! Listeners by discovery must be among the documents, in the file that a bootstrap names.

use peerwarden_engine::document::Value;
use peerwarden_guarantees::check_files;
use serde_json::{Value as Json, json};

use crate::cases::whole;
use crate::rendered::{checked, value};

/// A bootstrap whose further listeners come from here.
fn bootstrap(source: &str, from: Json) -> Json {
    let mut bootstrap = whole();
    bootstrap["dynamic_resources"] = json!({source: from});
    bootstrap
}

fn listeners() -> Json {
    let mut listener = whole()["static_resources"]["listeners"][0].clone();
    listener["@type"] = "type.googleapis.com/envoy.config.listener.v3.Listener".into();
    json!({"resources": [listener]})
}

#[test]
fn a_locator_names_listeners_as_a_source_does() {
    let bootstrap = bootstrap("lds_resources_locator", json!("file:///etc/envoy/own.yaml"));
    let failure = checked(std::slice::from_ref(&bootstrap)).expect_err("incomplete");
    assert_eq!(
        failure.path.to_string(),
        "dynamic_resources.lds_resources_locator"
    );
    assert_eq!(checked(&[bootstrap, listeners()]).expect("readable").len(), 2);
}

/// Envoy reads one of them.
#[test]
fn a_file_in_two_forms_is_not_read() {
    let mut two = listeners();
    two["configs"] = json!([]);
    assert!(checked(&[whole(), two]).is_err());
}

#[test]
fn a_file_of_another_name_is_not_the_one_that_is_meant() {
    let path = "/etc/envoy/listeners.yaml";
    for (source, from) in [
        ("lds_config", json!({"path_config_source": {"path": path}})),
        ("lds_config", json!({"pathConfigSource": {"path": path}})),
        ("lds_config", json!({"path": path})),
        ("lds_resources_locator", json!(format!("file://{path}"))),
    ] {
        let documents: Vec<Value> = [bootstrap(source, from), listeners()].map(value).into();
        for (file, is) in [
            (Some("copied/listeners.yaml"), true),
            (Some("listeners.yaml"), true),
            (None, true),
            (Some("copied/unrelated.yaml"), false),
        ] {
            let checked = check_files(&documents, &[Some("bootstrap.yaml"), file]);
            assert_eq!(checked.is_ok(), is, "{source} {file:?}");
        }
    }
}

#[test]
fn a_dump_has_its_listeners_whatever_it_is_called() {
    let part = |kind: &str, mut of: Json| {
        of["@type"] = format!("type.googleapis.com/envoy.admin.v3.{kind}").into();
        of
    };
    let from = json!({"path_config_source": {"path": "/etc/envoy/listeners.yaml"}});
    let own = bootstrap("lds_config", from);
    let listener = json!({"listener": own["static_resources"]["listeners"][0]});
    let dump = json!({"configs": [
        part("BootstrapConfigDump", json!({"bootstrap": own})),
        part("ListenersConfigDump", json!({"static_listeners": [listener]})),
    ]});
    assert!(check_files(&[value(dump)], &[Some("dump.json")]).is_ok());
}
