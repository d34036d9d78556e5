//! `cedar-policy`: a policy for each rule, with the caller and the method in its head and the path as a condition.

use std::fmt::Write;

use anyhow::{Result, ensure};
use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request, RestrictedExpression,
};

use crate::Engine;
use crate::rules::{Path, Question, RuleSet};

pub(crate) struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    requests: Vec<Request>,
}

impl Cedar {
    pub(crate) fn new(rules: &RuleSet, questions: &[Question]) -> Result<Self> {
        let mut text = String::new();
        for rule in &rules.rules {
            let effect = if rule.denies { "forbid" } else { "permit" };
            let path = match &rule.path {
                Path::Is(path) => format!("== {path:?}"),
                Path::StartsWith(start) => format!("like {:?}", format!("{start}*")),
            };
            writeln!(
                text,
                "{effect}(principal == Workload::{:?}, action == Action::{:?}, resource) when {{ context.path {path} }};",
                rule.caller, rule.method
            )?;
        }
        let requests = questions.iter().map(request).collect::<Result<_>>()?;
        Ok(Self {
            authorizer: Authorizer::new(),
            policies: text.parse()?,
            entities: Entities::empty(),
            requests,
        })
    }
}

fn request(question: &Question) -> Result<Request> {
    let uid = |kind: &str, id: &str| -> Result<EntityUid> { Ok(format!("{kind}::{id:?}").parse()?) };
    let path = RestrictedExpression::new_string(question.path.clone());
    Ok(Request::new(
        uid("Workload", &question.caller)?,
        uid("Action", question.method)?,
        uid("Service", "orders")?,
        Context::from_pairs([("path".to_owned(), path)])?,
        None,
    )?)
}

impl Engine for Cedar {
    fn name(&self) -> &'static str {
        "cedar-policy"
    }

    fn allows(&mut self, question: usize) -> Result<bool> {
        let request = &self.requests[question];
        let response = self
            .authorizer
            .is_authorized(request, &self.policies, &self.entities);
        ensure!(
            response.diagnostics().errors().next().is_none(),
            "a policy failed"
        );
        Ok(response.decision() == Decision::Allow)
    }
}
