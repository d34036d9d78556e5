//! CUSTOM, word for word: the provider that the policies name is asked about what their rules match.

use super::{first_match, trace::PolicyTrace};
use crate::config::{Config, Protocol};
use crate::decision::{Reason, RuleId};
use crate::provider::{Authorizer, ExternalAnswer, ExternalAuthorizers};
use crate::resource::Action;

/// What asking came to: `None` when nobody was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomTrace {
    /// The rule that matched, the first by id.
    pub by: RuleId,
    /// The names of the providers that the workload's CUSTOM policies name.
    pub providers: Vec<String>,
    /// What was answered; `None` when nobody could be asked.
    pub answer: Option<ExternalAnswer>,
    /// Why it was refused, if it was.
    pub refused: Option<Reason>,
}

/// `policies` are those that apply and are no dry run.
pub(super) fn trace(
    config: &Config,
    policies: &[&PolicyTrace],
    external: &dyn ExternalAuthorizers,
) -> Option<CustomTrace> {
    let by = first_match(policies, Action::Custom)?;
    let mut providers: Vec<String> = Vec::new();
    for policy in policies.iter().filter(|policy| policy.action == Action::Custom) {
        let name = policy.provider.clone().unwrap_or_default();
        if !providers.contains(&name) {
            providers.push(name);
        }
    }
    let unusable = |providers| {
        Some(CustomTrace {
            by: by.clone(),
            providers,
            answer: None,
            refused: Some(Reason::ProviderUnusable),
        })
    };
    let [name] = providers.as_slice() else {
        return unusable(providers);
    };
    let named = config.extension_providers.iter().find(|own| own.name == *name);
    let Some(Ok(authorizer)) = named.map(|own| &own.authorizer) else {
        return unusable(providers);
    };
    match (authorizer, config.protocol) {
        (Authorizer::Http(_), Protocol::Tcp) => return None,
        (Authorizer::Http(_), Protocol::Http) | (Authorizer::Grpc(_), _) => {}
    }
    let answer = external.answer(name);
    let refused = match answer {
        ExternalAnswer::Allow => None,
        ExternalAnswer::Deny => Some(Reason::AuthorizerDenied),
        ExternalAnswer::Failed if authorizer.service().fail_open => None,
        ExternalAnswer::Failed | ExternalAnswer::Unaskable => Some(Reason::AuthorizerFailed),
    };
    Some(CustomTrace {
        by,
        providers,
        answer: Some(answer),
        refused,
    })
}
