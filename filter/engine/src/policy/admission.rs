//! The rules of Istio's admission, which a policy must pass before it decides anything.
//!
//! Where Istio is known to fail open on documents that its webhook does not catch (an unknown `when` key skips a DENY
//! rule), the configuration is refused here, so that nothing unusable is ever evaluated.

use std::sync::Arc;

use super::clause::Clause;
use super::values::{Growth, Scope, Values, condition, field};
use super::when_key::Key;
use super::{DRY_RUN, Policy, Rule, custom, parse_bool};
use crate::document::At;
use crate::limits;
use crate::mesh::Mesh;
use crate::problem::{Problem, Problems};
use crate::resource::{self, Action, AuthorizationPolicy, TargetRef};

/// Checks a policy and gives its values their meaning; `None` when `problems` got any.
///
/// `root` is where the document stands.
pub(crate) fn validate(
    document: &AuthorizationPolicy,
    root: &At<'_>,
    mesh: &Mesh,
    growth: &Growth,
    problems: &mut Problems,
) -> Option<Policy> {
    let before = problems.len();
    let at = root.name("spec");
    let dry_run = dry_run(document, root, problems);
    shape(document, &at, problems);

    let trust_domains = mesh.trust_domains();
    let scope = Scope {
        namespace: &document.metadata.namespace,
        trust_domains: &trust_domains,
        growth,
    };
    let at_rules = at.name("rules");
    let documents = document.rules.as_deref().unwrap_or(&[]);
    let rules = documents.iter().enumerate();
    let rules = rules
        .map(|(index, rule)| {
            let at_rule = at_rules.index(index);
            if document.action == Action::Custom {
                custom::check(rule, &at_rule, problems);
            }
            (index, Arc::new(lower_rule(rule, &at_rule, &scope, problems)))
        })
        .collect();

    let metadata = &document.metadata;
    problems.within(before, || {
        format!("AuthorizationPolicy {}/{}", metadata.namespace, metadata.name)
    });
    (problems.len() == before).then(|| Policy {
        namespace: metadata.namespace.as_str().into(),
        name: metadata.name.as_str().into(),
        action: document.action,
        dry_run,
        provider: document.provider.clone(),
        rules,
    })
}

/// The annotation `istio.io/dry-run`, read as Go's `strconv.ParseBool`; for ALLOW and DENY only.
fn dry_run(document: &AuthorizationPolicy, root: &At<'_>, problems: &mut Problems) -> bool {
    let Some(dry_run) = document.metadata.annotation(DRY_RUN) else {
        return false;
    };
    let at = root.name("metadata");
    let at = at.name("annotations");
    let at = at.name(DRY_RUN);
    match document.action {
        Action::Allow | Action::Deny => {}
        Action::Audit | Action::Custom => {
            let message = format!("{} policy cannot be a dry run", with_article(document.action));
            problems.push(Problem::new(&at, message).help("remove the annotation"));
        }
    }
    parse_bool(dry_run).unwrap_or_else(|| {
        let problem = Problem::new(&at, format!("`{dry_run}` is neither true nor false"));
        problems.push(problem.help("write `\"true\"` or `\"false\"`"));
        false
    })
}

fn with_article(action: Action) -> String {
    let article = match action {
        Action::Allow | Action::Audit => "an",
        Action::Deny | Action::Custom => "a",
    };
    format!("{article} {}", action.as_str())
}

/// What must and must not be there, whatever the values.
fn shape(document: &AuthorizationPolicy, at: &At<'_>, problems: &mut Problems) {
    let rules = document.rules.as_deref().unwrap_or(&[]);
    // An AUDIT policy without rules marks nothing, which Istio takes too.
    if rules.is_empty() && matches!(document.action, Action::Deny | Action::Custom) {
        let message = format!(
            "{} policy without rules never matches",
            with_article(document.action)
        );
        let problem = Problem::new(&at.name("rules"), message);
        problems.push(problem.help("write `rules: [{}]` to match everything"));
    }
    if rules.len() > limits::RULES {
        let message = format!("{} rules, more than {}", rules.len(), limits::RULES);
        problems.push(Problem::new(&at.name("rules"), message).help(
            "split the policy: a request may match any of \
                several policies",
        ));
    }
    match (document.action, document.provider.as_deref()) {
        (Action::Custom, None | Some("")) => {
            let problem = Problem::new(&at.name("provider"), "a CUSTOM policy needs a provider");
            problems.push(problem.help("write `provider: {name: …}`"));
        }
        (Action::Allow | Action::Deny | Action::Audit, Some(_)) => {
            let problem = Problem::new(&at.name("provider"), "only a CUSTOM policy has a provider");
            problems.push(problem.help("remove `provider`"));
        }
        (Action::Custom, Some(_)) | (Action::Allow | Action::Deny | Action::Audit, None) => {}
    }
    TargetRef::check(&document.target_refs, document.selector.as_ref(), at, problems);
}

