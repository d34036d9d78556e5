//! A clause, and rows of traffic that match it or not.
//!
//! Each row is a case for each action: traffic that matches is allowed by an ALLOW policy with only this clause and
//! denied by a DENY policy with it, and vice versa.

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::case::{Case, CaseInput, ExpectedDecision};
use crate::corpus::{CaseContext, File};
use crate::{fields, policy};

/// One clause.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    why: String,
    /// The specification, if it differs from the file's.
    spec: Option<String>,
    /// The clause: a source,
    source: Option<Value>,
    /// or an operation,
    operation: Option<Value>,
    /// or a condition `{KEY: values}` or `{KEY: {values, notValues}}`, several of which must all hold,
    when: Option<Map<String, Value>>,
    /// or a whole rule.
    rule: Option<Value>,
    /// The meaning of a row that is not a mapping.
    with: Option<String>,
    /// The traffic around the rows.
    traffic: Option<Value>,
    mesh: Option<Value>,
    jwt: Option<Value>,
    paths: Option<Value>,
    /// ALLOW and DENY, unless only one is meant.
    #[serde(default = "both")]
    actions: Vec<String>,
    #[serde(default)]
    matches: Rows,
    #[serde(default)]
    misses: Rows,
    /// Values that are present but not established: they match for DENY and not for ALLOW.
    #[serde(default)]
    unestablished: Rows,
}

fn both() -> Vec<String> {
    vec!["ALLOW".to_owned(), "DENY".to_owned()]
}

/// Rows with names, or rows that are their own names.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Rows {
    Named(Map<String, Value>),
    Listed(Vec<Value>),
}

impl Default for Rows {
    fn default() -> Self {
        Rows::Listed(Vec::new())
    }
}

impl Rows {
    fn each(&self) -> Vec<(String, &Value)> {
        match self {
            Rows::Named(rows) => rows.iter().map(|(name, value)| (name.clone(), value)).collect(),
            Rows::Listed(rows) => {
                let name = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                rows.iter().map(|value| (name(value), value)).collect()
            }
        }
    }
}

impl Group {
    pub(crate) fn cases_into(&self, name: &str, file: &File, cases: &mut Vec<Case>) -> Result<()> {
        let rule = self.rule()?;
        let before = cases.len();
        let rows = [
            (&self.matches, ["ALLOW", "DENY"].as_slice()),
            (&self.misses, &[]),
            (&self.unestablished, &["DENY"]),
        ];
        for (rows, matching) in rows {
            for (row, value) in rows.each() {
                for action in &self.actions {
                    let matches = matching.contains(&action.as_str());
                    let case = self.case(&rule, value, matches, action, file);
                    let mut case = case.with_context(|| row.clone())?;
                    let protocol = case.protocol().unwrap_or_default();
                    case.name = format!("{name}::{row} ({action} on {protocol})");
                    cases.push(case);
                }
            }
        }
        ensure!(cases.len() > before, "the group has no rows");
        Ok(())
    }

    fn rule(&self) -> Result<Value> {
        match (&self.source, &self.operation, &self.when, &self.rule) {
            (Some(source), None, None, None) => Ok(json!({"from": [{"source": source}]})),
            (None, Some(operation), None, None) => Ok(json!({"to": [{"operation": operation}]})),
            (None, None, Some(when), None) => {
                let conditions = when.iter().map(|(key, values)| {
                    if values.is_object() {
                        policy::merge(&json!({"key": key}), values)
                    } else {
                        json!({"key": key, "values": values})
                    }
                });
                Ok(json!({"when": conditions.collect::<Vec<_>>()}))
            }
            (None, None, None, Some(rule)) => Ok(rule.clone()),
            _ => bail!("give one of `source`, `operation`, `when` and `rule`"),
        }
    }

    fn case(&self, rule: &Value, row: &Value, matches: bool, action: &str, file: &File) -> Result<Case> {
        let given = CaseContext {
            mesh: self.mesh.clone().or_else(|| file.given.mesh.clone()),
            jwt: self.jwt.clone().or_else(|| file.given.jwt.clone()),
            paths: self.paths.clone().or_else(|| file.given.paths.clone()),
            ..file.given.clone()
        };
        let around = self.traffic.clone().unwrap_or(json!({}));
        let traffic = given.traffic(&policy::merge(&around, &self.fragment(row)?))?;
        let protocol = peerwarden_engine::Protocol::from(traffic.protocol).as_str();
        let document = policy::document(&json!({"name": "p", "action": action, "rules": [rule]}), 0)?;
        let documents = [document];
        let by = if matches { "foo/p[0]" } else { "none" };
        let allowed = match action {
            "ALLOW" => matches,
            "DENY" => !matches,
            other => bail!("`{other}` is not an action of a group"),
        };
        Ok(Case {
            name: String::new(),
            why: self.why.clone(),
            source: self.spec.clone().unwrap_or_else(|| file.source.clone()),
            configuration: given.configuration(&documents, protocol).to_string(),
            asked: CaseInput::Decision(
                Box::new(traffic),
                ExpectedDecision {
                    allowed,
                    by: Some(by.to_owned()),
                    ..ExpectedDecision::default()
                },
            ),
            fields: fields::of_documents(&documents),
        })
    }

    /// A row as traffic.
    fn fragment(&self, row: &Value) -> Result<Value> {
        let Some(with) = self.with.as_deref() else {
            ensure!(row.is_object(), "without `with` a row is traffic");
            return Ok(row.clone());
        };
        let peer = |names: Value| json!({"tls": {"peer": names}});
        if let Some(header) = with.strip_prefix("header ") {
            return Ok(if row.is_null() {
                json!({"http": {}})
            } else {
                json!({"http": {"headers": {header: row}}})
            });
        }
        if let Some(place) = with.strip_prefix("metadata ") {
            let (filter, key) = place.split_once(' ').context("`metadata FILTER KEY`")?;
            return Ok(json!({"dynamicMetadata": {filter: {key: row}}}));
        }
        Ok(match (with, row) {
            ("peer", Value::String(word)) if word == "plaintext" => json!({"tls": null}),
            ("peer", Value::String(word)) if word == "no certificate" => json!({"tls": {"peer": null}}),
            ("peer", Value::String(uri)) => peer(json!({"uriSans": [uri]})),
            ("peer", names) => peer(names.clone()),
            ("path", path) => json!({"http": {"path": path}}),
            ("host", Value::Null) => json!({"http": {}}),
            ("host", host) => json!({"http": {"host": host}}),
            ("method", method) => json!({"http": {"method": method}}),
            ("source ip", ip) => json!({"source": {"ip": ip}}),
            ("remote ip", ip) => json!({"remoteIp": ip}),
            ("destination ip", ip) => json!({"destination": {"ip": ip}}),
            ("port", port) => json!({"destination": {"port": port}}),
            ("sni", Value::Null) => json!({"tls": {}}),
            ("sni", sni) => json!({"tls": {"sni": sni}}),
            ("claims", Value::Null) => json!({}),
            ("claims", claims) => json!({"jwt": {"payload": claims}}),
            (other, _) => bail!("unknown `with: {other}`"),
        })
    }
}
