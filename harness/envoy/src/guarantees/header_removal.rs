//! Headers that filters remove from requests before the module decides.

use super::CheckInput;
use super::chain::Http;
use super::cursor::{Cursor, Failure};
use super::filter::{Filter, short};
use super::header_write::MUTATION;
use super::routes;

/// What filters remove from requests before the module, by name; `None` stands for any header.
///
/// # Errors
/// A value of the wrong shape.
pub(super) fn ahead_of_module<'v>(
    http: &Http<'v>,
    all: &CheckInput<'v>,
) -> Result<Vec<(Cursor<'v>, Option<&'v str>)>, Failure> {
    let modules = http
        .filters
        .iter()
        .rposition(Filter::is_module)
        .unwrap_or_default();
    let ahead = http.filters.iter().take(modules);
    let mut found = Vec::new();
    for filter in ahead.clone() {
        if let Some(config) = &filter.config {
            removed(filter.short(), config, &mut found)?;
        }
    }
    for extension in http.manager.items("early_header_mutation_extensions")? {
        // Of an extension that is not known, `header_write` speaks.
        if let Some(typed) = extension.get("typed_config")? {
            by_mutations(&typed.message()?.1, "mutations", &mut found)?;
        }
    }
    for over in routes::overrides(&routes::readable(http, all))? {
        if let Some((kind, config)) = &over.config
            && ahead.clone().any(|filter| filter.name == over.filter)
        {
            removed(short(kind), config, &mut found)?;
        }
    }
    Ok(found)
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

fn removed<'v>(
    kind: &str,
    config: &Cursor<'v>,
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
        "api_key_auth" => {
            let hides = match config.get("forwarding")? {
                Some(forwarding) => forwarding.flag("hide_credentials")?,
                None => false,
            };
            for source in config.items("key_sources")? {
                if hides && let Some(here) = source.get("header")? {
                    found.push((here.clone(), Some(here.text()?)));
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
