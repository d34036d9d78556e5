//! CUSTOM: which requests an external authorizer is asked about, and which one.

use super::answers::Answers;
use super::rules::Rules;
use super::truth::Doubt;
use crate::config::Protocol;
use crate::decision::RuleId;
use crate::policy::Policy;
use crate::provider::{Authorizer, ExtensionProvider};

/// The CUSTOM rules of the workload.
#[derive(Debug, Clone)]
pub(super) struct Custom {
    pub(super) rules: Rules,
    /// Whom they ask; or why nobody can be asked, so that what they match is denied.
    pub(super) authorizer: Result<NamedAuthorizer, String>,
}

/// An authorizer and the name of its provider.
#[derive(Debug, Clone)]
pub(super) struct NamedAuthorizer {
    pub(super) provider: String,
    pub(super) authorizer: Authorizer,
}

impl Custom {
    /// `None` when nothing is ever asked: there is no CUSTOM policy, or its authorizer speaks HTTP and this is TCP.
    ///
    /// As in Istio the CUSTOM policies of a workload share one provider: with several, what they match is denied.
    pub(super) fn new(
        policies: &[&Policy],
        providers: &[ExtensionProvider],
        protocol: Protocol,
    ) -> Option<Self> {
        let mut names: Vec<&str> = policies
            .iter()
            .map(|policy| policy.provider.as_deref().unwrap_or_default())
            .collect();
        names.sort_unstable();
        names.dedup();
        let authorizer = match names.as_slice() {
            [] => return None,
            [name] => resolve(name, providers),
            several => Err(format!(
                "the CUSTOM policies of the workload name several providers, so Istio denies: {}",
                several.join(", ")
            )),
        };
        if let (Ok(named), Protocol::Tcp) = (&authorizer, protocol) {
            match named.authorizer {
                Authorizer::Http(_) => return None,
                Authorizer::Grpc(_) => {}
            }
        }
        Some(Self {
            rules: Rules::new(policies.iter().copied()),
            authorizer,
        })
    }

    /// The rule because of which the authorizer must be asked. What cannot be established counts as a match.
    pub(super) fn first_match(&self, answers: &Answers<'_>) -> Option<&RuleId> {
        self.rules.first_match(answers, Doubt::Matches)
    }

    /// Each rule with its id.
    pub(super) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Whether the failure of the authorizer lets pass.
    pub(super) fn fails_open(&self) -> bool {
        let named = self.authorizer.as_ref();
        named.is_ok_and(|named| named.authorizer.service().fail_open)
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
