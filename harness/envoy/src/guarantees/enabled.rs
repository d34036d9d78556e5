//! Nothing switches the module off.

use super::chain::Chain;
use super::filter::Filter;
use super::here::{Failure, Here};
use super::{All, Outcome, Verdict};

const OVERRIDE: &str = "envoy.config.route.v3.FilterConfig";

pub(super) fn check(chain: &Chain<'_>, all: &All<'_>) -> Outcome {
    for module in chain.modules() {
        let flags = [
            ("disabled", "the module is switched off", "leave `disabled` out"),
            (
                "is_optional",
                "an Envoy that does not know the filter leaves it out in silence",
                "leave `is_optional` out",
            ),
        ];
        for (flag, why, help) in flags {
            if module.here.flag(flag)? {
                return Err(module.here.or_here(flag).fails(why, help));
            }
        }
    }
    let (Some(http), Some((_, module))) = (&chain.http, chain.module()) else {
        return Ok(Verdict::Held);
    };
    of_upgrades(&http.manager)?;
    if let Some(here) = http.manager.get("scoped_routes")? {
        return Err(here.fails(
            "cannot be told: `scoped_routes` may have routes that switch the module off",
            "give the routes in `route_config` or by `rds`",
        ));
    }
    if let Some(rds) = http.manager.get("rds")? {
        let name = rds.word("route_config_name")?;
        let Some(routes) = all.configuration.route(name, rds.document) else {
            return Err(rds.fails(
                format!("cannot be told: the routes `{name}` come by RDS and are not in what was given"),
                "give the file that they come from as well, or Envoy's `/config_dump`",
            ));
        };
        of_routes(routes, module)?;
    }
    if let Some(routes) = http.manager.get("route_config")? {
        of_routes(&routes, module)?;
    }
    Ok(Verdict::Held)
}

/// An upgrade with filters of its own goes through these instead of `http_filters`
/// (<https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/http/upgrades>).
fn of_upgrades(manager: &Here<'_>) -> Result<(), Failure> {
    for upgrade in manager.items("upgrade_configs")? {
        if upgrade.items("filters")?.is_empty() {
            continue;
        }
        let kind = upgrade.word("upgrade_type")?;
        return Err(upgrade.or_here("filters").fails(
            format!("upgrades to `{kind}` go through filters of their own, and not through the module"),
            "leave `filters` out of the upgrade: it then goes through `http_filters`",
        ));
    }
    Ok(())
}

/// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route.proto>
fn of_routes(routes: &Here<'_>, module: &Filter<'_>) -> Result<(), Failure> {
    of_overrides(routes, module)?;
    unread(routes, "vhds")?;
    for host in routes.items("virtual_hosts")? {
        of_overrides(&host, module)?;
        unread(&host, "matcher")?;
        for route in host.items("routes")? {
            of_overrides(&route, module)?;
            if let Some(weighted) = route.at(&["route", "weighted_clusters"])? {
                for cluster in weighted.items("clusters")? {
                    of_overrides(&cluster, module)?;
                }
            }
        }
    }
    Ok(())
}

fn unread(here: &Here<'_>, name: &str) -> Result<(), Failure> {
    match here.get(name)? {
        None => Ok(()),
        Some(found) => Err(found.fails(
            format!("cannot be told: `{name}` may have routes that switch the module off"),
            "write the routes into `routes`",
        )),
    }
}

fn of_overrides(here: &Here<'_>, module: &Filter<'_>) -> Result<(), Failure> {
    for (name, entry) in here.entries("typed_per_filter_config")? {
        if name != module.name {
            continue;
        }
        let (kind, config) = entry.message()?;
        if kind == OVERRIDE && !config.flag("disabled")? && config.get("config")?.is_none() {
            continue;
        }
        let help = "leave this entry out: who may do what is for policies to say";
        let why = if kind == OVERRIDE && config.flag("disabled")? {
            "the module is switched off for these requests"
        } else {
            "cannot be told: the module is configured otherwise for these requests"
        };
        return Err(entry.fails(why, help));
    }
    Ok(())
}
