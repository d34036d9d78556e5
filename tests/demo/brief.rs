//! The documents in one line each. Only for the documents of the demo; the files have the rest.

use serde_json::Value;

/// One line for each document in these lists.
pub(crate) fn describe(lists: &[Value]) -> Vec<String> {
    let documents = lists.iter().flat_map(|list| items(&list["items"]));
    documents.map(document).collect()
}

fn document(document: &Value) -> String {
    let spec = &document["spec"];
    let app = text(&spec["selector"]["matchLabels"]["app"]);
    let name = text(&document["metadata"]["name"]);
    let what = match text(&document["kind"]) {
        "PeerAuthentication" => format!("mTLS {}", text(&spec["mtls"]["mode"])),
        _ => {
            let rules: Vec<String> = items(&spec["rules"]).map(rule).collect();
            format!("{:<5} {}", text(&spec["action"]), rules.join("; or "))
        }
    };
    format!("{app:<7} {name:<22} {what}")
}

fn rule(rule: &Value) -> String {
    let from = items(&rule["from"]).map(|from| words(&from["source"]["principals"]));
    let to = items(&rule["to"]).map(|to| {
        let operation = &to["operation"];
        let ports = words(&operation["ports"]);
        let ports = if ports.is_empty() {
            ports
        } else {
            format!("port {ports}")
        };
        let parts = [words(&operation["methods"]), words(&operation["paths"]), ports];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(" ")
    });
    let parts: Vec<String> = from.chain(to).collect();
    parts.join(" to ")
}

fn items(list: &Value) -> std::slice::Iter<'_, Value> {
    list.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

fn words(list: &Value) -> String {
    let words: Vec<&str> = items(list).map(text).collect();
    words.join(", ")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