fn lower_rule(rule: &resource::Rule, at: &At<'_>, scope: &Scope<'_>, problems: &mut Problems) -> Rule {
    let at_from = at.name("from");
    let sources = rule.from.as_deref().map(|sources| {
        not_empty(sources, &at_from, problems);
        if sources.len() > limits::RULES {
            let message = format!("{} sources, more than {}", sources.len(), limits::RULES);
            problems.push(Problem::new(&at_from, message).help("split the rule"));
        }
        let lowered = sources.iter().enumerate().map(|(index, source)| {
            let at_entry = at_from.index(index);
            lower_source(source, &at_entry.name("source"), scope, problems)
        });
        lowered.collect()
    });
    let at_to = at.name("to");
    let operations = rule.to.as_deref().map(|operations| {
        not_empty(operations, &at_to, problems);
        let lowered = operations.iter().enumerate().map(|(index, operation)| {
            let at_entry = at_to.index(index);
            lower_fields(operation.fields(), &at_entry.name("operation"), scope, problems)
        });
        lowered.collect()
    });
    let at_when = at.name("when");
    let conditions = rule.when.iter().enumerate();
    let mut conditions: Vec<Clause> = conditions
        .filter_map(|(index, condition)| lower_condition(condition, &at_when.index(index), scope, problems))
        .collect();
    conditions.sort_by_key(Clause::operand);
    Rule {
        sources: sources.unwrap_or_default(),
        operations: operations.unwrap_or_default(),
        conditions,
    }
}

fn not_empty<T>(entries: &[T], at: &At<'_>, problems: &mut Problems) {
    if entries.is_empty() {
        let problem = Problem::new(at, "an empty list");
        problems.push(problem.help("remove the field to match everything"));
    }
}

fn lower_source(
    source: &resource::Source,
    at: &At<'_>,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Vec<Clause> {
    let accounts = !source.service_accounts.is_empty() || !source.not_service_accounts.is_empty();
    let others = [
        &source.principals,
        &source.not_principals,
        &source.namespaces,
        &source.not_namespaces,
    ];
    if accounts && others.iter().any(|values| !values.is_empty()) {
        let message = "`serviceAccounts` cannot be used together with `principals` or `namespaces`";
        problems.push(Problem::new(at, message).help("use two rules, or write the whole principal"));
    }
    lower_fields(source.fields(), at, scope, problems)
}

fn lower_fields<'f>(
    fields: impl Iterator<Item = resource::Field<'f>>,
    at: &At<'_>,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Vec<Clause> {
    let mut any = false;
    let mut clauses = Vec::new();
    for one in fields {
        any |= !one.values.is_empty() || !one.not_values.is_empty();
        let values = Values {
            any_of: (one.values, at.name(one.name)),
            none_of: (one.not_values, at.name(one.not_name)),
        };
        clauses.extend(field(one.name, &values, scope, problems));
    }
    if !any {
        let problem = Problem::new(at, "it is empty");
        problems.push(problem.help("Istio refuses it: add a field, or to match everything remove the entry (without `from`, anybody; without `to`, any request)"));
    }
    clauses.sort_by_key(Clause::operand);
    clauses
}

fn lower_condition(
    written: &resource::Condition,
    at: &At<'_>,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<Clause> {
    let at_key = at.name("key");
    if written.key.is_empty() {
        let problem = Problem::new(&at_key, "`key` is missing or empty");
        problems.push(problem.help("name an attribute, such as `request.headers[x-team]`"));
        return None;
    }
    if written.values.is_empty() && written.not_values.is_empty() {
        let problem = Problem::new(at, "neither `values` nor `notValues`");
        problems.push(problem.help("write the values that the attribute must have"));
        return None;
    }
    let key = match Key::parse(&written.key) {
        Ok(key) => key,
        Err(error) => {
            problems.push(Problem::new(&at_key, error.message).help(error.help));
            return None;
        }
    };
    let values = Values {
        any_of: (&written.values, at.name("values")),
        none_of: (&written.not_values, at.name("notValues")),
    };
    condition(key, &values, scope, problems)
}
