//! One rule as one RBAC policy: operations become permissions, sources become principals, and each condition is added to every one
//! of its kind.

use serde_json::{Value, json};

use super::fields::{self, Side};
use super::{Context, Layer, list, texts};

/// A part of an ALLOW rule has no meaning on TCP, which voids the rule.
#[derive(Debug)]
pub(super) struct VoidRule;

/// The fields of an operation, each with the condition of the same meaning, if there is one.
const OPERATION: [(&str, &str, &str); 4] = [
    ("hosts", "notHosts", "hosts"),
    ("methods", "notMethods", "methods"),
    ("paths", "notPaths", "paths"),
    ("ports", "notPorts", "destination.port"),
];

const SOURCE: [(&str, &str, &str); 7] = [
    ("principals", "notPrincipals", "source.principal"),
    (
        "requestPrincipals",
        "notRequestPrincipals",
        "request.auth.principal",
    ),
    ("serviceAccounts", "notServiceAccounts", "source.serviceAccount"),
    ("trustDomains", "notTrustDomains", "source.trustDomain"),
    ("namespaces", "notNamespaces", "source.namespace"),
    ("remoteIpBlocks", "notRemoteIpBlocks", "remote.ip"),
    ("ipBlocks", "notIpBlocks", "source.ip"),
];

pub(super) fn policy(rule: &Value, context: Context<'_>) -> Result<Value, VoidRule> {
    let conditions = |side: Side| {
        let mut parts = Vec::new();
        for condition in list(&rule["when"]) {
            let key = condition["key"].as_str().unwrap_or_default();
            if fields::side(key) == side {
                parts.extend(constraint(
                    key,
                    &condition["values"],
                    &condition["notValues"],
                    context,
                )?);
            }
        }
        Ok(parts)
    };
    let permissions = each(
        rule,
        ("to", "operation"),
        &OPERATION,
        &conditions(Side::Permission)?,
        context,
    )?;
    let principals = each(
        rule,
        ("from", "source"),
        &SOURCE,
        &conditions(Side::Principal)?,
        context,
    )?;
    let permissions: Vec<Value> = permissions
        .iter()
        .map(|parts| Side::Permission.and(parts))
        .collect();
    let principals: Vec<Value> = principals
        .iter()
        .map(|parts| Side::Principal.and(parts))
        .collect();
    Ok(json!({"permissions": permissions, "principals": principals}))
}

/// The constraints of each entry of `from` or `to`; without entries, those of one that requires nothing.
fn each(
    rule: &Value,
    (entries, inner): (&str, &str),
    fields: &[(&str, &str, &str)],
    conditions: &[Value],
    context: Context<'_>,
) -> Result<Vec<Vec<Value>>, VoidRule> {
    let entries = list(&rule[entries]);
    if entries.is_empty() {
        return Ok(vec![conditions.to_vec()]);
    }
    let entry = |entry: &Value| {
        let entry = &entry[inner];
        let mut parts = Vec::new();
        for (name, not, key) in fields {
            parts.extend(constraint(key, &entry[*name], &entry[*not], context)?);
        }
        parts.extend_from_slice(conditions);
        Ok(parts)
    };
    entries.iter().map(entry).collect()
}

/// A field and its `not…` twin: at most two constraints.
fn constraint(key: &str, values: &Value, not: &Value, context: Context<'_>) -> Result<Vec<Value>, VoidRule> {
    let (values, not) = (texts(values), texts(not));
    if values.is_empty() && not.is_empty() {
        return Ok(Vec::new());
    }
    if fields::http_only(key) && context.layer == Layer::Tcp {
        return if context.strict {
            Err(VoidRule)
        } else {
            Ok(Vec::new())
        };
    }
    let side = fields::side(key);
    let mut parts = Vec::new();
    if !values.is_empty() {
        parts.push(fields::any_of(key, &values, context));
    }
    if !not.is_empty() {
        parts.push(side.not(&fields::any_of(key, &not, context)));
    }
    Ok(parts)
}
