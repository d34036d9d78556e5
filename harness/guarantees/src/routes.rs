//! The routes of a connection manager, and their overrides of filters.

use super::CheckInput;
use super::chain::Http;
use super::configuration::Configuration;
use super::cursor::{Cursor, Failure};
use super::filter::Filter;

/// The message that disables or enables a filter, or holds its per-route configuration
/// (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#config-route-v3-filterconfig>).
const FILTER_CONFIG: &str = "envoy.config.route.v3.FilterConfig";

/// An override of one filter by a route.
#[derive(Debug)]
pub(super) struct Override<'v> {
    /// The name of the filter in the chain.
    pub(super) filter: &'v str,
    /// The entry of `typed_per_filter_config`.
    pub(super) here: Cursor<'v>,
    /// Whether it disables the filter.
    pub(super) disabled: bool,
    /// Whether the filter's own configuration is inside a `FilterConfig`.
    pub(super) wrapped: bool,
    /// The filter's own configuration for these requests with its type name, if there is one.
    pub(super) config: Option<(&'v str, Cursor<'v>)>,
}

impl<'v> Override<'v> {
    fn read(filter: &'v str, here: Cursor<'v>) -> Result<Self, Failure> {
        let (mut disabled, mut wrapped) = (false, false);
        let mut config = Some(here.message()?);
        while let Some((FILTER_CONFIG, outer)) = config {
            wrapped = true;
            disabled |= outer.flag("disabled")?;
            let inner = outer.get("config")?;
            let inner = inner.map(|inner| inner.message()).transpose()?;
            // An `Any` without a type is empty.
            config = inner.filter(|(kind, _)| !kind.is_empty());
        }
        Ok(Self {
            filter,
            here,
            disabled,
            wrapped,
            config,
        })
    }
}

/// A message of routes, by its level.
#[derive(Debug, Clone)]
pub(super) enum Level<'v> {
    Configuration(Cursor<'v>),
    VirtualHost(Cursor<'v>),
    Route(Cursor<'v>),
    /// One of a route's `weighted_clusters`.
    ClusterWeight(Cursor<'v>),
}

impl<'v> Level<'v> {
    /// Its place.
    pub(super) fn here(&self) -> &Cursor<'v> {
        match self {
            Self::Configuration(here)
            | Self::VirtualHost(here)
            | Self::Route(here)
            | Self::ClusterWeight(here) => here,
        }
    }
}

/// Every message of [`levels`], whatever its level.
///
/// # Errors
/// As [`levels`].
pub(super) fn places<'v>(
    http: &Http<'v>,
    configuration: &Configuration<'v>,
) -> Result<Vec<Cursor<'v>>, Failure> {
    let levels = levels(http, configuration)?;
    Ok(levels.iter().map(|level| level.here().clone()).collect())
}

/// Every message that may override filters or change headers: route configurations, their virtual hosts, routes and weighted
/// clusters (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route.proto>).
///
/// # Errors
/// If routes are not among the documents, or are of a kind that is not supported.
pub(super) fn levels<'v>(
    http: &Http<'v>,
    configuration: &Configuration<'v>,
) -> Result<Vec<Level<'v>>, Failure> {
    let manager = &http.manager;
    if let Some(here) = manager.get("scoped_routes")? {
        return Err(here.fails(
            "cannot be verified: `scoped_routes` may have routes that switch the module off",
            "write the routes in `route_config`, or use `rds`",
        ));
    }
    let mut found = Vec::new();
    if let Some(rds) = manager.get("rds")? {
        let name = rds.word("route_config_name")?;
        let delivered = configuration.routes(name, rds.document);
        if delivered.is_empty() {
            return Err(rds.fails(
                format!("cannot be verified: the routes `{name}` come by RDS and are not in the input"),
                "also pass the file that they come from, or Envoy's `/config_dump`",
            ));
        }
        for routes in delivered {
            of_configuration(routes, &mut found)?;
        }
    }
    if let Some(routes) = manager.get("route_config")? {
        of_configuration(&routes, &mut found)?;
    }
    Ok(found)
}

/// As [`places`], but empty if routes cannot be read, which `enabled` reports.
pub(super) fn readable<'v>(http: &Http<'v>, all: &CheckInput<'v>) -> Vec<Cursor<'v>> {
    places(http, &all.configuration).unwrap_or_default()
}

/// The overrides of filters in these messages.
///
/// # Errors
///
/// If a value has the wrong shape.
pub(super) fn overrides<'v>(places: &[Cursor<'v>]) -> Result<Vec<Override<'v>>, Failure> {
    let mut found = Vec::new();
    for place in places {
        for (filter, here) in place.entries("typed_per_filter_config")? {
            found.push(Override::read(filter, here)?);
        }
    }
    Ok(found)
}

/// The place where an HTTP filter is disabled, for some or all requests, or where Envoy may ignore it. Routes that
/// cannot be read are reported by `enabled`.
///
/// # Errors
///
/// If a value has the wrong shape.
pub(super) fn switched_off<'v>(
    filter: &Filter<'v>,
    http: &Http<'v>,
    configuration: &Configuration<'v>,
) -> Result<Option<Cursor<'v>>, Failure> {
    for flag in ["disabled", "is_optional"] {
        if filter.here.flag(flag)? {
            return filter.here.get(flag);
        }
    }
    let places = places(http, configuration).unwrap_or_default();
    let mut overrides = overrides(&places)?.into_iter();
    let off = overrides.find(|over| over.disabled && over.filter == filter.name);
    Ok(off.map(|over| over.here))
}

fn of_configuration<'v>(routes: &Cursor<'v>, found: &mut Vec<Level<'v>>) -> Result<(), Failure> {
    found.push(Level::Configuration(routes.clone()));
    unread(routes, "vhds")?;
    for host in routes.items("virtual_hosts")? {
        unread(&host, "matcher")?;
        for route in host.items("routes")? {
            if let Some(weighted) = route.at(&["route", "weighted_clusters"])? {
                found.extend(weighted.items("clusters")?.into_iter().map(Level::ClusterWeight));
            }
            found.push(Level::Route(route));
        }
        found.push(Level::VirtualHost(host));
    }
    Ok(())
}

fn unread(here: &Cursor<'_>, name: &str) -> Result<(), Failure> {
    match here.get(name)? {
        None => Ok(()),
        Some(found) => Err(found.fails(
            format!("cannot be verified: `{name}` may have routes that switch the module off"),
            "write the routes into `routes`",
        )),
    }
}
