//! Headers that filters and routes remove from requests, or replace.

use super::CheckInput;
use super::chain::Http;
use super::cursor::{Cursor, Failure};
use super::destinations;
use super::filter::{Filter, short};
use super::header_name::HeaderName;
use super::header_write::{self, MUTATION};
use super::routes::{self, Override};

/// The filter that knows clients by keys.
const API_KEYS: &str = "api_key_auth";

/// A header that is removed or replaced.
#[derive(Debug)]
pub(super) struct HeaderRemoval<'v> {
    pub(super) here: Cursor<'v>,
    /// Its name, or a part of it.
    pub(super) name: HeaderName<'v>,
    /// The index of the filter; 0 also before all filters.
    pub(super) filter: usize,
    /// Whether a filter that changes the body replaces it.
    pub(super) is_by_body: bool,
}

impl<'v> HeaderRemoval<'v> {
    /// One that no filter makes.
    fn outside_filters((here, name): (Cursor<'v>, HeaderName<'v>)) -> Self {
        Self {
            here,
            name,
            filter: 0,
            is_by_body: false,
        }
    }
}

/// Places with the names that are removed there.
type Removals<'v> = Vec<(Cursor<'v>, HeaderName<'v>)>;

/// The headers that are removed from requests before the module.
///
/// # Errors
///
/// If a value has the wrong shape.
pub(super) fn ahead_of_module<'v>(
    http: &Http<'v>,
    all: &CheckInput<'v>,
) -> Result<Vec<HeaderRemoval<'v>>, Failure> {
    let places = routes::readable(http, all);
    let mut found = before_filters(http, &places)?;
    let modules = http.filters.iter().rposition(Filter::is_module);
    let ahead = http.filters.iter().take(modules.unwrap_or_default());
    found.extend(by_filters(ahead, &routes::overrides(&places)?)?);
    Ok(found)
}

/// The headers that are removed from requests and their copies, by anything.
///
/// # Errors
///
/// If a value has the wrong shape.
pub(super) fn anywhere<'v>(http: &Http<'v>, all: &CheckInput<'v>) -> Result<Vec<HeaderRemoval<'v>>, Failure> {
    let places = routes::readable(http, all);
    let overrides = routes::overrides(&places)?;
    let mut found = before_filters(http, &places)?;
    found.extend(by_filters(http.filters.iter(), &overrides)?);
    found.extend(by_filters(destinations::filters(http, all)?.iter(), &overrides)?);
    let mut names = Vec::new();
    for place in &places {
        texts(place, "request_headers_to_remove", &mut names)?;
        for mirror in destinations::mirrors(place)? {
            by_mutations(&mirror, "request_headers_mutations", &mut names)?;
        }
    }
    found.extend(names.into_iter().map(HeaderRemoval::outside_filters));
    Ok(found)
}

/// The headers that are removed before any filter runs. `header_write` reports unknown extensions.
fn before_filters<'v>(http: &Http<'v>, places: &[Cursor<'v>]) -> Result<Vec<HeaderRemoval<'v>>, Failure> {
    let mut names = Vec::new();
    for extension in http.manager.items("early_header_mutation_extensions")? {
        if let Some(typed) = extension.get("typed_config")? {
            by_mutations(&typed.message()?.1, "mutations", &mut names)?;
        }
    }
    for place in places {
        // From requests of the edge.
        texts(place, "internal_only_headers", &mut names)?;
    }
    Ok(names.into_iter().map(HeaderRemoval::outside_filters).collect())
}

/// The headers that these filters remove, with their own configuration or that of a route.
fn by_filters<'f, 'v: 'f>(
    filters: impl Iterator<Item = &'f Filter<'v>>,
    overrides: &[Override<'v>],
) -> Result<Vec<HeaderRemoval<'v>>, Failure> {
    let mut found = Vec::new();
    for (index, filter) in filters.enumerate() {
        let own = filter.config.iter().map(|config| (filter.short(), config));
        let of_routes = overrides.iter().filter(|over| over.filter == filter.name);
        let of_routes = of_routes.filter_map(|over| over.config.as_ref());
        let messages: Vec<(&str, &Cursor<'v>)> = own
            .chain(of_routes.map(|(kind, config)| (short(kind), config)))
            .collect();
        let mut hides = false;
        for (kind, config) in &messages {
            hides |= *kind == API_KEYS && hides_keys(config)?;
        }
        let mut names = Vec::new();
        for (kind, config) in &messages {
            removed(kind, config, hides, &mut names)?;
        }
        let own = names.into_iter().map(|name| (name, false));
        let by_body = header_write::changed_with_body(filter.short()).iter();
        let by_body = by_body.map(|name| ((filter.here.clone(), HeaderName::Exact(name)), true));
        found.extend(own.chain(by_body).map(|(name, is_by_body)| HeaderRemoval {
            filter: index,
            is_by_body,
            ..HeaderRemoval::outside_filters(name)
        }));
    }
    Ok(found)
}

/// A list of names.
fn texts<'v>(of: &Cursor<'v>, list: &str, found: &mut Removals<'v>) -> Result<(), Failure> {
    for here in of.items(list)? {
        let name = HeaderName::Exact(here.text()?);
        found.push((here, name));
    }
    Ok(())
}

/// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/common/mutation_rules/v3/mutation_rules.proto>
fn by_mutations<'v>(of: &Cursor<'v>, list: &str, found: &mut Removals<'v>) -> Result<(), Failure> {
    for mutation in of.items(list)? {
        if let Some(here) = mutation.get("remove")? {
            let name = HeaderName::Exact(here.text()?);
            found.push((here, name));
        }
        if let Some(here) = mutation.get("remove_on_match")? {
            let name = match here.get("key_matcher")? {
                Some(matcher) => HeaderName::of_matcher(&matcher)?,
                None => HeaderName::Any,
            };
            found.push((here, name));
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
    found: &mut Removals<'v>,
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
                    let name = HeaderName::Exact(rule.word("header")?);
                    found.push((rule, name));
                }
            }
        }
        API_KEYS => {
            for source in config.items("key_sources")? {
                if hides && let Some(here) = source.get("header")? {
                    let name = HeaderName::Exact(here.text()?);
                    found.push((here, name));
                }
                if hides && let Some(here) = source.get("cookie")? {
                    found.push((here, HeaderName::Exact("cookie")));
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
                    found.push((provider.clone(), HeaderName::Exact("authorization")));
                }
                for header in named {
                    let name = HeaderName::Exact(header.word("name")?);
                    found.push((header, name));
                }
            }
        }
        _ => {}
    }
    Ok(())
}
