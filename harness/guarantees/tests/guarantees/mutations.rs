//! Edits that break one guarantee each.

mod http;
mod tcp;

use peerwarden_guarantees::GUARANTEES;
use serde_json::{Value as Json, json};

use crate::edits::{configuration, manager, plugin, remove};
use crate::rendered::{broken, checked, hold, http, inbound, ingress, parsed, tcp};

/// The guarantee that an edit breaks, or several with `, ` between them, and the edit.
type Mutation = (&'static str, fn(&mut Json));

fn underscores(of: &mut Json) -> &mut Json {
    &mut manager(of)["common_http_protocol_options"]["headers_with_underscores_action"]
}

/// Edits the module's configuration.
fn configure(of: &mut Json, edit: impl FnOnce(&mut Json)) {
    let value = &mut plugin(of)["configuration"]["value"];
    let mut config = serde_json::from_str(value.as_str().expect("a text")).expect("JSON");
    edit(&mut config);
    *value = config.to_string().into();
}

/// Has the policy read a header.
fn reads_header(of: &mut Json, name: &str) {
    let key = format!("request.headers[{name}]");
    let rule = json!({"when": [{"key": key, "values": ["admin"]}]});
    configure(of, |config| {
        config["resources"][1]["spec"]["rules"] = json!([rule])
    });
}

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
        ("HTTP", &strict(&http()), http::HTTP),
        ("TCP", &strict(&tcp()), tcp::TCP),
        ("hold", &strict(&hold()), tcp::HOLD),
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
