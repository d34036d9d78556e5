//! Reads the files below `corpus/`, and creates cases from them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};
use peerwarden_lab::locate;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::case::{Case, CaseInput, ExpectedDecision};
use crate::group::Group;
use crate::{fields, policy};

/// One file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// A description for readers.
    #[serde(rename = "about")]
    _about: String,
    /// The specification of its cases, unless they name another.
    pub(crate) source: String,
    #[serde(default)]
    pub(crate) given: CaseContext,
    /// One clause, and traffic that matches it or not.
    #[serde(default)]
    groups: BTreeMap<String, Group>,
    /// Documents together, and one question.
    #[serde(default)]
    cases: BTreeMap<String, DecisionEntry>,
    /// Documents that must be refused.
    #[serde(default)]
    refused: BTreeMap<String, RefusalEntry>,
}

/// The context of a case; values nearer to the case override outer ones.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseContext {
    pub(crate) workload: Option<Value>,
    pub(crate) mesh: Option<Value>,
    pub(crate) providers: Option<Value>,
    pub(crate) jwt: Option<Value>,
    /// How paths are established.
    pub(crate) paths: Option<Value>,
    #[serde(default)]
    pub(crate) traffic: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionEntry {
    why: String,
    source: Option<String>,
    #[serde(default)]
    given: CaseContext,
    policies: Vec<Value>,
    #[serde(default)]
    traffic: Option<Value>,
    expect: Verdict,
    by: Option<String>,
    reason: Option<String>,
    shadow: Option<Verdict>,
    audited: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RefusalEntry {
    why: String,
    source: Option<String>,
    /// A policy, or
    policy: Option<Value>,
    /// a whole configuration.
    configuration: Option<Value>,
    /// Texts that the message must contain.
    says: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Allow,
    Deny,
}

impl CaseContext {
    /// Merges this with its surroundings.
    fn within(&self, outer: &CaseContext) -> CaseContext {
        let either = |own: &Option<Value>, outer: &Option<Value>| own.clone().or_else(|| outer.clone());
        CaseContext {
            workload: either(&self.workload, &outer.workload),
            mesh: either(&self.mesh, &outer.mesh),
            providers: either(&self.providers, &outer.providers),
            jwt: either(&self.jwt, &outer.jwt),
            paths: either(&self.paths, &outer.paths),
            traffic: match (&outer.traffic, &self.traffic) {
                (Some(outer), Some(own)) => Some(policy::merge(outer, own)),
                (outer, own) => own.clone().or_else(|| outer.clone()),
            },
        }
    }

    /// The plugin configuration for these documents.
    pub(crate) fn configuration(&self, documents: &[Value], protocol: &str) -> Value {
        let workload = self.workload.clone();
        let mut configuration = json!({
            "workload": workload.unwrap_or_else(|| json!({"namespace": "foo", "labels": {"app": "httpbin"}})),
            "resources": documents,
            "protocol": protocol,
            "report": "all",
        });
        let more = [
            ("mesh", &self.mesh),
            ("extensionProviders", &self.providers),
            ("jwt", &self.jwt),
            ("paths", &self.paths),
        ];
        for (name, value) in more {
            if let Some(value) = value {
                configuration[name] = value.clone();
            }
        }
        configuration
    }

    /// The traffic: `own` merged into what surrounds it.
    pub(crate) fn traffic(&self, own: &Value) -> Result<peerwarden_traffic::Traffic> {
        let given = self.traffic.clone().unwrap_or(json!({}));
        let merged = policy::merge(&given, own);
        let traffic: peerwarden_traffic::Traffic =
            serde_json::from_value(merged.clone()).with_context(|| format!("traffic {merged}"))?;
        traffic.check().with_context(|| format!("traffic {merged}"))?;
        Ok(traffic)
    }
}

/// Every case of every file, sorted by name.
///
/// # Errors
///
/// If a file cannot be read, a case is inconsistent, or a name is duplicated.
pub(crate) fn load() -> Result<Vec<Case>> {
    let folder = locate::workspace().join("tests/conformance/corpus");
    let mut paths: Vec<_> = std::fs::read_dir(&folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        let text = std::fs::read_to_string(&path)?;
        let file: File = serde_saphyr::from_str(&text).with_context(|| path.display().to_string())?;
        file.cases_into(stem, &mut cases)
            .with_context(|| path.display().to_string())?;
    }
    let mut names = BTreeSet::new();
    for case in &cases {
        ensure!(names.insert(&case.name), "the name `{}` is duplicated", case.name);
        ensure!(case.why.len() > 10, "`{}` does not say why", case.name);
        ensure!(case.source.len() > 10, "`{}` names no source", case.name);
    }
    ensure!(cases.len() >= 600, "the corpus has {} cases only", cases.len());
    Ok(cases)
}

impl File {
    fn cases_into(&self, stem: &str, cases: &mut Vec<Case>) -> Result<()> {
        for (name, group) in &self.groups {
            group
                .cases_into(&format!("{stem}::{name}"), self, cases)
                .with_context(|| name.clone())?;
        }
        for (name, written) in &self.cases {
            let case = self.written(format!("{stem}::{name}"), written);
            cases.push(case.with_context(|| name.clone())?);
        }
        for (name, refused) in &self.refused {
            let case = self.refusal(format!("{stem}::refused::{name}"), refused);
            cases.push(case.with_context(|| name.clone())?);
        }
        Ok(())
    }

    fn written(&self, name: String, written: &DecisionEntry) -> Result<Case> {
        let given = written.given.within(&self.given);
        let documents = written.policies.iter().enumerate();
        let documents = documents
            .map(|(index, flat)| policy::document(flat, index))
            .collect::<Result<Vec<_>>>()?;
        let traffic = given.traffic(&written.traffic.clone().unwrap_or(json!({})))?;
        let protocol = peerwarden_engine::Protocol::from(traffic.protocol).as_str();
        let expected = ExpectedDecision {
            allowed: written.expect == Verdict::Allow,
            by: written.by.clone(),
            reason: written.reason.clone(),
            shadow: written.shadow.map(|shadow| shadow == Verdict::Allow),
            audited: written.audited.clone(),
        };
        Ok(Case {
            name,
            why: written.why.clone(),
            source: written.source.clone().unwrap_or_else(|| self.source.clone()),
            configuration: given.configuration(&documents, protocol).to_string(),
            asked: CaseInput::Decision(Box::new(traffic), expected),
            fields: fields::of_documents(&documents),
        })
    }

    fn refusal(&self, name: String, refused: &RefusalEntry) -> Result<Case> {
        let (configuration, documents) = match (&refused.policy, &refused.configuration) {
            (Some(flat), None) => {
                let documents = vec![policy::document(flat, 0)?];
                (self.given.configuration(&documents, "http"), documents)
            }
            (None, Some(configuration)) => (configuration.clone(), Vec::new()),
            _ => bail!("give `policy` or `configuration`"),
        };
        ensure!(!refused.says.is_empty(), "it does not say what must be said");
        Ok(Case {
            name,
            why: refused.why.clone(),
            source: refused.source.clone().unwrap_or_else(|| self.source.clone()),
            configuration: configuration.to_string(),
            asked: CaseInput::Refusal(refused.says.clone()),
            fields: fields::of_documents(&documents),
        })
    }
}
