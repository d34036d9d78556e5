//! Many policies of one form, each for another caller; all requests are allowed.

use std::net::Ipv4Addr;

use peerwarden_lab::native::Layer;
use serde_json::{Value, json};

use super::{Kind, PolicySet, Question, VISITORS, Visitor, document, spread};

pub(super) fn set(kind: Kind, count: usize, layer: Layer) -> PolicySet {
    let visitor = |number: usize| Visitor {
        principal: caller(number),
        from: Ipv4Addr::LOCALHOST,
        questions: vec![question(path(number))],
        allowed: true,
    };
    PolicySet {
        layer,
        documents: (0..count).map(|number| policy(kind, number)).collect(),
        visitors: spread(count, VISITORS).into_iter().map(visitor).collect(),
    }
}

/// The caller of a policy.
pub(super) fn caller(number: usize) -> String {
    format!("cluster.local/ns/team-{}/sa/caller-{number}", number % 50)
}

/// A GET that is allowed.
pub(super) fn question(path: String) -> Question {
    Question {
        method: "GET",
        path,
        host: "orders.shop".to_owned(),
        headers: Vec::new(),
        allowed: true,
    }
}

pub(super) fn policy(kind: Kind, number: usize) -> Value {
    let mut rule = json!({"from": [{"source": {"principals": [caller(number)]}}]});
    if kind != Kind::Identity {
        rule["to"] = json!([{"operation": {"methods": ["GET"], "paths": [path(number)]}}]);
    }
    document("shop", &format!("caller-{number:05}"), &json!({"rules": [rule]}))
}

fn path(number: usize) -> String {
    format!("/v1/orders/{number}/items")
}
