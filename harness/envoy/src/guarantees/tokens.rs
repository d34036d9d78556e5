//! Tokens are verified, and their payload is where the module looks.

use super::chain::Chain;
use super::filter::Filter;
use super::here::{Failure, Here};
use super::reads::Reads;
use super::{All, Outcome, REFUSED, Verdict};

/// The namespace that `jwt_authn` writes to, whatever the filter is called in the chain.
pub(super) const NAMESPACE: &str = "envoy.filters.http.jwt_authn";

pub(super) fn check(chain: &Chain<'_>, _: &All<'_>) -> Outcome {
    if chain.http.is_none() {
        return Ok(Verdict::DoesNotApply("TCP"));
    }
    chain.each(|position, module| of_module(chain, position, module))
}

fn of_module(chain: &Chain<'_>, position: usize, module: &Filter<'_>) -> Outcome {
    let Ok((here, config)) = module.configuration() else {
        return Ok(Verdict::DoesNotApply(REFUSED));
    };
    let Some(policy) = Reads::of(&config).tokens else {
        return Ok(Verdict::DoesNotApply("no policy reads a token"));
    };
    if config.jwt.filter != NAMESPACE {
        return Err(here.fails(
            format!(
                "cannot be told: the module looks for tokens in `{}`, where `jwt_authn` leaves none",
                config.jwt.filter
            ),
            "leave `jwt.filter` out of the module's configuration",
        ));
    }
    let ahead = chain.filters().iter().take(position);
    let mut verifies = ahead.filter(|filter| filter.short() == "jwt_authn").peekable();
    if verifies.peek().is_none() {
        return Err(module.here.fails(
            format!(
                "`{policy}` reads tokens, and nothing ahead of the module verifies any: no request has one, so that \
                 DENY rules that ask for one match nothing"
            ),
            "put `jwt_authn` ahead of the module, with `payload_in_metadata` in each provider",
        ));
    }
    for filter in verifies {
        leaves_payload(filter, &config.jwt.key)?;
    }
    Ok(Verdict::Held)
}

/// Each provider leaves the payload of its tokens under this key, and is asked.
fn leaves_payload(filter: &Filter<'_>, key: &str) -> Result<(), Failure> {
    let Some(config) = &filter.config else {
        return Err(filter.unread());
    };
    let providers = config.entries("providers")?;
    let asked = !config.items("rules")?.is_empty() || config.get("filter_state_rules")?.is_some();
    if providers.is_empty() || !asked {
        return Err(config.fails(
            "this filter verifies no token: it has no `providers`, or no `rules` that ask one",
            "write the issuers into `providers`, and where their tokens are asked for into `rules`",
        ));
    }
    for (name, provider) in providers {
        let left = provider.word("payload_in_metadata")?;
        if left != key {
            let place = if left.is_empty() {
                "nowhere".to_owned()
            } else {
                format!("under `{left}`")
            };
            return Err(provider.or_here("payload_in_metadata").fails(
                format!(
                    "`{name}` leaves the payload of its tokens {place}, and the module looks under `{key}`"
                ),
                format!("write `payload_in_metadata: {key}`"),
            ));
        }
        not_under(&provider, key)?;
    }
    Ok(())
}

/// What is no payload does not stand where one is looked for.
fn not_under(provider: &Here<'_>, key: &str) -> Result<(), Failure> {
    for other in ["header_in_metadata", "failed_status_in_metadata"] {
        if provider.word(other)? == key {
            return Err(provider.or_here(other).fails(
                format!("`{other}` stands where the module looks for the payload of a token"),
                format!("give `{other}` another name than `{key}`"),
            ));
        }
    }
    Ok(())
}
