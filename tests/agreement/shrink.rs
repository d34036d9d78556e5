//! Shrinks a disagreement: removes parts of the policies, one at a time, as long as the filters still disagree.
//!
//! All candidates for the next step are tried at the same time, each on its own listeners in one Envoy.

use std::sync::Arc;

use anyhow::Result;
use serde_json::Value;

use crate::compare;
use crate::differences::SingleQuestion;
use crate::generate::{self, Case};
use crate::stage::{Participants, Stage};

/// The number of rounds, and of attempts in each of them: shrinking must end, even for large policies.
const ROUNDS: usize = 12;
const TRIES: usize = 60;

/// The smallest question found about which the filters still disagree.
pub(crate) async fn shrink(company: &Arc<Participants>, mut asked: SingleQuestion) -> Result<SingleQuestion> {
    for _ in 0..ROUNDS {
        let tries: Vec<SingleQuestion> = smaller(&asked)
            .into_iter()
            .filter(|asked| generate::is_valid(&asked.set))
            .take(TRIES)
            .collect();
        let cases: Arc<Vec<Case>> = Arc::new(tries.iter().cloned().map(SingleQuestion::into_case).collect());
        if cases.is_empty() {
            break;
        }
        let stage = Stage::open(company, cases.iter().map(|case| &case.set)).await?;
        let answers = compare::ask_all(company, &stage, &cases).await?;
        match answers
            .iter()
            .position(|question| question.native.answer != question.module.answer)
        {
            Some(place) => asked = tries[place].clone(),
            None => break,
        }
    }
    Ok(asked)
}

/// All variants with one part removed; the largest removals come first.
fn smaller(asked: &SingleQuestion) -> Vec<SingleQuestion> {
    let mut all: Vec<SingleQuestion> = without_one(&Value::Array(asked.set.policies.clone()))
        .into_iter()
        .filter_map(|policies| {
            let mut asked = asked.clone();
            asked.set.policies = policies.as_array()?.clone();
            Some(asked)
        })
        .collect();
    if let Some(request) = &asked.request {
        let mut with = |change: &dyn Fn(&mut crate::case::Request)| {
            let mut smaller = asked.clone();
            smaller.request.iter_mut().for_each(change);
            all.push(smaller);
        };
        for place in 0..request.headers.len() {
            with(&|request| drop(request.headers.remove(place)));
        }
        for place in 0..request.forwarded_for.len() {
            with(&|request| drop(request.forwarded_for.remove(place)));
        }
        if request.token.is_some() {
            with(&|request| request.token = None);
        }
        if request.metadata.is_some() {
            with(&|request| request.metadata = None);
        }
    }
    if asked.visit.proxy.is_some() {
        let mut smaller = asked.clone();
        smaller.visit.proxy = None;
        all.push(smaller);
    }
    all
}

/// The keys without which a document is not a policy.
const KEPT: [&str; 8] = [
    "apiVersion",
    "kind",
    "metadata",
    "name",
    "namespace",
    "spec",
    "action",
    "key",
];

/// The same tree without one item or one field, the outermost first. Some are no longer policies.
fn without_one(value: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    match value {
        Value::Array(items) => {
            for place in 0..items.len() {
                let mut items = items.clone();
                items.remove(place);
                all.push(Value::Array(items));
            }
            for (place, item) in items.iter().enumerate() {
                for smaller in without_one(item) {
                    let mut items = items.clone();
                    items[place] = smaller;
                    all.push(Value::Array(items));
                }
            }
        }
        Value::Object(fields) => {
            for name in fields.keys().filter(|name| !KEPT.contains(&name.as_str())) {
                let mut fields = fields.clone();
                fields.remove(name);
                all.push(Value::Object(fields));
            }
            for (name, field) in fields {
                for smaller in without_one(field) {
                    let mut fields = fields.clone();
                    fields.insert(name.clone(), smaller);
                    all.push(Value::Object(fields));
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    all
}
