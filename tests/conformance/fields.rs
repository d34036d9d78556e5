//! The fields of the API: which fields a case tests, and that each field has its cases.

use std::collections::{BTreeMap, BTreeSet};

use libtest_mimic::Trial;
use peerwarden_engine::plain_keys;
use serde_json::Value;

use crate::case::Case;

/// The fields of an `AuthorizationPolicy`, in the order of its reference page.
const OF_POLICIES: [&str; 38] = [
    "selector",
    "targetRef",
    "targetRefs",
    "action: ALLOW",
    "action: DENY",
    "action: AUDIT",
    "action: CUSTOM",
    "provider",
    "annotation istio.io/dry-run",
    "rules",
    "from",
    "principals",
    "notPrincipals",
    "requestPrincipals",
    "notRequestPrincipals",
    "namespaces",
    "notNamespaces",
    "serviceAccounts",
    "notServiceAccounts",
    "trustDomains",
    "notTrustDomains",
    "ipBlocks",
    "notIpBlocks",
    "remoteIpBlocks",
    "notRemoteIpBlocks",
    "to",
    "hosts",
    "notHosts",
    "ports",
    "notPorts",
    "methods",
    "notMethods",
    "paths",
    "notPaths",
    "path templates `{*}`, `{**}`",
    "when",
    "values",
    "notValues",
];

/// The keys of `when` that have a name in brackets; the engine lists the others.
const KEYS_IN_BRACKETS: [&str; 3] = [
    "key request.headers[]",
    "key request.auth.claims[]",
    "key experimental.envoy.filters.*[]",
];

/// The fields of other documents.
const OF_OTHERS: [&str; 24] = [
    "PeerAuthentication selector",
    "PeerAuthentication mtls.mode STRICT",
    "PeerAuthentication mtls.mode PERMISSIVE",
    "PeerAuthentication mtls.mode DISABLE",
    "PeerAuthentication mtls.mode UNSET",
    "PeerAuthentication portLevelMtls",
    "RequestAuthentication selector",
    "RequestAuthentication targetRefs",
    "RequestAuthentication issuer",
    "RequestAuthentication audiences",
    "RequestAuthentication jwks",
    "RequestAuthentication jwksUri",
    "RequestAuthentication fromHeaders",
    "RequestAuthentication fromParams",
    "RequestAuthentication fromCookies",
    "RequestAuthentication outputPayloadToHeader",
    "RequestAuthentication outputClaimToHeaders",
    "RequestAuthentication forwardOriginalToken",
    "RequestAuthentication timeout",
    "RequestAuthentication spaceDelimitedClaims",
    "mesh rootNamespace",
    "mesh trustDomain",
    "mesh trustDomainAliases",
    "mesh multipleCustomAuthzProviders",
];

/// Every field, in the order of the reference pages.
pub(crate) fn all() -> impl Iterator<Item = String> {
    let plain = plain_keys().map(|key| format!("key {key}"));
    let written = |fields: &'static [&'static str]| fields.iter().map(|field| (*field).to_owned());
    written(&OF_POLICIES)
        .chain(plain)
        .chain(written(&KEYS_IN_BRACKETS))
        .chain(written(&OF_OTHERS))
}

/// The fewest cases that a field may have: with fewer it does not count as supported.
pub(crate) const FEWEST: usize = 3;

/// The fields that documents use.
pub(crate) fn of_documents(documents: &[Value]) -> BTreeSet<String> {
    let mut fields = BTreeSet::new();
    for document in documents {
        let spec = &document["spec"];
        match document["kind"].as_str() {
            Some("PeerAuthentication") => of_peer_authentication(spec, &mut fields),
            Some("RequestAuthentication") => of_request_authentication(spec, &mut fields),
            _ => of_authorization_policy(document, spec, &mut fields),
        }
    }
    fields
}

