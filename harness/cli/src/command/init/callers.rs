//! The callers of a first suite: those that the policies name, those among the documents, and unknown ones.

use std::collections::BTreeMap;

use peerwarden_documents::documents::OtherDocuments;
use peerwarden_engine::Config;
use peerwarden_engine::document::Step;
use peerwarden_engine::resource::{AuthorizationPolicy, Resource, Source};

use super::pods::PodWorkload;

/// The largest number of service accounts in one suite: nobody reviews a longer table.
const MOST: usize = 20;

/// Callers by their names, each as a suite writes it.
pub(super) fn of(
    config: &Config,
    others: &OtherDocuments,
    workload: &PodWorkload,
) -> BTreeMap<String, String> {
    let trust_domain = &config.mesh.trust_domain;
    let mut identities: Vec<(String, String)> = Vec::new();
    let mut add = |namespace: &str, account: &str| {
        let identity = (namespace.to_owned(), account.to_owned());
        if identities.len() < MOST && !identities.contains(&identity) {
            identities.push(identity);
        }
    };
    // Callers in the policies come first.
    for source in policies(config, workload).flat_map(sources) {
        for principal in &source.principals {
            if let Some((namespace, account)) = account(principal) {
                add(namespace, account);
            }
        }
        for namespace in source
            .namespaces
            .iter()
            .filter(|namespace| !namespace.contains('*'))
        {
            add(namespace, "default");
        }
    }
    for other in others.workloads().filter_map(PodWorkload::of) {
        add(&other.workload.namespace, &other.workload.service_account);
    }
    for document in others.of_kind("ServiceAccount") {
        let text = |name: &str| {
            let path = [Step::Key("metadata".to_owned()), Step::Key(name.to_owned())];
            document.node.value_at(&path).and_then(|node| node.as_str())
        };
        if let (Some(namespace), Some(name)) = (text("namespace"), text("name")) {
            add(namespace, name);
        }
    }
    let mut callers: BTreeMap<String, String> = identities
        .into_iter()
        .map(|(namespace, account)| {
            let uri = format!("spiffe://{trust_domain}/ns/{namespace}/sa/{account}");
            (format!("{namespace}/{account}"), uri)
        })
        .collect();
    let stranger = format!("spiffe://{trust_domain}/ns/elsewhere/sa/stranger");
    callers.insert("stranger".to_owned(), stranger);
    callers.insert("plaintext".to_owned(), "plaintext".to_owned());
    callers
}

/// The policies that apply.
pub(super) fn policies<'c>(
    config: &'c Config,
    workload: &'c PodWorkload,
) -> impl Iterator<Item = &'c AuthorizationPolicy> {
    config.resources.iter().filter_map(|resource| match resource {
        Resource::AuthorizationPolicy(policy) if resource.applies_to(&config.mesh, &workload.workload) => {
            Some(policy)
        }
        Resource::AuthorizationPolicy(_)
        | Resource::PeerAuthentication(_)
        | Resource::RequestAuthentication(_) => None,
    })
}

fn sources(policy: &AuthorizationPolicy) -> impl Iterator<Item = &Source> {
    policy
        .rules
        .iter()
        .flatten()
        .flat_map(|rule| rule.from.iter().flatten())
}

/// The namespace and the service account of a principal without wildcards in them.
fn account(principal: &str) -> Option<(&str, &str)> {
    let (_, path) = principal.split_once("/ns/")?;
    let (namespace, account) = path.split_once("/sa/")?;
    (!namespace.is_empty() && !path.contains('*') && !account.contains('/')).then_some((namespace, account))
}
