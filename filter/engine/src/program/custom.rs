//! CUSTOM: which external authorizer is called, and for which requests.

use super::answers::Answers;
use super::rules::Rules;
use super::truth::Doubt;
use crate::config::Protocol;
use crate::decision::RuleId;
use crate::mesh::Mesh;
use crate::policy::{self, Policy};
use crate::provider::{Authorizer, ExtensionProvider};

/// The CUSTOM rules of the workload that ask one provider.
#[derive(Debug, Clone)]
pub struct CustomRules {
    pub(super) rules: Rules,
    /// The authorizer that they call; or why none can be called, so that traffic that they match is denied.
    pub(super) authorizer: Result<NamedAuthorizer, String>,
}

/// An authorizer and the name of its provider.
#[derive(Debug, Clone)]
pub(super) struct NamedAuthorizer {
    pub(super) provider: String,
    pub(super) authorizer: Authorizer,
}

impl CustomRules {
    /// In the order in which the providers are asked, which is that of their names
    /// (<https://github.com/istio/istio/blob/1.30.3/pilot/pkg/security/authz/builder/builder.go>, `buildHTTP` and `buildTCP`). An
    /// authorizer that speaks HTTP is asked nothing on TCP.
    ///
    /// As in Istio the CUSTOM policies of a workload share one provider unless the mesh says otherwise: with several, what they match
    /// is denied.
    pub(super) fn all(
        policies: &[&Policy],
        mesh: &Mesh,
        providers: &[ExtensionProvider],
        protocol: Protocol,
    ) -> Vec<Self> {
        let name_of = |policy: &Policy| policy.provider.clone().unwrap_or_default();
        let mut names: Vec<String> = policies.iter().map(|policy| name_of(policy)).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() > 1 && !mesh.multiple_custom_authz_providers {
            let why = format!(
                "the CUSTOM policies of the workload name several providers, and the mesh does not set \
                 `multipleCustomAuthzProviders`, so Istio denies: {}",
                names.join(", ")
            );
            return vec![Self {
                rules: Rules::new(policies.iter().copied()),
                authorizer: Err(why),
            }];
        }
        let of_name = |name: &String| {
            let authorizer = resolve(name, providers);
            let is_asked = match (&authorizer, protocol) {
                (Ok(named), Protocol::Tcp) => match named.authorizer {
                    Authorizer::Http(_) => false,
                    Authorizer::Grpc(_) => true,
                },
                (Ok(_), Protocol::Http) | (Err(_), _) => true,
            };
            let own = policies.iter().copied().filter(|policy| name_of(policy) == *name);
            is_asked.then(|| Self {
                rules: Rules::new(own),
                authorizer,
            })
        };
        names.iter().filter_map(of_name).collect()
    }

    /// The rule that matches, so that the authorizer must be asked. An attribute that is not established counts as a match.
    pub(super) fn first_match(&self, answers: &Answers<'_>) -> Option<&RuleId> {
        self.rules.first_match(answers, Doubt::Matches)
    }

    /// Whether they ask this provider.
    pub(super) fn asks(&self, provider: &str) -> bool {
        let named = self.authorizer.as_ref();
        named.is_ok_and(|named| named.provider == provider)
    }

    /// Whether a request passes if the authorizer fails.
    pub(super) fn fails_open(&self) -> bool {
        let named = self.authorizer.as_ref();
        named.is_ok_and(|named| named.authorizer.service().fail_open)
    }

    /// Each rule with its id.
    pub fn rules(&self) -> impl Iterator<Item = (&RuleId, &policy::Rule)> {
        self.rules.iter()
    }

    /// The provider that they ask, and its authorizer; `None` when it cannot be asked.
    pub fn provider(&self) -> Option<(&str, &Authorizer)> {
        let named = self.authorizer.as_ref().ok()?;
        Some((&named.provider, &named.authorizer))
    }

    /// Why no external authorizer can be asked about what they match, for people; `None` when one can.
    pub fn unusable(&self) -> Option<&str> {
        self.authorizer.as_ref().err().map(String::as_str)
    }
}

fn resolve(name: &str, providers: &[ExtensionProvider]) -> Result<NamedAuthorizer, String> {
    let provider = providers.iter().find(|provider| provider.name == name);
    match provider {
        Some(ExtensionProvider { authorizer, .. }) => match authorizer {
            Ok(authorizer) => Ok(NamedAuthorizer {
                provider: name.to_owned(),
                authorizer: authorizer.clone(),
            }),
            Err(wrong) => Err(format!("the extension provider `{name}` cannot be used: {wrong}")),
        },
        None => Err(format!(
            "there is no extension provider `{name}`; define it in `extensionProviders`"
        )),
    }
}
