//! Headers that the configuration writes into requests: by early mutation, filters and routes.

use super::chain::Http;
use super::filter::Filter;
use super::here::{Failure, Here};
use super::routes;
use super::{All, upstream};

/// The filter that changes headers.
pub(super) const MUTATION: &str = "header_mutation";

const EARLY: &str = "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation";

/// A header that is written.
#[derive(Debug)]
pub(super) struct Written<'v> {
    pub(super) here: Here<'v>,
    pub(super) name: &'v str,
    /// Whether what it says may be a client's words.
    pub(super) formatted: bool,
}

impl Written<'_> {
    /// Whether an application may take it for this header: case counts for nothing, nor to many applications does `_` for `-`.
    pub(super) fn is(&self, header: &str) -> bool {
        let spelt = |name: &str| name.to_ascii_lowercase().replace('_', "-");
        spelt(self.name) == spelt(header)
    }

    /// Whether Envoy and policies take it for this header.
    pub(super) fn is_exactly(&self, header: &str) -> bool {
        self.name.eq_ignore_ascii_case(header)
    }
}

/// What is written before anything reads it.
///
/// # Errors
/// That an extension is not known, or something is of the wrong shape.
pub(super) fn early<'v>(http: &Http<'v>) -> Result<Vec<Written<'v>>, Failure> {
    let mut found = Vec::new();
    for extension in http.manager.items("early_header_mutation_extensions")? {
        let typed = extension.get("typed_config")?;
        let message = typed.map(|typed| typed.message()).transpose()?;
        let Some((EARLY, message)) = message else {
            return Err(extension.fails(
                "cannot be told: this extension may write any header",
                "leave it out",
            ));
        };
        for mutation in message.items("mutations")? {
            if let Some(option) = mutation.get("append")? {
                found.extend(by_option(&option)?);
            }
        }
    }
    Ok(found)
}

/// What these filters write, and their entries on routes.
///
/// # Errors
/// That a filter which changes headers cannot be read.
pub(super) fn by_filters<'v>(http: &Http<'v>, all: &All<'v>) -> Result<Vec<Written<'v>>, Failure> {
    let mut found = Vec::new();
    let behind = upstream::filters(http, all)?;
    for filter in http.filters.iter().chain(&behind) {
        by_filter(filter, &mut found)?;
    }
    for over in routes::overrides(&places(http, all))? {
        if let Some((kind, config)) = &over.config
            && super::filter::short(kind) == MUTATION
        {
            by_mutations(config, &mut found)?;
        }
    }
    Ok(found)
}

/// What routes write, once the module has decided.
///
/// # Errors
/// What is of the wrong shape.
pub(super) fn by_routes<'v>(http: &Http<'v>, all: &All<'v>) -> Result<Vec<Written<'v>>, Failure> {
    let mut found = Vec::new();
    for place in places(http, all) {
        for option in place.items("request_headers_to_add")? {
            found.extend(by_option(&option)?);
        }
    }
    Ok(found)
}

/// Routes that cannot be read are said of `enabled`.
fn places<'v>(http: &Http<'v>, all: &All<'v>) -> Vec<Here<'v>> {
    routes::places(http, &all.configuration).unwrap_or_default()
}

fn by_filter<'v>(filter: &Filter<'v>, found: &mut Vec<Written<'v>>) -> Result<(), Failure> {
    let kind = filter.short();
    if !matches!(kind, MUTATION | "jwt_authn" | "basic_auth" | "api_key_auth") {
        return Ok(());
    }
    let config = filter.config.as_ref().ok_or_else(|| filter.unread())?;
    match kind {
        MUTATION => by_mutations(config, found)?,
        "jwt_authn" => {
            for (_, provider) in config.entries("providers")? {
                found.extend(named(&provider, "forward_payload_header")?);
                for claim in provider.items("claim_to_headers")? {
                    found.extend(named(&claim, "header_name")?);
                }
            }
        }
        "basic_auth" => found.extend(named(config, "forward_username_header")?),
        _ => {
            if let Some(forwarding) = config.get("forwarding")? {
                found.extend(named(&forwarding, "header")?);
            }
        }
    }
    Ok(())
}

fn by_mutations<'v>(config: &Here<'v>, found: &mut Vec<Written<'v>>) -> Result<(), Failure> {
    let Some(mutations) = config.get("mutations")? else {
        return Ok(());
    };
    for mutation in mutations.items("request_mutations")? {
        if let Some(option) = mutation.get("append")? {
            found.extend(by_option(&option)?);
        }
    }
    Ok(())
}

/// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/base.proto>
fn by_option<'v>(option: &Here<'v>) -> Result<Option<Written<'v>>, Failure> {
    let Some(header) = option.get("header")? else {
        return Ok(None);
    };
    let formatted = header.word("value")?.contains('%') || header.get("raw_value")?.is_some();
    Ok(Some(Written {
        name: header.word("key")?,
        here: header,
        formatted,
    }))
}

/// A field that names a header into which a client's words go, or a token's.
fn named<'v>(of: &Here<'v>, field: &str) -> Result<Option<Written<'v>>, Failure> {
    let Some(here) = of.get(field)? else {
        return Ok(None);
    };
    Ok(Some(Written {
        name: here.text()?,
        here,
        formatted: true,
    }))
}
