//! Policies and requests that are expensive to evaluate. Only the last policy allows the requests, so all others are
//! tried first.

use std::net::Ipv4Addr;

use peerwarden_lab::native::Layer;
use serde_json::{Value, json};

use super::{PolicySet, VISITORS, Visitor, document, plain};

/// The length of the long path in bytes.
const LONG: usize = 60 * 1024;

/// What makes the set expensive.
#[derive(Clone, Copy)]
pub(super) enum CostlyForm {
    LeadingWildcards,
    NotPaths,
    LongPath,
}

pub(super) fn set(form: CostlyForm, count: usize) -> PolicySet {
    let path = match form {
        CostlyForm::LongPath => format!("/big/{}", "a".repeat(LONG)),
        CostlyForm::LeadingWildcards | CostlyForm::NotPaths => "/v1/orders/7/items".to_owned(),
    };
    let visitor = |number| Visitor {
        principal: plain::caller(number),
        from: Ipv4Addr::LOCALHOST,
        questions: vec![plain::question(path.clone())],
        allowed: true,
    };
    let last = count.saturating_sub(1);
    let mut documents: Vec<Value> = (0..last).map(|number| policy(form, number)).collect();
    documents.push(allowing(form));
    PolicySet {
        layer: Layer::Http,
        documents,
        visitors: (0..VISITORS).map(visitor).collect(),
    }
}

fn policy(form: CostlyForm, number: usize) -> Value {
    let operation = match form {
        CostlyForm::LeadingWildcards => json!({"paths": [format!("*/x{number}")]}),
        CostlyForm::NotPaths => json!({"notPaths": [format!("/x{number}"), "/v1/orders/*"]}),
        // Prefixes of many lengths, each of which needs a lookup of the path.
        CostlyForm::LongPath => json!({"paths": [format!("/big/{}b{number}*", "a".repeat(number % 500))]}),
    };
    document(
        "shop",
        &format!("rule-{number:05}"),
        &json!({"rules": [{"to": [{"operation": operation}]}]}),
    )
}

fn allowing(form: CostlyForm) -> Value {
    let operation = match form {
        CostlyForm::LeadingWildcards => json!({"paths": ["*/items"]}),
        CostlyForm::NotPaths => json!({"notPaths": ["/x"]}),
        CostlyForm::LongPath => json!({"paths": ["/big/*"]}),
    };
    document(
        "shop",
        "the-last",
        &json!({"rules": [{"to": [{"operation": operation}]}]}),
    )
}
