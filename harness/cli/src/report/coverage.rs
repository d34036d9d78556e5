//! Which policies and rules the cases matched, decided by, or never touched.

use std::fmt::Write;

use peerwarden_engine::{By, Config, reference};
use serde_json::{Value, json};

use crate::setup::Setup;
use crate::traffic::{Protocol, Traffic};

/// What the cases of one suite did to its policies.
pub(crate) struct Coverage {
    http: Option<Config>,
    tcp: Option<Config>,
    rules: Vec<Rule>,
}

/// One rule of one policy.
struct Rule {
    policy: String,
    action: &'static str,
    index: usize,
    /// Cases that it matched.
    matched: usize,
    /// Cases that it decided.
    decided: usize,
}

impl Coverage {
    /// Of the policies that apply to the suite's workload; the others cannot be covered here.
    pub(crate) fn of(setup: &Setup) -> Self {
        let config = |protocol: Protocol| Config::parse(setup.to_json(protocol.into()).as_bytes()).ok();
        let mut coverage = Self {
            http: config(Protocol::Http),
            tcp: config(Protocol::Tcp),
            rules: Vec::new(),
        };
        if let Some(config) = &coverage.http {
            let nothing = peerwarden_engine::Traffic::default();
            let trace = reference::explain(config, &nothing, &nothing);
            for policy in trace
                .policies
                .iter()
                .filter(|policy| policy.not_applied.is_none())
            {
                coverage.rules.extend(policy.rules.iter().map(|rule| Rule {
                    policy: format!("{}/{}", policy.namespace, policy.name),
                    action: policy.action.as_str(),
                    index: rule.index,
                    matched: 0,
                    decided: 0,
                }));
            }
        }
        coverage
    }

    /// Counts one case.
    pub(crate) fn count(&mut self, traffic: &Traffic) {
        let config = match traffic.protocol {
            Protocol::Http => &self.http,
            Protocol::Tcp => &self.tcp,
        };
        let Some(config) = config else { return };
        let attributes = peerwarden_engine::Traffic::from(traffic);
        let trace = reference::explain(config, &attributes, &attributes);
        let decided = trace.outcome.by.as_ref();
        for policy in trace
            .policies
            .iter()
            .filter(|policy| policy.not_applied.is_none())
        {
            let name = format!("{}/{}", policy.namespace, policy.name);
            for rule in &policy.rules {
                let Some(counted) = self
                    .rules
                    .iter_mut()
                    .find(|known| known.policy == name && known.index == rule.index)
                else {
                    continue;
                };
                counted.matched += usize::from(rule.matched);
                let by = |by: &&By| {
                    (&by.namespace, &by.name, by.rule) == (&policy.namespace, &policy.name, Some(rule.index))
                };
                counted.decided += usize::from(decided.filter(by).is_some());
            }
        }
    }

    /// A line for each rule. Writing to a `String` cannot fail.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let names = self
            .rules
            .iter()
            .map(|rule| rule.policy.chars().count() + rule.index.to_string().len() + 2);
        let width = names.max().unwrap_or(0);
        for rule in &self.rules {
            let name = format!("{}[{}]", rule.policy, rule.index);
            let note = match (rule.matched, rule.decided) {
                (0, _) => "  <- no case matches it",
                (_, 0) => "  <- it decides no case",
                (_, _) => "",
            };
            let (action, matched, decided) = (rule.action, rule.matched, rule.decided);
            let _ = writeln!(
                text,
                "  {action:5} {name:width$}  matched {matched:3}  decided {decided:3}{note}"
            );
        }
        let reached = self.rules.iter().filter(|rule| rule.matched > 0).count();
        let _ = writeln!(text, "  {reached} of {} rules matched", self.rules.len());
        text
    }

    pub(crate) fn json(&self) -> Value {
        let rules = self.rules.iter().map(|rule| {
            json!({
                "policy": rule.policy,
                "action": rule.action,
                "rule": rule.index,
                "matched": rule.matched,
                "decided": rule.decided,
            })
        });
        json!({ "rules": rules.collect::<Vec<_>>() })
    }
}
