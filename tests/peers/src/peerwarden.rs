//! The engine, with documents in Istio's form.

use anyhow::Result;
use peerwarden_engine::{Config, Lookup, Peer, Program, Traffic, Verdict};
use serde_json::{Value, json};

use crate::Engine;
use crate::rules::{Path, Question, Rule, RuleSet};

pub(crate) struct PeerwardenEngine {
    program: Program,
    traffic: Vec<Traffic>,
}

impl PeerwardenEngine {
    pub(crate) fn new(rules: &RuleSet, questions: &[Question]) -> Result<Self> {
        let resources: Vec<Value> = rules.rules.iter().enumerate().map(policy).collect();
        let config = json!({"workload": {"namespace": "shop"}, "resources": resources});
        let config = Config::parse(config.to_string().as_bytes())?;
        Ok(Self {
            program: Program::compile(&config)?,
            traffic: questions.iter().map(traffic).collect(),
        })
    }
}

fn policy((number, rule): (usize, &Rule)) -> Value {
    let path = match &rule.path {
        Path::Is(path) => path.clone(),
        Path::StartsWith(start) => format!("{start}*"),
    };
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": format!("policy-{number:05}"), "namespace": "shop"},
        "spec": {
            "action": if rule.denies { "DENY" } else { "ALLOW" },
            "rules": [{
                "from": [{"source": {"principals": [rule.caller]}}],
                "to": [{"operation": {"methods": [rule.method], "paths": [path]}}],
            }],
        },
    })
}

fn traffic(question: &Question) -> Traffic {
    let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    Traffic {
        peer: Lookup::Found(Peer::from_uri(format!("spiffe://{}", question.caller))),
        headers: Lookup::Found(vec![
            header(":method", question.method),
            header(":path", &question.path),
        ]),
        ..Traffic::default()
    }
}

impl Engine for PeerwardenEngine {
    fn name(&self) -> &'static str {
        "peerwarden"
    }

    fn allows(&mut self, question: usize) -> Result<bool> {
        let traffic = &self.traffic[question];
        Ok(self.program.judge(traffic, traffic).decision.verdict == Verdict::Allow)
    }
}
