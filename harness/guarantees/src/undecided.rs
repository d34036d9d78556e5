//! A chain that needs no module: traffic gets a redirect or a fixed answer, or is a probe of the kubelet.

use super::CheckInput;
use super::chain::{Chain, Http};
use super::cursor::{Cursor, Failure};
use super::destinations;
use super::forwarded_client_cert;
use super::routes::{self, Level};
use super::settings;
use super::upstream;

/// All that a chain without the module lets traffic reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Envoy's own answers.
    Answers,
    /// Applications, by their probes.
    Probes,
}

/// Filters that can only answer or refuse a request.
const FILTERS: [&str; 3] = ["health_check", "buffer", "router"];

/// The prefix of the kubelet's probes in a generated configuration, as in Istio.
const PROBES: &str = "/app-health/";

/// Fields of a route, and of its action, with which a request can only reach the probed application.
const ROUTE: [&str; 6] = [
    "name",
    "match",
    "metadata",
    "decorator",
    "route",
    "request_headers_to_add",
];
const ACTION: [&str; 4] = ["cluster", "timeout", "prefix_rewrite", "host_rewrite_literal"];

/// Why a chain needs no module; `None` if an undecided request may reach an application.
///
/// # Errors
///
/// If a value has the wrong shape, or a setting that traffic passes is unknown.
pub(super) fn reason(chain: &Chain<'_>, all: &CheckInput<'_>) -> Result<Option<&'static str>, Failure> {
    let Some(http) = &chain.http else {
        return Ok(None);
    };
    let are_known = http
        .filters
        .iter()
        .all(|filter| FILTERS.contains(&filter.short()));
    if chain.network.len() != 1 || !are_known {
        return Ok(None);
    }
    let Some(reach) = reach(http, all)? else {
        return Ok(None);
    };
    // An upgrade is answered as any request is; but its filters may be others, and a probe's connection must stay one of HTTP.
    for upgrade in http.manager.items("upgrade_configs")? {
        if upgrade.get("filters")?.is_some() || matches!(reach, Reach::Probes) {
            return Ok(None);
        }
    }
    settings::check(chain, all)?;
    match reach {
        Reach::Answers => Ok(Some("for redirects and fixed answers alone")),
        Reach::Probes => {
            // A probe reaches the application that it is for, as the kubelet sent it.
            upstream::check(chain, all)?;
            forwarded_client_cert::check(chain, all)?;
            let is_changed = !destinations::filters(http, all)?.is_empty()
                || !http.manager.items("early_header_mutation_extensions")?.is_empty();
            Ok((!is_changed).then_some("for probes of the kubelet alone"))
        }
    }
}

/// Where the routes lead; `None` if anywhere else.
fn reach(http: &Http<'_>, all: &CheckInput<'_>) -> Result<Option<Reach>, Failure> {
    let mut reach = Reach::Answers;
    for level in routes::levels(http, &all.configuration)? {
        match level {
            Level::Route(route) if is_answered(&route)? => {}
            Level::Route(route) if is_probe(&route)? => reach = Reach::Probes,
            Level::Route(_) | Level::ClusterWeight(_) => return Ok(None),
            Level::Configuration(here) | Level::VirtualHost(here) => {
                if !here.items("request_mirror_policies")?.is_empty() {
                    return Ok(None);
                }
            }
        }
    }
    Ok(Some(reach))
}

fn is_answered(route: &Cursor<'_>) -> Result<bool, Failure> {
    let answer = route.get("redirect")?.or(route.get("direct_response")?);
    Ok(answer.is_some() && route.get("route")?.is_none())
}

/// A GET of one path, as `render` writes it.
fn is_probe(route: &Cursor<'_>) -> Result<bool, Failure> {
    let Some(action) = route.get("route")? else {
        return Ok(false);
    };
    if route.unknown(&ROUTE)?.is_some() || action.unknown(&ACTION)?.is_some() {
        return Ok(false);
    }
    let Some(matched) = route.get("match")? else {
        return Ok(false);
    };
    let path = matched.word("path")?;
    let mut is_get = false;
    for header in matched.items("headers")? {
        let exact = header.at(&["string_match", "exact"])?;
        let is_inverted = header.flag("invert_match")?;
        is_get |= header.word("name")? == ":method"
            && !is_inverted
            && exact.is_some_and(|exact| exact.value.as_str() == Some("GET"));
    }
    Ok(path.starts_with(PROBES) && is_get)
}
