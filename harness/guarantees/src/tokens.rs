//! Guarantee: tokens are verified as the documents require, and their payload is where the module looks.

use peerwarden_engine::Config;

use super::chain::Chain;
use super::cursor::{Cursor, Failure};
use super::filter::Filter;
use super::policy_inputs::PolicyInputs;
use super::request_authentication;
use super::routes;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus, REFUSED};

/// The namespace that `jwt_authn` writes to, whatever its name in the chain.
pub(super) const NAMESPACE: &str = "envoy.filters.http.jwt_authn";

/// The message with which a route overrides any filter.
const FILTER: &str = "envoy.config.route.v3.FilterConfig";

/// The message with which a route overrides `jwt_authn`.
const PER_ROUTE: &str = "envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig";

pub(super) fn check(chain: &Chain<'_>, all: &CheckInput<'_>) -> GuaranteeResult {
    let Some(http) = &chain.http else {
        return Ok(GuaranteeStatus::DoesNotApply("TCP"));
    };
    // Routes that cannot be read are reported by `enabled`.
    let places = routes::places(http, &all.configuration).unwrap_or_default();
    let overrides = routes::overrides(&places)?;
    chain.each(|position, module| {
        let Ok((_, config)) = module.configuration() else {
            return Ok(GuaranteeStatus::DoesNotApply(REFUSED));
        };
        let by_policies = of_policies(chain, position, module, &overrides, all)?;
        let mut writing = Vec::new();
        let mut is_verified = false;
        for (place, filter) in chain.filters().iter().enumerate().take(position) {
            if filter.short() == "jwt_authn" {
                match TokenFilter::read(filter, &overrides)? {
                    TokenFilter::Always => is_verified = true,
                    TokenFilter::ForSome => {}
                    TokenFilter::Never => continue,
                }
                writing.push((place, filter));
            }
        }
        let by_documents =
            request_authentication::check(&config, module, &writing, is_verified, http, &overrides, all)?;
        Ok(match by_documents {
            GuaranteeStatus::Held => GuaranteeStatus::Held,
            GuaranteeStatus::DoesNotApply(_) => by_policies,
        })
    })
}

/// The requests whose tokens a filter verifies.
enum TokenFilter {
    Always,
    /// A route switches it on or off.
    ForSome,
    Never,
}

impl TokenFilter {
    fn read(filter: &Filter<'_>, overrides: &[routes::Override<'_>]) -> Result<Self, Failure> {
        let mut own = overrides
            .iter()
            .filter(|over| over.filter == filter.name)
            .peekable();
        if filter.here.flag("disabled")? {
            return Ok(if own.peek().is_some() {
                Self::ForSome
            } else {
                Self::Never
            });
        }
        for over in own {
            if switched_off(&over.here)?.is_some() {
                return Ok(Self::ForSome);
            }
        }
        Ok(Self::Always)
    }
}

fn of_policies(
    chain: &Chain<'_>,
    position: usize,
    module: &Filter<'_>,
    overrides: &[routes::Override<'_>],
    all: &CheckInput<'_>,
) -> GuaranteeResult {
    let Ok((here, config)) = module.configuration() else {
        return Ok(GuaranteeStatus::DoesNotApply(REFUSED));
    };
    let Some(policy) = PolicyInputs::of(&config).tokens else {
        return Ok(GuaranteeStatus::DoesNotApply("no policy reads a token"));
    };
    if config.jwt.filter != NAMESPACE {
        return Err(here.fails(
            format!(
                "cannot be verified: the module looks for tokens in `{}`, where `jwt_authn` does not store them",
                config.jwt.filter
            ),
            "remove `jwt.filter` from the module's configuration",
        ));
    }
    let ahead = chain.filters().iter().take(position);
    let there: Vec<_> = ahead.filter(|filter| filter.short() == "jwt_authn").collect();
    let mut verifies = Vec::new();
    let mut off = None;
    for filter in there {
        let mut own = overrides
            .iter()
            .filter(|over| over.filter == filter.name)
            .peekable();
        if filter.here.flag("disabled")? {
            off = Some(filter.here.or_here("disabled"));
            // A route may enable it.
            if own.peek().is_some() {
                leaves_payload(filter, &config, all)?;
            }
            continue;
        }
        for over in own {
            if let Some(here) = switched_off(&over.here)? {
                return Err(here.fails(
                    format!(
                        "`{policy}` reads tokens, but none is verified for these requests: DENY rules that require \
                         one match nothing"
                    ),
                    "remove this: with `allow_missing` in `rules`, requests without a token still reach the policies",
                ));
            }
        }
        verifies.push(filter);
    }
    if verifies.is_empty() {
        if let Some(off) = off {
            return Err(off.fails(
                format!(
                    "`{policy}` reads tokens, but what verifies them is switched off: DENY rules that require one \
                     match nothing"
                ),
                "leave `disabled` out",
            ));
        }
        return Err(module.here.fails(
            format!(
                "`{policy}` reads tokens, but nothing ahead of the module verifies any: no request has one, so DENY \
                 rules that require one match nothing"
            ),
            "put `jwt_authn` ahead of the module, with `payload_in_metadata` in each provider",
        ));
    }
    for filter in verifies {
        leaves_payload(filter, &config, all)?;
    }
    Ok(GuaranteeStatus::Held)
}

/// Where an entry of a route disables the filter, in either of the two ways.
fn switched_off<'v>(entry: &Cursor<'v>) -> Result<Option<Cursor<'v>>, Failure> {
    let (kind, message) = entry.message()?;
    if matches!(kind, FILTER | PER_ROUTE) && message.flag("disabled")? {
        return message.get("disabled");
    }
    match message.get("config")? {
        Some(config) if kind == FILTER => {
            let (kind, own) = config.message()?;
            if kind == PER_ROUTE && own.flag("disabled")? {
                return own.get("disabled");
            }
            Ok(None)
        }
        Some(_) | None => Ok(None),
    }
}

