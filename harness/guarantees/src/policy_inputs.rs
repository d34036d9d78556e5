//! The inputs of a workload's policies that filters ahead of the module write.

use std::collections::BTreeMap;

use peerwarden_engine::Config;
use peerwarden_engine::resource::{AuthorizationPolicy, Resource, Rule};

/// The inputs, each with the name of a policy that reads it.
#[derive(Debug, Default)]
pub(super) struct PolicyInputs {
    /// A verified token.
    pub(super) tokens: Option<String>,
    /// The original client address, from `X-Forwarded-For`.
    pub(super) origin: Option<String>,
    /// Dynamic metadata, by its namespace.
    pub(super) metadata: BTreeMap<String, String>,
}

impl PolicyInputs {
    /// For the policies that apply.
    pub(super) fn of(config: &Config) -> Self {
        let mut reads = Self::default();
        for policy in policies(config) {
            reads.read(policy);
        }
        reads
    }

    fn read(&mut self, policy: &AuthorizationPolicy) {
        let name = || policy.metadata.name.clone();
        for rule in policy.rules.iter().flatten() {
            if reads_tokens(rule) {
                self.tokens.get_or_insert_with(name);
            }
            if reads_origin(rule) {
                self.origin.get_or_insert_with(name);
            }
            for condition in &rule.when {
                let metadata = condition.key.strip_prefix("experimental.");
                let filter = metadata
                    .and_then(|key| key.split_once('['))
                    .map(|(filter, _)| filter);
                if let Some(filter) = filter {
                    self.metadata.entry(filter.to_owned()).or_insert_with(name);
                }
            }
        }
    }
}

/// The policies that apply to the workload; all, if it is known only from the node.
pub(super) fn policies(config: &Config) -> impl Iterator<Item = &AuthorizationPolicy> {
    let applies = |resource: &&Resource| {
        let workload = config.workload.as_ref();
        workload.is_none_or(|workload| resource.applies_to(&config.mesh, workload))
    };
    let ours = config.resources.iter().filter(applies);
    ours.filter_map(|resource| match resource {
        Resource::AuthorizationPolicy(policy) => Some(policy),
        Resource::PeerAuthentication(_) | Resource::RequestAuthentication(_) => None,
    })
}

/// <https://istio.io/latest/docs/reference/config/security/conditions/>
fn reads_tokens(rule: &Rule) -> bool {
    let sources = rule.from.iter().flatten();
    let principals = sources.flat_map(|source| {
        source
            .request_principals
            .iter()
            .chain(&source.not_request_principals)
    });
    principals.count() > 0
        || rule
            .when
            .iter()
            .any(|condition| condition.key.starts_with("request.auth."))
}

fn reads_origin(rule: &Rule) -> bool {
    let mut sources = rule.from.iter().flatten();
    sources.any(|source| !source.remote_ip_blocks.is_empty() || !source.not_remote_ip_blocks.is_empty())
        || rule.when.iter().any(|condition| condition.key == "remote.ip")
}
