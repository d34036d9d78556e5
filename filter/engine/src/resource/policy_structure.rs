//! The structure of an `AuthorizationPolicy`: which fields it has, and of which types.

use super::authorization_policy::{ACTIONS, Action, Operation, Source};
use super::written::{WrittenPolicy, WrittenRules};
use super::{Metadata, Selector, TargetRef};
use crate::document::{At, Node, NodeFields, entries, list, nearest, node_text, quoted, unknown};
use crate::problem::{Problem, Problems};

impl<'t> WrittenPolicy<'t> {
    /// Reads `spec`. What is returned is sound if there are no problems.
    pub(super) fn read(
        metadata: Metadata<&'t str>,
        spec: Option<Node<'t>>,
        at: &At<'_>,
        problems: &mut Problems,
    ) -> Option<Self> {
        let mut fields = NodeFields::of_optional(spec, at, problems)?;
        let selector = Selector::take(&mut fields, at, problems);
        let target_refs = TargetRef::read_all(&mut fields, at, problems);
        let action = fields
            .text("action", problems)
            .map_or(Some(Action::Allow), |text| {
                read_action(text, &at.name("action"), problems)
            });
        let provider = fields
            .take("provider")
            .and_then(|value| read_provider(value, &at.name("provider"), problems));
        let at_rules = at.name("rules");
        let rules = fields.list("rules", problems);
        for (index, rule) in rules.into_iter().flatten().enumerate() {
            check_rule(rule, &at_rules.index(index), problems);
        }
        fields.finish(problems);
        Some(Self {
            metadata,
            selector,
            target_refs,
            action: action?,
            provider,
            rules: rules.map(WrittenRules::Read),
        })
    }
}

fn read_action(text: &str, at: &At<'_>, problems: &mut Problems) -> Option<Action> {
    let known = ACTIONS
        .iter()
        .find(|(name, _)| *name == text)
        .map(|(_, action)| *action);
    if known.is_none() {
        let names = ACTIONS.map(|(name, _)| name);
        let problem = Problem::new(at, format!("unknown action `{text}`"));
        problems.push(match nearest(text, names) {
            Some(name) => problem.help(format!("did you mean `{name}`?")),
            None => problem.help(format!("known actions: {}", quoted(&names))),
        });
    }
    known
}

fn read_provider<'t>(node: Node<'t>, at: &At<'_>, problems: &mut Problems) -> Option<&'t str> {
    let mut fields = NodeFields::of(node, at, problems)?;
    let name = fields.text("name", problems).unwrap_or_default();
    fields.finish(problems);
    Some(name)
}

fn check_rule(node: Node<'_>, at: &At<'_>, problems: &mut Problems) {
    let Some(mut fields) = NodeFields::of(node, at, problems) else {
        return;
    };
    for (list, name, known) in [
        ("from", "source", Source::NAMES),
        ("to", "operation", Operation::NAMES),
    ] {
        let at_list = at.name(list);
        for (index, entry) in fields.list(list, problems).into_iter().flatten().enumerate() {
            check_entry(entry, name, known, &at_list.index(index), problems);
        }
    }
    let at_when = at.name("when");
    for (index, condition) in fields.list("when", problems).into_iter().flatten().enumerate() {
        check_condition(condition, &at_when.index(index), problems);
    }
    fields.finish(problems);
}

/// `{source: …}` or `{operation: …}`: the one field must be there.
fn check_entry(
    node: Node<'_>,
    name: &'static str,
    known: &'static [&'static str],
    at: &At<'_>,
    problems: &mut Problems,
) {
    let Some(mut fields) = NodeFields::of(node, at, problems) else {
        return;
    };
    let inner = fields.take(name);
    let before = problems.len();
    fields.finish(problems);
    match inner {
        Some(value) => check_lists(value, known, &at.name(name), problems),
        None => {
            if problems.len() == before {
                let problem = Problem::new(at, format!("`{name}` is missing"));
                problems.push(problem.help(format!("write `- {name}: {{ … }}`, or remove the entry")));
            }
        }
    }
}

/// An object whose fields are lists of texts.
fn check_lists(node: Node<'_>, known: &'static [&'static str], at: &At<'_>, problems: &mut Problems) {
    for (name, value) in entries(node, at, problems).into_iter().flatten() {
        match known.iter().find(|known| known.as_bytes() == name) {
            Some(name) => check_texts(value, &at.name(name), problems),
            None => unknown(name, at, known, problems),
        }
    }
}

fn check_texts(node: Node<'_>, at: &At<'_>, problems: &mut Problems) {
    if node.is_null() {
        return;
    }
    for (index, item) in list(node, at, problems).into_iter().flatten().enumerate() {
        if !item.is_text() {
            node_text(item, &at.index(index), problems);
        }
    }
}

fn check_condition(node: Node<'_>, at: &At<'_>, problems: &mut Problems) {
    let Some(mut fields) = NodeFields::of(node, at, problems) else {
        return;
    };
    fields.text("key", problems);
    for name in ["values", "notValues"] {
        if let Some(value) = fields.take(name) {
            check_texts(value, &at.name(name), problems);
        }
    }
    fields.finish(problems);
}