fn of_peer_authentication(spec: &Value, fields: &mut BTreeSet<String>) {
    let ports = spec["portLevelMtls"]
        .as_object()
        .into_iter()
        .flat_map(|ports| ports.values());
    for mode in std::iter::once(&spec["mtls"]).chain(ports) {
        let mode = mode["mode"].as_str().unwrap_or("UNSET");
        fields.insert(format!("PeerAuthentication mtls.mode {mode}"));
    }
    for name in ["selector", "portLevelMtls"] {
        if !spec[name].is_null() {
            fields.insert(format!("PeerAuthentication {name}"));
        }
    }
}

fn of_request_authentication(spec: &Value, fields: &mut BTreeSet<String>) {
    let rules = spec["jwtRules"].as_array().into_iter().flatten();
    for part in std::iter::once(spec).chain(rules) {
        let names = part.as_object().into_iter().flatten().map(|(name, _)| name);
        fields.extend(names.map(|name| format!("RequestAuthentication {name}")));
    }
}

fn of_authorization_policy(document: &Value, spec: &Value, fields: &mut BTreeSet<String>) {
    for name in ["selector", "targetRef", "targetRefs", "provider", "rules"] {
        if !spec[name].is_null() {
            fields.insert(name.to_owned());
        }
    }
    fields.insert(format!("action: {}", spec["action"].as_str().unwrap_or("ALLOW")));
    if !document["metadata"]["annotations"]["istio.io/dry-run"].is_null() {
        fields.insert("annotation istio.io/dry-run".to_owned());
    }
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for rule in list(&spec["rules"]) {
        for (name, wrapper) in [("from", "source"), ("to", "operation")] {
            for part in list(&rule[name]) {
                fields.insert(name.to_owned());
                for (field, values) in part[wrapper].as_object().into_iter().flatten() {
                    fields.insert(field.clone());
                    if matches!(field.as_str(), "paths" | "notPaths") && values.to_string().contains("*}") {
                        fields.insert("path templates `{*}`, `{**}`".to_owned());
                    }
                }
            }
        }
        for condition in list(&rule["when"]) {
            fields.insert("when".to_owned());
            let key = condition["key"].as_str().unwrap_or_default();
            let plain = key.split('[').next().unwrap_or_default();
            fields.insert(match plain {
                "request.headers" | "request.auth.claims" => format!("key {plain}[]"),
                other if other.starts_with("experimental.") => {
                    "key experimental.envoy.filters.*[]".to_owned()
                }
                other => format!("key {other}"),
            });
            for side in ["values", "notValues"] {
                if !condition[side].is_null() {
                    fields.insert(side.to_owned());
                }
            }
        }
    }
}

/// How many cases each field has.
pub(crate) fn counts(cases: &[Case]) -> BTreeMap<String, Vec<&Case>> {
    let mut counts: BTreeMap<String, Vec<&Case>> = all().map(|field| (field, Vec::new())).collect();
    for case in cases {
        let configuration: Value = serde_json::from_str(&case.configuration).unwrap_or_default();
        for name in [
            "rootNamespace",
            "trustDomain",
            "trustDomainAliases",
            "multipleCustomAuthzProviders",
        ] {
            if let (false, Some(list)) = (
                configuration["mesh"][name].is_null(),
                counts.get_mut(format!("mesh {name}").as_str()),
            ) {
                list.push(case);
            }
        }
        for field in &case.fields {
            if let Some(list) = counts.get_mut(field.as_str()) {
                list.push(case);
            }
        }
    }
    counts
}

/// Each field has enough cases.
pub(crate) fn trial(cases: &[Case]) -> Trial {
    let poor: Vec<String> = counts(cases)
        .iter()
        .filter(|(_, cases)| cases.len() < FEWEST)
        .map(|(field, cases)| format!("{field}: {}", cases.len()))
        .collect();
    Trial::test("every_field_has_its_cases", move || {
        if poor.is_empty() {
            Ok(())
        } else {
            Err(format!("fewer than {FEWEST} cases: {}", poor.join(", ")).into())
        }
    })
}
