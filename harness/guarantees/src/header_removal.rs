//! Headers that filters remove from requests, or replace, before the module decides.

use super::CheckInput;
use super::chain::Http;
use super::cursor::{Cursor, Failure};
use super::filter::{Filter, short};
use super::header_write::{self, MUTATION};
use super::routes;

/// The filter that knows clients by keys.
const API_KEYS: &str = "api_key_auth";

/// A header that a filter removes or replaces.
#[derive(Debug)]
pub(super) struct HeaderRemoval<'v> {
    pub(super) here: Cursor<'v>,
    /// Its name; `None` stands for any header.
    pub(super) name: Option<&'v str>,
    /// The index of the filter.
    pub(super) filter: usize,
}

/// The headers that filters remove from requests before the module.
///
/// # Errors
///
/// If a value has the wrong shape.
pub(super) fn ahead_of_module<'v>(
    http: &Http<'v>,
    all: &CheckInput<'v>,
) -> Result<Vec<HeaderRemoval<'v>>, Failure> {
    let modules = http
        .filters
        .iter()
        .rposition(Filter::is_module)
        .unwrap_or_default();
    let ahead = http.filters.iter().take(modules);
    let mut found = early(http)?;
    for place in routes::readable(http, all) {
        // For edge requests, before any filter.
        for here in place.items("internal_only_headers")? {
            let name = Some(here.text()?);
            found.push(HeaderRemoval {
                here,
                name,
                filter: 0,
            });
        }
    }
    let overrides = routes::overrides(&routes::readable(http, all))?;
    for (index, filter) in ahead.enumerate() {
        let own = filter.config.iter().map(|config| (filter.short(), config));
        let of_routes = overrides.iter().filter(|over| over.filter == filter.name);
        let of_routes = of_routes.filter_map(|over| over.config.as_ref());
        let messages: Vec<(&str, &Cursor<'v>)> = own
            .chain(of_routes.map(|(kind, config)| (short(kind), config)))
            .collect();
        let mut names = Vec::new();
        let mut hides = false;
        for (kind, config) in &messages {
            hides |= *kind == API_KEYS && hides_keys(config)?;
        }
        for (kind, config) in &messages {
            removed(kind, config, hides, &mut names)?;
        }
        let changed = header_write::changed_with_body(filter.short()).iter();
        names.extend(changed.map(|name| (filter.here.clone(), Some(*name))));
        found.extend(names.into_iter().map(|(here, name)| HeaderRemoval {
            here,
            name,
            filter: index,
        }));
    }
    Ok(found)
}

/// The headers that are removed before any filter runs. `header_write` reports unknown extensions.
fn early<'v>(http: &Http<'v>) -> Result<Vec<HeaderRemoval<'v>>, Failure> {
    let mut names = Vec::new();
    for extension in http.manager.items("early_header_mutation_extensions")? {
        if let Some(typed) = extension.get("typed_config")? {
            by_mutations(&typed.message()?.1, "mutations", &mut names)?;
        }
    }
    let removal = |(here, name)| HeaderRemoval {
        here,
        name,
        filter: 0,
    };
    Ok(names.into_iter().map(removal).collect())
}

fn by_mutations<'v>(
    of: &Cursor<'v>,
    list: &str,
    found: &mut Vec<(Cursor<'v>, Option<&'v str>)>,
) -> Result<(), Failure> {
    for mutation in of.items(list)? {
        if let Some(here) = mutation.get("remove")? {
            found.push((here.clone(), Some(here.text()?)));
        }
        if let Some(here) = mutation.get("remove_on_match")? {
            found.push((here, None));
        }
    }
    Ok(())
}

/// Whether keys are removed: Envoy takes this of one message, and where the keys are of another, if a route has its own.
fn hides_keys(config: &Cursor<'_>) -> Result<bool, Failure> {
    match config.get("forwarding")? {
        Some(forwarding) => forwarding.flag("hide_credentials"),
        None => Ok(false),
    }
}

fn removed<'v>(
    kind: &str,
    config: &Cursor<'v>,
    hides: bool,
    found: &mut Vec<(Cursor<'v>, Option<&'v str>)>,
) -> Result<(), Failure> {
    match kind {
        MUTATION => {
            if let Some(mutations) = config.get("mutations")? {
                by_mutations(&mutations, "request_mutations", found)?;
            }
        }
        "header_to_metadata" => {
            for rule in config.items("request_rules")? {
                if rule.flag("remove")? {
                    let name = rule.word("header")?;
                    found.push((rule, Some(name)));
                }
            }
        }
        API_KEYS => {
            for source in config.items("key_sources")? {
                if hides && let Some(here) = source.get("header")? {
                    found.push((here.clone(), Some(here.text()?)));
                }
                if hides && let Some(here) = source.get("cookie")? {
                    found.push((here, Some("cookie")));
                }
            }
        }
        "jwt_authn" => {
            for (_, provider) in config.entries("providers")? {
                if provider.flag("forward")? {
                    continue;
                }
                let named = provider.items("from_headers")?;
                if named.is_empty() {
                    found.push((provider.clone(), Some("authorization")));
                }
                for header in named {
                    let name = header.word("name")?;
                    found.push((header, Some(name)));
                }
            }
        }
        _ => {}
    }
    Ok(())
}
