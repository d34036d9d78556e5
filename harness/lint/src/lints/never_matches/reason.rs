//! Why no request matches a rule: the lists of values without which one would.

use peerwarden_analysis::rules::{self, Standing};
use peerwarden_engine::document::{Step, Value};
use peerwarden_engine::resource::{self, Resource};
use peerwarden_engine::{Config, Program, Workload};

use crate::context::Policy;
use crate::lint::Finding;
use crate::lints::{impossible_value, not_a_host, spiffe_scheme, unnormalised_path};
use crate::values::{List, lists};

/// The largest number of lists that are checked, each in its own analysis.
const LISTS: usize = 12;

pub(super) enum Reason<'p> {
    /// Another lint reports each value of a list.
    Reported,
    /// No request has any of these values.
    One(List<'p>),
    /// No request has values from both.
    Two(List<'p>, List<'p>),
    /// It takes more than two lists.
    Unknown,
}

pub(super) fn of<'p>(policy: &'p Policy<'_>, rule: usize) -> Reason<'p> {
    let mut lists = lists(&policy.written);
    lists.retain(|list| list.rule == rule);
    if lists.len() > LISTS {
        return Reason::Unknown;
    }
    if let Some(one) = lists.iter().position(|one| {
        let others = lists.iter().filter(|other| other.path != one.path);
        !can_match(policy, rule, &others.collect::<Vec<_>>())
    }) {
        let one = lists.swap_remove(one);
        return match is_reported(policy, &one) {
            true => Reason::Reported,
            false => Reason::One(one),
        };
    }
    lists.retain(|list| can_match(policy, rule, &[list]));
    match <[List<'_>; 2]>::try_from(lists) {
        Ok([one, other]) => Reason::Two(one, other),
        Err(_) => Reason::Unknown,
    }
}

/// Whether other lints report all values of a list as impossible.
fn is_reported(policy: &Policy<'_>, list: &List<'_>) -> bool {
    let found: Vec<Finding> = [
        impossible_value::of_policy,
        not_a_host::find,
        spiffe_scheme::find,
        unnormalised_path::find,
    ]
    .iter()
    .flat_map(|find| find(policy))
    .collect();
    list.each().all(|(path, value)| {
        // Only the first placeholder of a document is reported.
        impossible_value::is_placeholder(value) || found.iter().any(|finding| *finding.path() == path)
    })
}

/// Whether a request matches the rule without these lists.
fn can_match(policy: &Policy<'_>, rule: usize, without: &[&List<'_>]) -> bool {
    let mut document = policy.document.node.to_value();
    for list in without {
        relax(&mut document, &list.path);
    }
    let Some(Resource::AuthorizationPolicy(mut written)) =
        resource::read(&document).ok().and_then(|mut read| read.pop())
    else {
        return false;
    };
    let rules = written.rules.take().unwrap_or_default();
    written.rules = Some(rules.into_iter().skip(rule).take(1).collect());
    written.selector = None;
    written.target_refs.clear();
    let config = Config {
        workload: Some(Workload {
            namespace: written.metadata.namespace.clone(),
            ..Workload::default()
        }),
        resources: vec![Resource::AuthorizationPolicy(written)],
        ..Config::default()
    };
    let standings = Program::compile(&config)
        .ok()
        .and_then(|program| rules::standing(&program).ok());
    let matches = |standing: &Standing| !matches!(standing, Standing::NeverMatches);
    standings.is_some_and(|standings| standings.iter().any(|one| matches(&one.standing)))
}

/// Removes a list. If nothing else is left, a placeholder that restricts almost nothing is added, as an empty part
/// would be refused.
fn relax(value: &mut Value, path: &[Step]) {
    let Some((step, rest)) = path.split_first() else {
        return;
    };
    match (value, step) {
        (Value::Object(fields), Step::Key(name)) => {
            if rest.is_empty() {
                fields.retain(|(field, _)| field != name);
                return;
            }
            let Some((_, inner)) = fields.iter_mut().find(|(field, _)| field == name) else {
                return;
            };
            relax(inner, rest);
            if let Value::Object(left) = inner
                && left.is_empty()
            {
                let (field, text) = match name.as_str() {
                    "source" => ("notIpBlocks", "203.0.113.255"),
                    _ => ("notPorts", "1"),
                };
                left.push((
                    field.to_owned(),
                    Value::List(vec![Value::String(text.to_owned())]),
                ));
            }
        }
        (Value::List(items), Step::Index(index)) => {
            let Some(item) = items.get_mut(*index) else { return };
            relax(item, rest);
            // A condition with only its key left.
            if let Value::Object(left) = item
                && left.iter().all(|(field, _)| field == "key")
                && !left.is_empty()
            {
                let text = |text: &str| Value::String(text.to_owned());
                *left = vec![
                    ("key".to_owned(), text("destination.port")),
                    ("notValues".to_owned(), Value::List(vec![text("1")])),
                ];
            }
        }
        _ => {}
    }
}
