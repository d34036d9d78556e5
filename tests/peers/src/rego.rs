//! `regorus`, with its virtual machine, or with its interpreter if there are too many rules for that; once with a Rego
//! rule for each rule, and once with the rules as data by caller: Rego finds these by key, without trying each.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{Result, bail};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, Rc, Value};
use serde_json::json;

use crate::rules::{Path, Question, RuleSet};

/// The query.
const ENTRY: &str = "data.mesh.allow";

const HEAD: &str = "package mesh
import rego.v1
";

const VERDICT: &str = "default allow := false
allow if { permitted; not denied }
permitted if { false }
denied if { false }
";

/// The compiler's error for a program of more than 65,535 instructions: a few thousand rules.
const TOO_MANY: &str = "exceeds max instructions";

/// The number of rules in a file: it must not be larger than a megabyte.
const IN_A_FILE: usize = 1_000;

const BY_CALLER: &str = r#"
permitted if { some rule in data.permit[input.caller]; holds(rule) }
denied if { some rule in data.forbid[input.caller]; holds(rule) }
holds(rule) if { rule.method == input.method; rule.is == input.path }
holds(rule) if { rule.method == input.method; startswith(input.path, rule.start) }
"#;

pub(crate) struct Rego {
    name: &'static str,
    by: EvaluationMode,
    inputs: Vec<Value>,
}

/// How it is evaluated.
enum EvaluationMode {
    Machine(Box<RegoVM>),
    Interpreter(Box<Engine>),
}

impl Rego {
    /// A Rego rule for each rule.
    pub(crate) fn rules(rules: &RuleSet, questions: &[Question]) -> Result<Self> {
        let mut files = vec![format!("{HEAD}{VERDICT}")];
        for rules in rules.rules.chunks(IN_A_FILE) {
            let mut text = HEAD.to_owned();
            for rule in rules {
                let name = if rule.denies { "denied" } else { "permitted" };
                let path = match &rule.path {
                    Path::Is(path) => format!("input.path == {path:?}"),
                    Path::StartsWith(start) => format!("startswith(input.path, {start:?})"),
                };
                writeln!(
                    text,
                    "{name} if {{ input.caller == {:?}; input.method == {:?}; {path} }}",
                    rule.caller, rule.method
                )?;
            }
            files.push(text);
        }
        Self::new("regorus", &files, None, questions)
    }

    /// The rules as data.
    pub(crate) fn data(rules: &RuleSet, questions: &[Question]) -> Result<Self> {
        let (mut permit, mut forbid) = (BTreeMap::new(), BTreeMap::new());
        for rule in &rules.rules {
            let by_caller = if rule.denies { &mut forbid } else { &mut permit };
            let of_caller: &mut Vec<_> = by_caller.entry(rule.caller.clone()).or_default();
            of_caller.push(match &rule.path {
                Path::Is(path) => json!({"method": rule.method, "is": path}),
                Path::StartsWith(start) => json!({"method": rule.method, "start": start}),
            });
        }
        let data = json!({"permit": permit, "forbid": forbid}).to_string();
        let data = Value::from_json_str(&data)?;
        Self::new(
            "regorus, rules as data",
            &[format!("{HEAD}{VERDICT}{BY_CALLER}")],
            Some(data),
            questions,
        )
    }

    fn new(
        name: &'static str,
        files: &[String],
        data: Option<Value>,
        questions: &[Question],
    ) -> Result<Self> {
        let mut engine = Engine::new();
        for (number, text) in files.iter().enumerate() {
            engine.add_policy(format!("mesh-{number}.rego"), text.clone())?;
        }
        if let Some(data) = &data {
            engine.add_data(data.clone())?;
        }
        let compiled = engine.compile_with_entrypoint(&Rc::from(ENTRY))?;
        let by = match Compiler::compile_from_policy(&compiled, &[ENTRY]) {
            Ok(program) => {
                let mut machine = RegoVM::new();
                machine.load_program(program);
                if let Some(data) = data {
                    machine.set_data(data)?;
                }
                EvaluationMode::Machine(Box::new(machine))
            }
            Err(error) if error.to_string().contains(TOO_MANY) => {
                EvaluationMode::Interpreter(Box::new(engine))
            }
            Err(error) => return Err(error.into()),
        };
        let input = |question: &Question| {
            let input = json!({"caller": question.caller, "method": question.method, "path": question.path});
            Value::from_json_str(&input.to_string())
        };
        Ok(Self {
            name,
            by,
            inputs: questions.iter().map(input).collect::<Result<_>>()?,
        })
    }
}

impl crate::Engine for Rego {
    fn name(&self) -> &'static str {
        self.name
    }

    fn allows(&mut self, question: usize) -> Result<bool> {
        let input = self.inputs[question].clone();
        let value = match &mut self.by {
            EvaluationMode::Machine(machine) => {
                machine.set_input(input);
                machine.execute()?
            }
            EvaluationMode::Interpreter(engine) => {
                engine.set_input(input);
                engine.eval_rule(ENTRY.to_owned())?
            }
        };
        match value {
            Value::Bool(allowed) => Ok(allowed),
            other => bail!("{} answers {other}", self.name),
        }
    }
}
