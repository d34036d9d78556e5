//! Headers that the configuration writes into requests: by early mutation, filters and routes.

mod filters;

use super::CheckInput;
use super::chain::Http;
use super::cursor::{Cursor, Failure};
use super::destinations;
use super::filter::Filter;
use super::header_name::HeaderName;
use super::routes;
pub(super) use filters::changed_with_body;
use filters::{by_filter, by_message};

/// The filter that changes headers.
pub(super) const MUTATION: &str = "header_mutation";

/// The filter that verifies tokens.
const TOKENS: &str = "jwt_authn";

const EARLY: &str = "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation";

/// A header that the configuration writes.
#[derive(Debug)]
pub(super) struct HeaderWrite<'v> {
    pub(super) here: Cursor<'v>,
    /// Its name, or a part of it.
    pub(super) name: HeaderName<'v>,
    /// Whether its value may contain a client's text.
    pub(super) formatted: bool,
    /// Whether it is written once the module has decided.
    pub(super) late: bool,
    /// Whether a filter that changes the body writes it.
    pub(super) is_by_body: bool,
    /// Whether its value is of a verified token.
    pub(super) is_of_token: bool,
}

impl<'v> HeaderWrite<'v> {
    /// Text from a client in this header.
    fn of_client(here: Cursor<'v>, name: &'v str) -> Self {
        Self {
            here,
            name: HeaderName::Exact(name),
            formatted: true,
            late: false,
            is_by_body: false,
            is_of_token: false,
        }
    }

    /// Whether an application may treat it as this header.
    pub(super) fn is(&self, header: &str) -> bool {
        self.name.is(header)
    }

    /// Whether Envoy and policies treat it as this header.
    pub(super) fn is_exactly(&self, header: &str) -> bool {
        matches!(self.name, HeaderName::Exact(name) if name.eq_ignore_ascii_case(header))
    }
}

/// The headers that are written before anything reads them.
///
/// # Errors
/// If an extension is unknown, or a value has the wrong shape.
pub(super) fn early<'v>(http: &Http<'v>) -> Result<Vec<HeaderWrite<'v>>, Failure> {
    let mut found = Vec::new();
    for extension in http.manager.items("early_header_mutation_extensions")? {
        let typed = extension.get("typed_config")?;
        let message = typed.map(|typed| typed.message()).transpose()?;
        let Some((EARLY, message)) = message else {
            return Err(extension.fails(
                "cannot be verified: this extension may write any header",
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

/// The headers that these filters write, including their per-route configuration.
///
/// # Errors
/// If a filter that changes headers cannot be read.
pub(super) fn by_filters<'v>(http: &Http<'v>, all: &CheckInput<'v>) -> Result<Vec<HeaderWrite<'v>>, Failure> {
    let mut found = Vec::new();
    let behind = destinations::filters(http, all)?;
    let last_module = http.filters.iter().rposition(Filter::is_module);
    let is_late = |position: Option<usize>| position.is_none_or(|position| Some(position) > last_module);
    for (position, filter) in http.filters.iter().enumerate() {
        let late = is_late(Some(position));
        found.extend(
            by_filter(filter)?
                .into_iter()
                .map(|written| HeaderWrite { late, ..written }),
        );
    }
    for filter in &behind {
        found.extend(by_filter(filter)?.into_iter().map(|written| HeaderWrite {
            late: true,
            ..written
        }));
    }
    for over in routes::overrides(&routes::readable(http, all))? {
        if let Some((kind, config)) = &over.config {
            // If several filters have one name, all have this configuration.
            let last = http.filters.iter().rposition(|filter| filter.name == over.filter);
            let late = is_late(last);
            let written = by_message(super::filter::short(kind), config)?;
            found.extend(written.into_iter().map(|written| HeaderWrite { late, ..written }));
        }
    }
    Ok(found)
}

/// The headers that these filters write from tokens before the module.
///
/// # Errors
///
/// If a value has the wrong shape.
pub(super) fn from_tokens<'v>(filters: &[Filter<'v>]) -> Result<Vec<&'v str>, Failure> {
    let mut found = Vec::new();
    for filter in filters.iter().take_while(|filter| !filter.is_module()) {
        if filter.short() == TOKENS && !filter.here.flag("disabled")? {
            found.extend(
                by_filter(filter)?
                    .into_iter()
                    .filter_map(|written| match written.name {
                        HeaderName::Exact(name) => Some(name),
                        HeaderName::Prefix(_)
                        | HeaderName::Suffix(_)
                        | HeaderName::Contained(_)
                        | HeaderName::Any
                        | HeaderName::Service => None,
                    }),
            );
        }
    }
    Ok(found)
}

/// The headers that routes write, after the module has decided, into requests and their copies.
///
/// # Errors
///
/// If a value has the wrong shape.
pub(super) fn by_routes<'v>(http: &Http<'v>, all: &CheckInput<'v>) -> Result<Vec<HeaderWrite<'v>>, Failure> {
    let mut found = Vec::new();
    for place in routes::readable(http, all) {
        for option in place.items("request_headers_to_add")? {
            found.extend(by_option(&option)?);
        }
        if let Some(action) = place.get("route")? {
            found.extend(by_action(&action)?);
        }
        for mirror in destinations::mirrors(&place)? {
            for mutation in mirror.items("request_headers_mutations")? {
                if let Some(option) = mutation.get("append")? {
                    found.extend(by_option(&option)?);
                }
            }
        }
    }
    Ok(found
        .into_iter()
        .map(|written| HeaderWrite {
            late: true,
            ..written
        })
        .collect())
}

/// The client's original host and path, in additional headers when a route rewrites them, and what a redirect inside Envoy copies.
fn by_action<'v>(action: &Cursor<'v>) -> Result<Vec<HeaderWrite<'v>>, Failure> {
    const REWRITES: [(&str, &str); 8] = [
        ("append_x_forwarded_host", "x-forwarded-host"),
        ("host_rewrite_literal", "x-envoy-original-host"),
        ("auto_host_rewrite", "x-envoy-original-host"),
        ("host_rewrite", "x-envoy-original-host"),
        ("prefix_rewrite", "x-envoy-original-path"),
        ("regex_rewrite", "x-envoy-original-path"),
        ("path_rewrite", "x-envoy-original-path"),
        ("path_rewrite_policy", "x-envoy-original-path"),
    ];
    let mut found = Vec::new();
    for (field, name) in REWRITES {
        found.extend(action.get(field)?.map(|here| HeaderWrite::of_client(here, name)));
    }
    // Headers of an answer become those of the request that follows it.
    if let Some(redirect) = action.get("internal_redirect_policy")? {
        for here in redirect.items("response_headers_to_copy")? {
            let name = here.text()?;
            found.push(HeaderWrite::of_client(here, name));
        }
    }
    Ok(found)
}

/// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/base.proto>
fn by_option<'v>(option: &Cursor<'v>) -> Result<Option<HeaderWrite<'v>>, Failure> {
    let Some(header) = option.get("header")? else {
        return Ok(None);
    };
    let formatted = header.word("value")?.contains('%') || header.get("raw_value")?.is_some();
    Ok(Some(HeaderWrite {
        name: HeaderName::Exact(header.word("key")?),
        here: header,
        formatted,
        late: false,
        is_by_body: false,
        is_of_token: false,
    }))
}
