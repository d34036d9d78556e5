//! CUSTOM, word for word: the providers that the policies name are asked about what their rules match, one after another.

use std::collections::BTreeSet;

use super::{first_match, trace::PolicyTrace};
use crate::config::{Config, Protocol};
use crate::decision::{Reason, RuleId};
use crate::provider::{Authorizer, ExternalAnswer, ExternalAuthorizers};
use crate::resource::Action;

/// The outcome of asking one provider, or of several if none can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomTrace {
    /// The rule that matched, the first by id.
    pub by: RuleId,
    /// The name of the provider; where the workload may have one only, of each that its CUSTOM policies name.
    pub providers: Vec<String>,
    /// The answer; `None` if no authorizer could be asked.
    pub answer: Option<ExternalAnswer>,
    /// Why it was refused, if it was.
    pub refused: Option<Reason>,
}

/// Asks the providers until one refuses; `policies` are those that apply and are not dry runs.
pub(super) fn trace(
    config: &Config,
    policies: &[&PolicyTrace],
    external: &dyn ExternalAuthorizers,
) -> Vec<CustomTrace> {
    let custom = policies.iter().filter(|policy| policy.action == Action::Custom);
    let custom: Vec<&PolicyTrace> = custom.copied().collect();
    let provider = |policy: &PolicyTrace| policy.provider.clone().unwrap_or_default();
    let names: BTreeSet<String> = custom.iter().map(|policy| provider(policy)).collect();
    if names.len() > 1 && !config.mesh.multiple_custom_authz_providers {
        let refused = first_match(&custom, Action::Custom).map(|by| CustomTrace {
            by,
            providers: names.into_iter().collect(),
            answer: None,
            refused: Some(Reason::ProviderUnusable),
        });
        return refused.into_iter().collect();
    }
    let mut asked = Vec::new();
    for name in names {
        let own = custom.iter().filter(|policy| provider(policy) == name);
        let own: Vec<&PolicyTrace> = own.copied().collect();
        if let Some(by) = first_match(&own, Action::Custom)
            && let Some((answer, refused)) = ask(config, &name, external)
        {
            asked.push(CustomTrace {
                by,
                providers: vec![name],
                answer,
                refused,
            });
            if refused.is_some() {
                break;
            }
        }
    }
    asked
}

/// A provider's answer, and why it refuses; `None` when it is not asked on this protocol.
fn ask(
    config: &Config,
    name: &str,
    external: &dyn ExternalAuthorizers,
) -> Option<(Option<ExternalAnswer>, Option<Reason>)> {
    let named = config.extension_providers.iter().find(|own| own.name == name);
    let Some(Ok(authorizer)) = named.map(|own| &own.authorizer) else {
        return Some((None, Some(Reason::ProviderUnusable)));
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
    Some((Some(answer), refused))
}
