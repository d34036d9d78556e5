//! The rules of Istio's admission, which a policy must pass before it decides anything.
//!
//! Where Istio is known to fail open on documents that its webhook does not catch (an unknown `when` key skips a DENY
//! rule), the configuration is refused here, so that nothing unusable is ever evaluated.

use std::sync::Arc;

use super::clause::{Clause, Operand};
use super::shared::Shared;
use super::values::{Scope, Values, condition, field};
use super::when_key::Key;
use super::{DRY_RUN, Policy, Rule, custom, parse_bool};
use crate::document::At;
use crate::few::Few;
use crate::limits;
use crate::mesh::Mesh;
use crate::problem::{Problem, Problems};
use crate::resource::{Action, TargetRef, WrittenCondition, WrittenPart, WrittenPolicy, WrittenRule};

/// Checks a policy and gives its values their meaning; `None` when `problems` got any.
///
/// `root` is where the document stands.
pub(crate) fn validate(
    document: &WrittenPolicy<'_>,
    root: &At<'_>,
    mesh: &Mesh,
    shared: &Shared,
    problems: &mut Problems,
) -> Option<Policy> {
    let before = problems.len();
    let at = root.name("spec");
    let dry_run = dry_run(document, root, problems);
    shape(document, &at, problems);

    let trust_domains = mesh.trust_domains();
    let scope = Scope {
        namespace: document.metadata.namespace,
        trust_domains: &trust_domains,
        growth: &shared.growth,
    };
    let at_rules = at.name("rules");
    let mut rules = Few::default();
    let mut more = document.rules().count();
    for (index, rule) in document.rules().enumerate() {
        let at_rule = at_rules.index(index);
        if document.action == Action::Custom {
            custom::check(rule, &at_rule, problems);
        }
        more = more.saturating_sub(1);
        rules.push(
            (index, Arc::new(lower_rule(rule, &at_rule, &scope, problems))),
            more,
        );
    }

    let metadata = &document.metadata;
    problems.within(before, || {
        format!("AuthorizationPolicy {}/{}", metadata.namespace, metadata.name)
    });
    (problems.len() == before).then(|| Policy {
        namespace: shared.namespace(metadata.namespace),
        name: metadata.name.into(),
        action: document.action,
        dry_run,
        provider: document.provider.map(str::to_owned),
        rules,
    })
}

