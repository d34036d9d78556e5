//! Whether a request with an invalid token can pass `jwt_authn`. A requirement is a tree of "any of these" and "all of these" over
//! providers, which a request meets less often with an invalid token than without one. So it is enough to try each provider: its token is
//! invalid, no other provider finds one, and the requirement must not be met (tried on Envoy 1.36 and 1.40).

use std::collections::BTreeSet;

use crate::cursor::{Cursor, Failure};
use crate::routes::Override;

const PER_ROUTE: &str = "envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig";

const HELP: &str =
    "write the requirement as `peerwarden render` does: any of the providers, or `allow_missing`";

/// Checks the requirements of the filter and of routes: each request is covered, and no invalid token passes.
pub(super) fn check(config: &Cursor<'_>, overrides: &[&Override<'_>]) -> Result<(), Failure> {
    let providers: Vec<&str> = config
        .entries("providers")?
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let mut covers_all = false;
    for rule in config.items("rules")? {
        let requirement = match rule.get("requires")? {
            Some(requirement) => Some(requirement),
            None => named(config, rule.word("requirement_name")?)?,
        };
        let Some(requirement) = requirement else {
            return Err(rule.fails("these requests pass whatever their token is", HELP));
        };
        refuses_invalid(&requirement, &providers)?;
        covers_all = covers_all || matches_all(&rule)?;
    }
    if !covers_all {
        return Err(config.or_here("rules").fails(
            "requests that no rule matches pass whatever their token is",
            "write a rule with `match: {prefix: /}`",
        ));
    }
    for over in overrides {
        if let Some((PER_ROUTE, route)) = &over.config {
            let name = route.word("requirement_name")?;
            let Some(requirement) = named(config, name)? else {
                return Err(route.fails("these requests pass whatever their token is", HELP));
            };
            refuses_invalid(&requirement, &providers)?;
        }
    }
    Ok(())
}

/// The requirement of this name.
fn named<'v>(config: &Cursor<'v>, name: &str) -> Result<Option<Cursor<'v>>, Failure> {
    let entries = config.entries("requirement_map")?;
    Ok(entries
        .into_iter()
        .find(|(own, _)| *own == name)
        .map(|(_, requirement)| requirement))
}

/// Whether a rule is for every request.
fn matches_all(rule: &Cursor<'_>) -> Result<bool, Failure> {
    let Some(matches) = rule.get("match")? else {
        return Ok(false);
    };
    Ok(matches.word("prefix")? == "/" && matches.fields()?.len() == 1)
}

fn refuses_invalid(requirement: &Cursor<'_>, providers: &[&str]) -> Result<(), Failure> {
    for provider in providers {
        if is_met(requirement, provider, None)? {
            return Err(requirement.fails(
                format!("a request passes with an invalid token for `{provider}`"),
                HELP,
            ));
        }
    }
    Ok(())
}

/// Whether a request meets a requirement if the token of one provider is invalid, and it has no other. `siblings` are
/// the other providers in the same "any of these": `allow_missing` applies only if their tokens are missing. Whatever
/// is unknown counts as met.
fn is_met(
    requirement: &Cursor<'_>,
    invalid: &str,
    siblings: Option<&BTreeSet<&str>>,
) -> Result<bool, Failure> {
    if let Some(any) = requirement.get("requires_any")? {
        let parts = any.items("requirements")?;
        let mut beside = BTreeSet::new();
        for part in &parts {
            let name = part.word("provider_name")?;
            if !name.is_empty() {
                beside.insert(name);
            }
        }
        for part in &parts {
            if is_met(part, invalid, Some(&beside))? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    if let Some(every) = requirement.get("requires_all")? {
        for part in every.items("requirements")? {
            if !is_met(&part, invalid, None)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    if !requirement.word("provider_name")?.is_empty() {
        return Ok(false);
    }
    if requirement.get("allow_missing")?.is_some() {
        return Ok(!siblings.is_some_and(|siblings| siblings.contains(invalid)));
    }
    Ok(true)
}