/// Checks that each provider stores the payload of its tokens under this key, and is required.
fn leaves_payload(filter: &Filter<'_>, module: &Config, all: &CheckInput<'_>) -> Result<(), Failure> {
    let key = module.jwt.key.as_str();
    let Some(config) = &filter.config else {
        return Err(filter.unread());
    };
    let providers = config.entries("providers")?;
    if providers.is_empty() || !is_asked(config)? {
        return Err(config.fails(
            "this filter verifies no token: it has no `providers`, or no `rules` that require one",
            "write the issuers into `providers`, and the requests that need their tokens into `rules`",
        ));
    }
    if let Some(unverified) = config.each_below("extract_only_without_validation").first() {
        return Err(unverified.fails(
            "this leaves the payload of a token that nothing has verified",
            "require a provider, or `allow_missing`",
        ));
    }
    of_requirements(config, &providers)?;
    let describes = |provider: &Cursor<'_>| request_authentication::describes(module, provider, all);
    if !providers.iter().all(|(_, provider)| describes(provider)) {
        one_at_a_time(config)?;
    }
    for (name, provider) in providers {
        // The authors of documents have chosen the issuers and the audiences.
        if !describes(&provider) {
            vouches(name, &provider)?;
        }
        let left = provider.word("payload_in_metadata")?;
        if left != key {
            let place = if left.is_empty() {
                "nowhere".to_owned()
            } else {
                format!("under `{left}`")
            };
            return Err(provider.or_here("payload_in_metadata").fails(
                format!(
                    "`{name}` stores the payload of its tokens {place}, but the module looks under `{key}`"
                ),
                format!("write `payload_in_metadata: {key}`"),
            ));
        }
        not_under(&provider, key)?;
    }
    Ok(())
}

/// A requirement's own `audiences` replace those of its provider.
fn of_requirements<'v>(config: &Cursor<'v>, providers: &[(&'v str, Cursor<'v>)]) -> Result<(), Failure> {
    for requirement in config.each_below("provider_and_audiences") {
        let name = requirement.word("provider_name")?;
        let provider = providers.iter().find(|(own, _)| *own == name);
        let ours = match provider {
            Some((_, provider)) => provider.items("audiences")?,
            None => Vec::new(),
        };
        for audience in requirement.items("audiences")? {
            if !ours.iter().any(|own| own.value == audience.value) {
                return Err(audience.fails(
                    format!("tokens for this audience are accepted, which is not among the `audiences` of `{name}`"),
                    "write the audiences into the provider, and name it by `provider_name`",
                ));
            }
        }
    }
    Ok(())
}

/// Refuses several tokens that are required together: policies read the payload of only one of them.
fn one_at_a_time(config: &Cursor<'_>) -> Result<(), Failure> {
    for together in config.each_below("requires_all") {
        let mut names = Vec::new();
        for here in together.each_below("provider_name") {
            names.extend(here.value.as_str());
        }
        names.sort_unstable();
        names.dedup();
        if names.len() > 1 {
            return Err(together.fails(
                "of two tokens, policies read the one whose provider comes last: a DENY rule on the other matches nothing",
                "require one of them",
            ));
        }
    }
    Ok(())
}

/// Whether some rule requires a token. A rule without `requires` lets requests pass without checking theirs. Filter state that selects
/// one of `filter_state_rules` may never be set.
fn is_asked(config: &Cursor<'_>) -> Result<bool, Failure> {
    let requirements = config.entries("requirement_map")?;
    for rule in config.items("rules")? {
        if let Some(requires) = rule.get("requires")?
            && !requires.fields()?.is_empty()
        {
            return Ok(true);
        }
        let name = rule.word("requirement_name")?;
        let named = requirements.iter().find(|(own, _)| *own == name);
        if let Some((_, requires)) = named
            && !requires.fields()?.is_empty()
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Checks that a provider restricts the issuer and the audience of its tokens.
fn vouches(name: &str, provider: &Cursor<'_>) -> Result<(), Failure> {
    if provider.word("issuer")?.is_empty() {
        return Err(provider.or_here("issuer").fails(
            format!("`{name}` has no `issuer`: anyone who has its keys can issue tokens of any other issuer"),
            "write the `iss` of its tokens into `issuer`",
        ));
    }
    let audiences = provider.items("audiences")?;
    let texts = audiences
        .iter()
        .map(Cursor::text)
        .collect::<Result<Vec<_>, _>>()?;
    if texts.iter().all(|audience| audience.is_empty()) {
        return Err(provider.or_here("audiences").fails(
            format!("`{name}` has no `audiences`: a token for another service is also accepted here"),
            "write the `aud` of its tokens for this workload into `audiences`",
        ));
    }
    Ok(())
}

/// Checks that nothing but a payload is stored where one is expected.
fn not_under(provider: &Cursor<'_>, key: &str) -> Result<(), Failure> {
    for other in ["header_in_metadata", "failed_status_in_metadata"] {
        if provider.word(other)? == key {
            return Err(provider.or_here(other).fails(
                format!("`{other}` is where the module looks for the payload of a token"),
                format!("use another name than `{key}` for `{other}`"),
            ));
        }
    }
    Ok(())
}