/// The annotation `istio.io/dry-run`, read as Go's `strconv.ParseBool`; for ALLOW and DENY only.
fn dry_run(document: &WrittenPolicy<'_>, root: &At<'_>, problems: &mut Problems) -> bool {
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
fn shape(document: &WrittenPolicy<'_>, at: &At<'_>, problems: &mut Problems) {
    let rules = document.rules().count();
    // An AUDIT policy without rules marks nothing, which Istio takes too.
    if rules == 0 && matches!(document.action, Action::Deny | Action::Custom) {
        let message = format!(
            "{} policy without rules never matches",
            with_article(document.action)
        );
        let problem = Problem::new(&at.name("rules"), message);
        problems.push(problem.help("write `rules: [{}]` to match everything"));
    }
    if rules > limits::RULES {
        let message = format!("{rules} rules, more than {}", limits::RULES);
        problems.push(Problem::new(&at.name("rules"), message).help(
            "split the policy: a request may match any of \
                several policies",
        ));
    }
    match (document.action, document.provider) {
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

fn lower_rule(rule: WrittenRule<'_>, at: &At<'_>, scope: &Scope<'_>, problems: &mut Problems) -> Rule {
    let at_from = at.name("from");
    let mut sources = Few::default();
    if let Some(written) = rule.from() {
        let count = written.clone().count();
        not_empty(count, &at_from, problems);
        if count > limits::RULES {
            let message = format!("{count} sources, more than {}", limits::RULES);
            problems.push(Problem::new(&at_from, message).help("split the rule"));
        }
        for (index, source) in written.enumerate() {
            let at_entry = at_from.index(index);
            let lowered = lower_part(source, &at_entry.name("source"), scope, problems);
            sources.push(lowered, count.saturating_sub(index).saturating_sub(1));
        }
    }
    let at_to = at.name("to");
    let mut operations = Few::default();
    if let Some(written) = rule.to() {
        let count = written.clone().count();
        not_empty(count, &at_to, problems);
        for (index, operation) in written.enumerate() {
            let at_entry = at_to.index(index);
            let lowered = lower_part(operation, &at_entry.name("operation"), scope, problems);
            operations.push(lowered, count.saturating_sub(index).saturating_sub(1));
        }
    }
    let at_when = at.name("when");
    let mut conditions = Vec::new();
    conditions.reserve_exact(rule.when().count());
    for (index, condition) in rule.when().enumerate() {
        conditions.extend(lower_condition(condition, &at_when.index(index), scope, problems));
    }
    Rule {
        sources,
        operations,
        conditions: in_order(conditions),
    }
}

fn not_empty(count: usize, at: &At<'_>, problems: &mut Problems) {
    if count == 0 {
        let problem = Problem::new(at, "an empty list");
        problems.push(problem.help("remove the field to match everything"));
    }
}

fn lower_part(part: WrittenPart<'_>, at: &At<'_>, scope: &Scope<'_>, problems: &mut Problems) -> Vec<Clause> {
    let (mut any, mut accounts, mut principals) = (false, false, false);
    let mut clauses = Vec::with_capacity(part.len());
    let before = problems.len();
    part.fields(&mut |one| {
        if one.values.is_empty() && one.not_values.is_empty() {
            return;
        }
        any = true;
        match one.name {
            "serviceAccounts" => accounts = true,
            "principals" | "namespaces" => principals = true,
            _ => {}
        }
        let values = Values {
            any_of: (one.values, at.name(one.name)),
            none_of: (one.not_values, at.name(one.not_name)),
        };
        clauses.extend(field(one.name, &values, scope, problems));
    });
    if accounts && principals {
        let message = "`serviceAccounts` cannot be used together with `principals` or `namespaces`";
        let problem = Problem::new(at, message).help("use two rules, or write the whole principal");
        problems.insert(before, problem);
    }
    if !any {
        let problem = Problem::new(at, "it is empty");
        problems.push(problem.help("Istio refuses it: add a field, or to match everything remove the entry (without `from`, anybody; without `to`, any request)"));
    }
    in_order(clauses)
}

/// The largest number of clauses that are put in order where they are.
const FEW: usize = 32;

/// The cheapest attribute first; those of one attribute stay as they are.
fn in_order(mut clauses: Vec<Clause>) -> Vec<Clause> {
    if clauses.len() <= FEW {
        for end in 1..clauses.len() {
            let mut place = end;
            while let Some([before, clause]) = clauses.get(place.saturating_sub(1)..=place)
                && place > 0
                && before.operand() > clause.operand()
            {
                clauses.swap(place.saturating_sub(1), place);
                place = place.saturating_sub(1);
            }
        }
        return clauses;
    }
    let mut ordered = Vec::with_capacity(clauses.len());
    let mut left: Vec<Option<Clause>> = clauses.into_iter().map(Some).collect();
    for operand in Operand::ALL {
        for clause in &mut left {
            ordered.extend(clause.take_if(|clause| clause.operand() == operand));
        }
    }
    ordered
}

fn lower_condition(
    written: WrittenCondition<'_>,
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
    let key = match Key::parse(written.key) {
        Ok(key) => key,
        Err(error) => {
            problems.push(Problem::new(&at_key, error.message).help(error.help));
            return None;
        }
    };
    let values = Values {
        any_of: (written.values, at.name("values")),
        none_of: (written.not_values, at.name("notValues")),
    };
    condition(key, &values, scope, problems)
}
