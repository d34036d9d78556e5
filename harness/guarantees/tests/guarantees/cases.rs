//! Edits of a rendered configuration, each with the guarantees that it should break.

use serde_json::{Value as Json, json};

use crate::edits::{filters, manager, plugin};
use crate::rendered::{broken, checked, http, strict};

/// The name of a configuration, the guarantees that it breaks, and the edit of the rendered configuration that creates
/// it.
pub(crate) type Case = (&'static str, &'static [&'static str], fn(&mut Json));

/// The rendered configuration of an HTTP port with STRICT mutual TLS.
pub(crate) fn whole() -> Json {
    strict(&http())
}

/// Asserts that each case breaks its guarantees and no other.
pub(crate) fn judge(whole: &Json, cases: &[Case]) {
    let mut wrong = Vec::new();
    for (name, expected, edit) in cases {
        let mut edited = whole.clone();
        edit(&mut edited);
        assert_ne!(&edited, whole, "{name}");
        let checked = checked(&[edited]).expect("readable");
        let mut found = broken(&checked);
        let mut expected = expected.to_vec();
        found.sort_unstable();
        expected.sort_unstable();
        if found != expected {
            wrong.push(format!(
                "{name}: not held are {found:?}, and should be {expected:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Envoy's type by its name.
pub(crate) fn typed(kind: &str, mut message: Json) -> Json {
    message["@type"] = format!("type.googleapis.com/{kind}").into();
    message
}

/// A filter of HTTP by its type in short, with its message.
pub(crate) fn http_filter(kind: &str, message: Json) -> Json {
    json!({"name": kind, "typed_config": typed(&format!("envoy.extensions.filters.http.{kind}"), message)})
}

/// Edits the module's configuration.
pub(crate) fn configure(of: &mut Json, edit: impl FnOnce(&mut Json)) {
    let value = &mut plugin(of)["configuration"]["value"];
    let mut config = serde_json::from_str(value.as_str().expect("a text")).expect("JSON");
    edit(&mut config);
    *value = config.to_string().into();
}

/// Makes the policy require this condition.
pub(crate) fn asks(of: &mut Json, key: &str, value: &str) {
    let when = json!([{"key": key, "values": [value]}]);
    configure(of, |config| {
        config["resources"][1]["spec"]["rules"][0]["when"] = when
    });
}

/// The one route.
pub(crate) fn route(of: &mut Json) -> &mut Json {
    &mut manager(of)["route_config"]["virtual_hosts"][0]["routes"][0]
}

/// The cluster that it goes to.
pub(crate) fn cluster(of: &mut Json) -> &mut Json {
    let name = route(of)["route"]["cluster"].clone();
    let clusters = of["static_resources"]["clusters"].as_array_mut().expect("a list");
    let mut named = clusters.iter_mut().filter(|cluster| cluster["name"] == name);
    named.next().expect("the cluster of the route")
}

/// A filter that is put ahead of the module.
pub(crate) fn ahead(of: &mut Json, filter: Json) {
    filters(of).insert(0, filter);
}

/// A header that is added from a client's text.
pub(crate) fn adds(name: &str) -> Json {
    json!({"header": {"key": name, "value": "%REQ(x-want)%"}})
}

/// Asserts that this keeps every guarantee.
pub(crate) fn judge_held(whole: &Json) {
    let checked = checked(std::slice::from_ref(whole)).expect("readable");
    assert_eq!(broken(&checked), [""; 0], "{checked:#?}");
}
